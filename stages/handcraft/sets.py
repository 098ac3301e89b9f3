"""The sets of handcrafted features: one per compressor parameter, and one for all of them.

A column of the table of features is named <set>.<feature>, with more after it where a feature is a
statistic over events or a comparison. A data set uses the set of each parameter that it varies,
joined with the set `all`.
"""

from __future__ import annotations

from collections.abc import Sequence

SETS = {
    "threshold_db": "threshold",
    "ratio": "ratio",
    "attack_ms": "attack",
    "release_ms": "release",
}


def joined_sets(columns: Sequence[str], parameters: Sequence[str]) -> list[str]:
    """Return, in their order, the columns that serve to predict some parameters together.

    Parameters
    ----------
    columns : sequence of str
    parameters : sequence of str
        Keys of `SETS`.
    """
    sets = {"all", *(SETS[name] for name in parameters)}
    return [column for column in columns if column.split(".")[0] in sets]
