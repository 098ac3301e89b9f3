"""Errors behind two figures, as tables: by frame length, and by number of training loops."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.report.published import PublishedCell, table_cells
from siamese_drc.report.results import PROTOCOLS, Results

FRAME_LENGTH = ["frame_length", "data_set", "parameter", "source", "mae"]
LOOP_COUNTS = ["loops", "parameter", "source", "mae"]
LOOP_COUNT_SOURCES = {
    "trained": "unseen_loops",
    "its own output": "network_unseen_loops",
    "untrained": "untrained/unseen_loops",
    "no network": "no_network/unseen_loops",
    "constant": "constant",
}


def frame_length_errors(cells: list[PublishedCell], results: Results) -> pd.DataFrame:
    """Return the errors of Table VII: published, ours by protocol, and the constant predictor's."""
    rows = []
    for cell in table_cells(cells, "VII"):
        place = (int(cell.column), cell.data_set, cell.parameter)
        rows.append((*place, "published", float(cell.value)))
        for entry in (*PROTOCOLS, "constant"):
            mae = results.mae(cell.experiment, cell.data_set, entry, cell.parameter)
            if mae is not None:
                rows.append((*place, entry, mae))
    return pd.DataFrame(rows, columns=FRAME_LENGTH)


def loop_count_errors(study: Mapping[str, Mapping]) -> pd.DataFrame:
    """Return the errors on new loops by the number of training loops, from the study of it.

    Parameters
    ----------
    study : mapping
        `errors` by entry and parameter, by the number of training loops.
    """
    rows = [
        (loops, parameter, source, errors[parameter])
        for parameter in PARAMETERS
        for source, entry in LOOP_COUNT_SOURCES.items()
        for loops in sorted(map(int, study))
        if parameter in (errors := study[str(loops)]["errors"].get(entry, {}))
    ]
    return pd.DataFrame(rows, columns=LOOP_COUNTS)
