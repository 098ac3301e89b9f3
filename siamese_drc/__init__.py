"""Features of the dynamic range compressor, learnt by a siamese network.

The subpackages of the library, each of which imports only from those before it: `core`, `audio`,
`compressor`, `solver`, `loops`, `inputs`, `handcrafted`, `networks`, `evaluation`, `report`,
`match`, `export`, `app`. Audio is float32 at full scale 1.0; levels are in dB relative to full
scale, times in milliseconds (time constants: the time to 63 % of a step).
"""

import lazy_loader

from siamese_drc.core.machine_code import use_writable_cache

use_writable_cache()

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        *("audio", "compressor", "solver", "loops", "inputs", "handcrafted"),
        *("networks", "evaluation", "report", "match", "export", "app"),
    ],
    submod_attrs={
        "compressor": ["Settings", "compress"],
        "evaluation": ["load_pretrained"],
        "inputs": ["represent"],
        "match": ["match"],
    },
)
