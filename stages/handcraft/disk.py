"""What the stage writes at the most."""

from stages.common.params import Params

_FEATURES = 140  # without the coefficients' means, of which there are two each
_PLACE_BYTES = 24  # of a row
_FOOTER = 2**17


def bytes_needed(params: Params, corpus: str) -> int:
    """Return the bytes that the table of a corpus's features cannot exceed."""
    rows = sum(
        params.loops_of(corpus, grid) * params.settings_of(grid)
        for grid in params.corpora[corpus].grids
    )
    return _FOOTER + rows * (_PLACE_BYTES + 4 * (_FEATURES + 2 * params.handcraft.mfccs))
