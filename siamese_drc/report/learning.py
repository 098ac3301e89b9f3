"""Claim 0, does training help, and the headline numbers: our errors over others'.

A cell is one error: an experiment, a data set, a protocol and a parameter. A cell is *trained* if
it has an untrained twin: the same network at its first weights with the same forest, rows and
splits. It is *learnt* if its error is below the twin's and the constant predictor's, with the 95 %
interval of either paired difference below zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from siamese_drc.report.claims import FAILS, HOLDS, UNDECIDED
from siamese_drc.report.published import PublishedCell
from siamese_drc.report.results import PROTOCOLS, TRANSFER_PROTOCOLS, Results

HELPS, HELPS_NOT = 0.8, 0.5
"""Claim 0 holds from this share of learnt cells, and does not hold below the other."""

SUMMARISED = ("drum-cnn-stft128", "drum-dm2", ("attack_ms", "release_ms"))


@dataclass(frozen=True)
class Training:
    """What training adds by one protocol.

    Attributes
    ----------
    protocol : str
    trained, learnt : int
        Numbers of cells.
    over_untrained, over_no_network : float or None
        Medians over the trained cells of our error over the twin's, and over that of a forest
        without a network (None: there is no such error).
    above_no_network : int
        Trained cells whose error is not below that of the forest without a network.
    """

    protocol: str
    trained: int
    learnt: int
    over_untrained: float | None
    over_no_network: float | None
    above_no_network: int

    @property
    def verdict(self) -> str:
        """Whether training helps, by the share of learnt cells."""
        share = self.learnt / self.trained
        return HOLDS if share >= HELPS else FAILS if share < HELPS_NOT else UNDECIDED


@dataclass(frozen=True)
class NotLearnt:
    """A trained cell that is not learnt, and the 95 % intervals that say why.

    `below_untrained` and `below_constant`: our error minus the other, lowest and highest.
    """

    place: tuple[str, str, str]
    protocol: str
    maes: dict[str, float | None]
    below_untrained: tuple[float, float]
    below_constant: tuple[float, float]


@dataclass(frozen=True)
class Distance:
    """Errors of trained networks over the published ones, by the protocol `paper`.

    Attributes
    ----------
    count : int
        Of the errors that both have; one that returns in later tables counts once.
    median, lowest, highest : float
    below : int
        Errors below the published one.
    better : int
        Those of them in which the twin and the forest without a network are worse than ours: only
        there does the network explain it.
    """

    count: int
    median: float
    lowest: float
    highest: float
    below: int
    better: int


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
    for protocol in (*PROTOCOLS, *TRANSFER_PROTOCOLS):
        learnt = [
            (place, flag)
            for place in results.measured()
            if (flag := results.learnt(*place[:2], protocol, place[2])) is not None
        ]
        if learnt:
            places = [place for place, _ in learnt]
            over_none = _ratios(results, places, protocol, "no_network")
            found.append(
                Training(
                    protocol,
                    len(learnt),
                    sum(flag for _, flag in learnt),
                    _median(_ratios(results, places, protocol, "untrained")),
                    _median(over_none),
                    sum(ratio >= 1 for ratio in over_none),
                )
            )
    return found


def not_learnt(results: Results) -> list[NotLearnt]:
    """Return the trained cells that are not learnt, protocol by protocol."""
    found = []
    for protocol in (*PROTOCOLS, *TRANSFER_PROTOCOLS):
        for experiment, data_set, parameter in results.measured():
            if results.learnt(experiment, data_set, protocol, parameter) is False:
                why = results.error(experiment, data_set, f"learnt/{protocol}", parameter)
                entries = (protocol, f"untrained/{protocol}", "constant")
                maes = {e: results.mae(experiment, data_set, e, parameter) for e in entries}
                intervals = (tuple(why["below_untrained"]), tuple(why["below_constant"]))
                place = (experiment, data_set, parameter)
                found.append(NotLearnt(place, protocol, maes, *intervals))
    return found


def distance(cells: list[PublishedCell], results: Results) -> Distance | None:
    """Compare errors of networks with the published ones where both exist; None: nowhere."""
    ratios: dict[tuple[str, str, str], float] = {}
    better = {}
    for cell in cells:
        ours = results.mae(cell.experiment, cell.data_set, "paper", cell.parameter)
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
    mae = results.mae(cell.experiment, cell.data_set, protocol, cell.parameter)
    adds = results.adds_to_baselines(cell.experiment, cell.data_set, protocol, cell.parameter)
    return mae is not None and mae < float(cell.value) and adds


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
    experiment, data_set, parameters = SUMMARISED
    for protocol in PROTOCOLS:
        for parameter in parameters:
            name = f"{data_set.replace('-', '_')}_{parameter}_{protocol}"
            numbers[name] = results.mae(experiment, data_set, protocol, parameter)
    return {name: number for name, number in numbers.items() if number is not None}


def _ratios(
    results: Results, places: list[tuple[str, str, str]], protocol: str, baseline: str
) -> list[float]:
    """Return our errors over those of a baseline, where both exist."""
    found = []
    for experiment, data_set, parameter in places:
        ours = results.mae(experiment, data_set, protocol, parameter)
        other = results.mae(experiment, data_set, f"{baseline}/{protocol}", parameter)
        if ours is not None and other:
            found.append(ours / other)
    return found


def _median(ratios: list[float]) -> float | None:
    return median(ratios) if ratios else None
