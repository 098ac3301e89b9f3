"""How fast the library and the pipeline are: `python -m benchmarks`."""
