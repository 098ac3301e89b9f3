"""Settings for other compressors."""
