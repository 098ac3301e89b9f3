"""The paper's conclusions (claims.yaml), and whether the results here agree with them.

A claim says that some errors of the paper's tables are smaller than others. One rule judges every
claim, for the published errors and for ours by each protocol. The comparisons of a claim are taken
together parameter by parameter: r is the geometric mean of the errors that should be smaller over
that of the others. The spread s is what the seed alone changes: the tuned Model 1 is trained on
drum-dm2 with three seeds; s is the range of the three errors over their mean, for attack or
release, whichever is larger. An error e then stands for the range e (1 - s) to e (1 + s), and for
one parameter the claim

    holds            where r (1 + s) < 1 - s
    does not hold    where r (1 - s) > 1 + s
    is undecided     otherwise; without the three seeds; or where no error compared was learnt

A claim holds if it holds for all of its parameters, and does not hold if it does not for one of
them. It was not run where one of its errors is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import geometric_mean, mean, median

from ruamel.yaml import YAML

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.report.published import PublishedCell, cell_mae
from siamese_drc.report.results import PROTOCOLS, TRANSFER_PROTOCOLS, Results, error_text

CLAIMS = Path(__file__).parent / "claims.yaml"

SEEDS = ("drum-cnn-stft128", "drum-cnn-stft128-seed2", "drum-cnn-stft128-seed3")
SEEDS_DATA_SET = "drum-dm2"
SEEDS_PARAMETERS = ("attack_ms", "release_ms")

HOLDS, FAILS, UNDECIDED, NOT_RUN = "holds", "does not hold", "undecided", "not run"
MARKS = {HOLDS: " \N{CHECK MARK}", FAILS: " \N{BALLOT X}", UNDECIDED: ""}

Comparison = tuple[PublishedCell, PublishedCell | None]
"""A cell whose error should be smaller, and another's (None: the constant predictor's)."""


@dataclass(frozen=True)
class Claim:
    """One conclusion: the cells `better` have smaller errors than the cells `worse`.

    Attributes
    ----------
    claim, place : str
        The paper's conclusion, and its sections and tables.
    better, worse : dict of str to list of str
        The cells: for some of their fields, the values allowed. No `worse`: the constant predictor.
    alike : sequence of str
        The fields in which the two cells of a comparison agree.
    """

    claim: str
    place: str
    better: dict[str, list[str]]
    worse: dict[str, list[str]] | None
    alike: Sequence[str] = ("data_set", "parameter")

    def comparisons(self, cells: list[PublishedCell]) -> list[Comparison]:
        """Return each `better` cell with each `worse` one that is alike."""
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


@dataclass(frozen=True)
class Ratio:
    """One parameter: geometric means of the errors on both sides, and the verdict."""

    better: float
    worse: float
    verdict: str

    @property
    def value(self) -> float:
        """The first over the second: below 1 it supports the claim."""
        return self.better / self.worse

    def __str__(self) -> str:
        """Return both errors, their ratio and a mark for the verdict."""
        better, worse = error_text(self.better), error_text(self.worse)
        return f"{better} / {worse} = {self.value:.2f}{MARKS[self.verdict]}"


@dataclass(frozen=True)
class Judgement:
    """A claim by one source: `published`, or one of our protocols. No ratios where not run."""

    source: str
    ratios: dict[str, Ratio]
    verdict: str


@dataclass(frozen=True)
class JudgedClaim:
    """A claim by the published errors, by ours by the paper's protocol, and by our other one."""

    claim: Claim
    judgements: list[Judgement]

    @property
    def verdict(self) -> str:
        """The verdict of our errors by the paper's protocol."""
        return self.judgements[1].verdict


@dataclass(frozen=True)
class Learnt:
    """How many errors of a protocol count as learnt; `failures`: (data set, parameter) by name."""

    protocol: str
    count: int
    total: int
    failures: dict[str, list[tuple[str, str]]]


@dataclass(frozen=True)
class Distance:
    """Our errors over the published ones, by the protocol `paper`, over `count` errors."""

    count: int
    median: float
    lowest: float
    highest: float


def read_claims() -> list[Claim]:
    """Return the claims in the order of the paper.

    Examples
    --------
    >>> claim = read_claims()[5]
    >>> claim.claim
    'A spectrogram is a better input than a Mel spectrogram'
    """
    return [Claim(**entry) for entry in YAML(typ="safe", pure=True).load(CLAIMS)]


def seed_spread(results: Results) -> float | None:
    """Return s; None where one of the three seeds is missing."""
    ranges = []
    for parameter in SEEDS_PARAMETERS:
        maes = [results.mae(name, SEEDS_DATA_SET, "paper", parameter) for name in SEEDS]
        found = [mae for mae in maes if mae is not None]
        if len(found) < len(SEEDS):
            return None
        ranges.append((max(found) - min(found)) / mean(found))
    return max(ranges)


def judge(
    claim: Claim, cells: list[PublishedCell], results: Results, spread: float | None
) -> JudgedClaim:
    """Judge a claim by the published errors and by ours, by the protocols of its better cells.

    Parameters
    ----------
    claim : Claim
    cells : list of PublishedCell
    results : Results
    spread : float or None
        s, a share of the error; None: not measured.
    """
    comparisons = claim.comparisons(cells)
    own, other = comparisons[0][0].protocols
    published, ours, others = (
        _judge(comparisons, source, results, spread) for source in ("published", own, other)
    )
    return JudgedClaim(claim, [published, ours, *([others] if others.ratios else [])])


def decide(ratio: float, spread: float | None) -> str:
    """Return the verdict on a ratio of errors, both of them moved by the spread against it.

    Examples
    --------
    >>> decide(0.7, 0.1), decide(0.9, 0.1), decide(1.3, 0.1)
    ('holds', 'undecided', 'does not hold')
    """
    if spread is None:
        return UNDECIDED
    if ratio * (1 + spread) < 1 - spread:
        return HOLDS
    if ratio * (1 - spread) > 1 + spread:
        return FAILS
    return UNDECIDED


def count_learnt(results: Results) -> list[Learnt]:
    """Compare every error with the constant predictor's, protocol by protocol."""
    found = []
    for protocol in (*PROTOCOLS, *TRANSFER_PROTOCOLS):
        total = 0
        failures: dict[str, list[tuple[str, str]]] = {}
        for name, data_set, parameter in results.measured():
            learnt = results.learnt(name, data_set, protocol, parameter)
            total += learnt is not None
            if learnt is False:
                failures.setdefault(name, []).append((data_set, parameter))
        if total:
            failed = sum(len(places) for places in failures.values())
            found.append(Learnt(protocol, total - failed, total, failures))
    return found


def distance(cells: list[PublishedCell], results: Results) -> Distance | None:
    """Compare our errors with the published ones wherever both exist; None where none does."""
    ratios: dict[tuple[str, str, str], float] = {}
    for cell in cells:
        ours = results.mae(cell.experiment, cell.data_set, "paper", cell.parameter)
        if ours is not None:  # an experiment in several tables counts once
            ratios[cell.place] = ours / float(cell.value)
    if not ratios:
        return None
    found = list(ratios.values())
    return Distance(len(found), median(found), min(found), max(found))


def _chosen(cells: list[PublishedCell], wanted: dict[str, list[str]]) -> list[PublishedCell]:
    """Return the cells with the values that are wanted; a cell repeated in later tables once."""
    chosen = {
        cell.place: cell
        for cell in reversed(cells)
        if all(getattr(cell, field) in values for field, values in wanted.items())
    }
    return list(reversed(chosen.values()))


def _judge(
    comparisons: list[Comparison], source: str, results: Results, spread: float | None
) -> Judgement:
    ratios = {}
    for parameter in PARAMETERS:
        pairs = [pair for pair in comparisons if pair[0].parameter == parameter]
        if pairs:
            ratio = _ratio(pairs, source, results, spread)
            if ratio is None:
                return Judgement(source, {}, NOT_RUN)
            ratios[parameter] = ratio
    verdicts = {ratio.verdict for ratio in ratios.values()}
    verdict = FAILS if FAILS in verdicts else HOLDS if verdicts == {HOLDS} else UNDECIDED
    return Judgement(source, ratios, verdict)


def _ratio(
    pairs: list[Comparison], source: str, results: Results, spread: float | None
) -> Ratio | None:
    """Take the comparisons of one parameter together; None where an error is missing."""
    better, worse, learnt = [], [], []
    for good, bad in pairs:
        mae = cell_mae(good, _entry(good, source), results)
        if bad:
            other = cell_mae(bad, _entry(bad, source), results)
        else:  # depends on the grid alone: the paper's constant predictor has the same error
            other = results.mae(good.experiment, good.data_set, "constant", good.parameter)
        if mae is None or other is None:
            return None
        better.append(mae)
        worse.append(other)
        for cell in (good, bad) if bad else (good,):
            place = (cell.experiment, cell.data_set, _entry(cell, source), cell.parameter)
            learnt.append(results.learnt(*place) is not False)  # all published errors count
    means = geometric_mean(better), geometric_mean(worse)
    return Ratio(*means, decide(means[0] / means[1], spread) if any(learnt) else UNDECIDED)


def _entry(cell: PublishedCell, source: str) -> str:
    """Return the protocol by which a cell is compared with others by `source`."""
    return source if source in ("published", *cell.protocols) else cell.protocols[0]
