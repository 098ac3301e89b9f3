"""Compressor settings from a loop and a reference: `match` finds them, `process` applies them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"answer": ["Answer"], "matching": ["match"], "sound": ["process"]},
)
