"""What the stage writes."""

from math import prod

from stages.common.params import Params
from stages.spectrogram.representations import input_shape

_HEADER = 128  # of a .npy file


def bytes_needed(params: Params, name: str) -> int:
    """Return the bytes of an input: float16, exactly so where every loop asked for is there."""
    entry = params.inputs[name]
    shape = input_shape(params.representations[entry.representation], params.clip_samples)
    grids = params.grids_of_input(name)
    loops = {grid: params.loops_of(entry.corpus, grid) for grid in grids}
    files = 1 + sum(loops.values())
    rows = max(loops.values()) + sum(loops[grid] * params.settings_of(grid) for grid in grids)
    return files * _HEADER + rows * prod(shape) * 2
