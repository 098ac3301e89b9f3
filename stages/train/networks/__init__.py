"""The siamese networks: their branches, and the layers that these are made of."""
