"""Settings of a compressor from a dry and a compressed signal that are aligned sample by sample."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"closed_form": ["fit_pair"], "gain_fit": ["GainFit", "fit_gain"]},
)
