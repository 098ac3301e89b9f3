"""A siamese network that learns to set the dynamic range compressor: one package per stage."""

import os

os.environ["MPLBACKEND"] = "agg"  # no window; a notebook's backend may be missing here
