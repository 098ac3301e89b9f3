"""The dynamic range compressor: its settings, parameter grids, and many settings at once."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "ballistics": ["level_db"],
        "compressor": ["compress", "gain_reduction_db", "max_gain_reduction_db"],
        "grids": ["Axis", "Grid", "grid_settings", "loop_settings"],
        "settings": ["PARAMETERS", "Settings", "check_setting"],
    },
)
