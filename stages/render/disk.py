"""What the stage writes."""

from stages.common.params import Params

_LOOP_OVERHEAD = 1024  # a WAV header and a row of loops.csv


def bytes_needed(params: Params, material: str) -> int:
    """Return the bytes of a material's loops: 24-bit samples. Recordings may give fewer loops."""
    return params.size.loops[material] * (3 * params.clip_samples + _LOOP_OVERHEAD)
