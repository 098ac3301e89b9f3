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
    versions = 1 if entry.delayed_ms is None else 2
    files = 1 + versions * sum(loops.values())
    clips = versions * sum(loops[grid] * params.settings_of(grid) for grid in grids)
    rows = max(loops.values()) + clips
    return files * _HEADER + rows * prod(shape) * 2
