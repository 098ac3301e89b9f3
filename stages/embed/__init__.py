"""The embeddings of every row, and what the network itself says of them."""
