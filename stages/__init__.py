"""A siamese network that learns to set the dynamic range compressor: one package per stage."""
