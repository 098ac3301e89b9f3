"""The dynamic range compressor, and the parameter grids that every loop is compressed under."""
