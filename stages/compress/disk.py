"""What the stage writes at the most."""

from math import ceil

from stages.common.params import Params

# A FLAC frame of noise is stored as it is: 4096 samples of three bytes and a header. Music takes
# 1.3 to 2.4 bytes a sample.
_FRAME_SAMPLES = 4096
_FRAME_BYTES = 3 * _FRAME_SAMPLES + 32
_FILE_OVERHEAD = 16384  # FLAC's blocks of metadata
_ROW_BYTES = 256  # of settings.csv


def bytes_needed(params: Params, corpus: str) -> int:
    """Return the bytes that a corpus cannot exceed."""
    total = 0
    for grid in params.corpora[corpus].grids:
        loops, settings = params.loops_of(corpus, grid), params.settings_of(grid)
        frames = ceil(settings * params.clip_samples / _FRAME_SAMPLES)
        total += loops * (frames * _FRAME_BYTES + _FILE_OVERHEAD + settings * _ROW_BYTES)
    return total
