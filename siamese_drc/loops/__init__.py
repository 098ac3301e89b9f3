"""Dry loops: composed and played through a SoundFont, or cut from recordings.

Examples
--------
One second of a drum loop, at 44.1 kHz:

>>> from siamese_drc.loops import compose, render
>>> clip = render(compose("drum", 0, seed=1), samples=44100, sample_rate=44100)
>>> clip.shape, clip.dtype
((44100,), dtype('float32'))
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "composers": ["compose", "seeded"],
        "recordings": ["ImportedLoop", "import_loops"],
        "rendering": ["describe", "render"],
    },
)
