"""Networks in Keras: Models 1-3 of the paper as siamese networks, their batches and training."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "backend": ["prepare_backend"],
        "siamese": ["build_siamese", "embed_rows", "regress"],
        "training": ["TrainingOptions", "train_network"],
    },
)
