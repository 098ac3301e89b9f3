"""Evaluation: protocols, random forest and errors."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"forest": ["BinnedForestRegressor"], "pretrained": ["load_pretrained"]},
)
