"""The project: params.yaml, where files lie, and how a stage is run."""
