"""Claim 0, does training help, and the headline numbers: our errors over others'.

A cell is one error: an experiment, a data set, a protocol and a parameter. A cell is *trained* if
it has an untrained twin: the same network at its first weights with the same forest, rows and
splits. It is *learnt* if its error is below the twin's and the constant predictor's, with the 95 %
interval of each paired difference below zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from siamese_drc.report.claims import FAILS, HOLDS, UNDECIDED
from siamese_drc.report.published import PublishedCell, cell_mae
from siamese_drc.report.results import EVERY_PROTOCOL, PROTOCOLS, Place, Results

HELPS, HELPS_NOT = 0.8, 0.5
"""Claim 0 holds from this share of learnt cells, and does not hold below the other."""


@dataclass(frozen=True)
class Training:
    """What training adds by one protocol: numbers of trained cells, and medians over them."""

    protocol: str
    trained: int
    learnt: int
    over_untrained: float | None  # our error over the twin's
    over_no_network: float | None  # over a forest's without a network; None: there is none
    above_no_network: int  # cells whose error is not below that of the forest

    @property
    def verdict(self) -> str:
        """Whether training helps, by the share of learnt cells."""
        share = self.learnt / self.trained
        return HOLDS if share >= HELPS else FAILS if share < HELPS_NOT else UNDECIDED


@dataclass(frozen=True)
class Distance:
    """Errors of trained networks over the published ones, by the protocol `paper`."""

    count: int  # of the errors that both have; one that returns in later tables counts once
    median: float
    lowest: float
    highest: float
    below: int  # errors below the published one
    better: int  # of them, where twin and forest without a network are worse: the network's merit


def trainings(results: Results) -> list[Training]:
    """Return what training adds, for each protocol by which there are trained cells.

    Examples
    --------
    >>> entries = {
    ...     "paper": {"ratio": {"mae": 1.0}},
    ...     "untrained": {"paper": {"ratio": {"mae": 2.0}}},
    ...     "learnt": {"paper": {"ratio": {"learnt": True}}},
    ... }
    >>> trainings(Results({"drum-cnn": {"drum-ds2": entries}}))[0].over_untrained
    0.5
    """
    found = []
    for protocol in EVERY_PROTOCOL:
        flags = _flags(results, protocol)
        over = {
            baseline: [
                ours / other
                for place in flags
                if (ours := results.mae(place, protocol)) is not None
                and (other := results.mae(place, f"{baseline}/{protocol}"))
            ]
            for baseline in ("untrained", "no_network")
        }
        if flags:
            untrained, none = (median(ratios) if ratios else None for ratios in over.values())
            above = sum(ratio >= 1 for ratio in over["no_network"])
            found.append(
                Training(protocol, len(flags), sum(flags.values()), untrained, none, above)
            )
    return found


def _flags(results: Results, protocol: str) -> dict[Place, bool]:
    """Return whether each trained cell is learnt."""
    flags = {place: results.learnt(place, protocol) for place in results.measured()}
    return {place: flag for place, flag in flags.items() if flag is not None}


def not_learnt(results: Results) -> list[tuple[Place, str]]:
    """Return place and protocol of the trained cells that are not learnt, protocol by protocol."""
    return [
        (place, protocol)
        for protocol in EVERY_PROTOCOL
        for place, learnt in _flags(results, protocol).items()
        if not learnt
    ]


def distance(cells: list[PublishedCell], results: Results) -> Distance | None:
    """Compare errors of networks with the published ones where both exist; None: nowhere."""
    ratios: dict[Place, float] = {}
    better = {}
    for cell in cells:
        ours = results.mae(cell.place, "paper")
        if cell.trained and ours is not None:
            ratios[cell.place] = ours / float(cell.value)
            better[cell.place] = better_than_published(cell, "paper", results)
    if not ratios:
        return None
    found = list(ratios.values())
    below = sum(ratio < 1 for ratio in found)
    return Distance(len(found), median(found), min(found), max(found), below, sum(better.values()))


def better_than_published(cell: PublishedCell, protocol: str, results: Results) -> bool:
    """Return whether ours is below the published error, the twin's and that without a network."""
    sources = (protocol, "published", f"untrained/{protocol}", f"no_network/{protocol}")
    ours, *others = (cell_mae(cell, source, results) for source in sources)
    return ours is not None and all(other is not None and ours < other for other in others)


def summary(cells: list[PublishedCell], results: Results) -> dict[str, float]:
    """Return the headline numbers, at most 12; a number is left out where it was not measured.

    `<protocol>_over_<other>` is the median over cells of our error over the other.
    """
    found = {of.protocol: of for of in trainings(results)}
    far = distance(cells, results)
    numbers: dict[str, float | None] = {
        "cells_trained": sum(of.trained for of in found.values()),
        "cells_learnt": sum(of.learnt for of in found.values()),
        "paper_over_published": far.median if far else None,
        "cells_better_than_published": far.better if far else None,
    }
    for protocol in PROTOCOLS:
        if protocol in found:
            numbers[f"{protocol}_over_untrained"] = found[protocol].over_untrained
            numbers[f"{protocol}_over_no_network"] = found[protocol].over_no_network
    for protocol in PROTOCOLS:
        for parameter in ("attack_ms", "release_ms"):
            place = ("drum-cnn-stft128", "drum-dm2", parameter)
            numbers[f"drum_dm2_{parameter}_{protocol}"] = results.mae(place, protocol)
    return {name: number for name, number in numbers.items() if number is not None}
