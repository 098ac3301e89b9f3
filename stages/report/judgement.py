"""Whether the paper's conclusions hold: one rule for every claim, every table and every protocol.

A claim says that some errors are smaller than others. Its comparisons are taken together parameter
by parameter: r is the geometric mean of the errors that ought to be smaller over that of the
others. The spread s is what nothing but the seed changes: the tuned Model 1 is trained on drum-dm2
with three seeds; s is the range of the three errors (largest less smallest) over their mean, for
attack or release, whichever is the larger. An error e thus stands for e (1 - s) to e (1 + s), and
of a parameter the claim

    holds            where r (1 + s) < 1 - s
    does not hold    where r (1 - s) > 1 + s
    is undecided     otherwise; without the three seeds; or where no error compared was learnt

The claim as a whole holds where it holds for every parameter that it speaks of, and does not hold
as soon as it does not for one of them. It was not run where any of its errors is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import geometric_mean, mean

from stages.common.params import PARAMETERS
from stages.report.best import source_mae
from stages.report.claims import Claim, Comparison
from stages.report.metrics import Metrics
from stages.report.published import PublishedCell

SEEDS = ("drum-cnn-stft128", "drum-cnn-stft128-seed2", "drum-cnn-stft128-seed3")
SEEDS_DATA_SET = "drum-dm2"
SEEDS_PARAMETERS = ("attack_ms", "release_ms")

HOLDS, FAILS, UNDECIDED, NOT_RUN = "holds", "does not hold", "undecided", "not run"


@dataclass(frozen=True)
class Ratio:
    """Of one parameter: geometric means of the errors on both sides, and what they decide."""

    better: float
    worse: float
    verdict: str

    @property
    def value(self) -> float:
        """The one over the other: below 1 it speaks for the claim."""
        return self.better / self.worse


@dataclass(frozen=True)
class Judgement:
    """A claim by one source: `published`, or one of our protocols. No ratios where not run."""

    source: str
    ratios: dict[str, Ratio]
    verdict: str


@dataclass(frozen=True)
class JudgedClaim:
    """A claim by the paper's own figures, by ours as the paper measures, and by our other one."""

    claim: Claim
    judgements: list[Judgement]

    @property
    def verdict(self) -> str:
        """The verdict of our figures, by the paper's protocol."""
        return self.judgements[1].verdict


def seed_spread(metrics: Metrics) -> float | None:
    """Return s; None where not all three seeds were run."""
    ranges = []
    for parameter in SEEDS_PARAMETERS:
        maes = [metrics.mae(name, SEEDS_DATA_SET, "paper", parameter) for name in SEEDS]
        found = [mae for mae in maes if mae is not None]
        if len(found) < len(SEEDS):
            return None
        ranges.append((max(found) - min(found)) / mean(found))
    return max(ranges)


def judge(
    claim: Claim, cells: list[PublishedCell], metrics: Metrics, spread: float | None
) -> JudgedClaim:
    """Judge a claim by the published figures and by ours, by the protocols of its better cells."""
    comparisons = claim.comparisons(cells)
    own, other = comparisons[0][0].protocols
    published, ours, others = (
        _judge(comparisons, source, metrics, spread) for source in ("published", own, other)
    )
    return JudgedClaim(claim, [published, ours, *([others] if others.ratios else [])])


def decide(ratio: float, spread: float | None) -> str:
    """Compare a ratio of errors with 1, both errors moved by the spread against the verdict."""
    if spread is None:
        return UNDECIDED
    if ratio * (1 + spread) < 1 - spread:
        return HOLDS
    if ratio * (1 - spread) > 1 + spread:
        return FAILS
    return UNDECIDED


def _judge(
    comparisons: list[Comparison], source: str, metrics: Metrics, spread: float | None
) -> Judgement:
    ratios = {}
    for parameter in PARAMETERS:
        pairs = [pair for pair in comparisons if pair[0].parameter == parameter]
        if pairs:
            ratio = _ratio(pairs, source, metrics, spread)
            if ratio is None:
                return Judgement(source, {}, NOT_RUN)
            ratios[parameter] = ratio
    verdicts = {ratio.verdict for ratio in ratios.values()}
    verdict = FAILS if FAILS in verdicts else HOLDS if verdicts == {HOLDS} else UNDECIDED
    return Judgement(source, ratios, verdict)


def _ratio(
    pairs: list[Comparison], source: str, metrics: Metrics, spread: float | None
) -> Ratio | None:
    """Take the comparisons of one parameter together; None where an error is missing."""
    better, worse = [], []
    for good, bad in pairs:
        mae = _mae(good, source, metrics)
        other = _mae(bad, source, metrics) if bad else _constant(good, metrics)
        if mae is None or other is None:
            return None
        better.append(mae)
        worse.append(other)
    means = geometric_mean(better), geometric_mean(worse)
    learnt = [_learnt(cell, source, metrics) for pair in pairs for cell in pair if cell]
    verdict = decide(means[0] / means[1], spread) if any(learnt) else UNDECIDED
    return Ratio(*means, verdict)


def _entry(cell: PublishedCell, source: str) -> str:
    """Name the protocol by which a cell stands beside others by `source`."""
    return source if source in ("published", *cell.protocols) else cell.protocols[0]


def _mae(cell: PublishedCell, source: str, metrics: Metrics) -> float | None:
    return source_mae(cell, _entry(cell, source), metrics)


def _constant(cell: PublishedCell, metrics: Metrics) -> float | None:
    """Return the constant predictor's error, which depends on the grid: it is the paper's too."""
    return metrics.mae(cell.experiment, cell.data_set, "constant", cell.parameter)


def _learnt(cell: PublishedCell, source: str, metrics: Metrics) -> bool:
    """Whether an error beats the constant predictor by 30 %; all published ones count."""
    entry = _entry(cell, source)
    return metrics.learnt(cell.experiment, cell.data_set, entry, cell.parameter) is not False
