"""The web page: two files in, knobs, pictures, listening and downloads out."""
