"""What the stage writes at the most."""

from stages.common.params import Params

# Of a row: some hundred features as float32, and the place of the row.
_ROW_BYTES = 4 * 160
_FOOTER = 2**17


def bytes_needed(params: Params, corpus: str) -> int:
    """Return the bytes that the table of a corpus's features cannot exceed."""
    rows = sum(
        params.loops_of(corpus, grid) * params.settings_of(grid)
        for grid in params.corpora[corpus].grids
    )
    return _FOOTER + rows * _ROW_BYTES
