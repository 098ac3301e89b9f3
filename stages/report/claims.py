"""The paper's conclusions (claims.yaml) as comparisons between cells of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from stages.report.published import PublishedCell

CLAIMS = Path(__file__).parent / "claims.yaml"

Comparison = tuple[PublishedCell, PublishedCell | None]
"""A cell whose error ought to be smaller, and that of another (None: the constant predictor's)."""


@dataclass(frozen=True)
class Claim:
    """One conclusion: the cells `better` have smaller errors than the cells `worse`.

    Attributes
    ----------
    claim, place : str
        What the paper concludes, and in which of its sections and tables.
    better, worse : dict of str to list of str
        Which cells: the values that some of a cell's fields may have; no `worse`: the constant
        predictor takes its place.
    alike : sequence of str
        The fields in which the two cells of a comparison agree.
    """

    claim: str
    place: str
    better: dict[str, list[str]]
    worse: dict[str, list[str]] | None
    alike: Sequence[str] = ("data_set", "parameter")

    def comparisons(self, cells: list[PublishedCell]) -> list[Comparison]:
        """Pair each `better` cell with each `worse` one that is alike."""
        better = _chosen(cells, self.better)
        if self.worse is None:
            return [(cell, None) for cell in better]
        worse = _chosen(cells, self.worse)
        return [
            (good, bad)
            for good in better
            for bad in worse
            if all(getattr(good, field) == getattr(bad, field) for field in self.alike)
        ]


def read_claims() -> list[Claim]:
    """Read the claims in the order of the paper."""
    return [Claim(**entry) for entry in YAML(typ="safe", pure=True).load(CLAIMS)]


def _chosen(cells: list[PublishedCell], wanted: dict[str, list[str]]) -> list[PublishedCell]:
    """Keep the cells with the values that are wanted; one that returns in later tables once."""
    chosen = {
        cell.place: cell
        for cell in reversed(cells)
        if all(getattr(cell, field) in values for field, values in wanted.items())
    }
    return list(reversed(chosen.values()))
