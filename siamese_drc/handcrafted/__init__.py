"""Handcrafted features of compressed loops, compared with their dry loops."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"features": ["SETS", "DryLoop", "joined_sets"]},
)
