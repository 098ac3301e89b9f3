"""The siamese networks: data in batches, architecture, training that survives being killed."""
