"""The paper's conclusions (claims.yaml), and whether the results here agree with them.

A claim says that some errors of the paper's tables are smaller than others. One rule judges every
claim, for the published errors, for ours by each protocol, and for those of the untrained twins.
The comparisons of a claim are taken together parameter by parameter: r is the geometric mean of
the errors that should be smaller over that of the others. Of ours, a comparison counts only if the
smaller of its two errors was learnt: otherwise it compares what random weights do. Handcrafted
features and the constant predictor count always.

The spread s is what chance changes: the tuned Model 1 is trained with three seeds, and s is the
largest range of three errors over their mean; or the mean relative standard deviation of the errors
compared (over splits or loops), if that is larger. An error e then stands for the range e (1 - s)
to e (1 + s), and for one parameter the claim

    holds            where r (1 + s) < 1 - s
    does not hold    where r (1 - s) > 1 + s
    is undecided     otherwise, or where errors, seeds or twins are missing, or none was learnt

A claim holds if it holds for all of its parameters, and does not hold if it does not for one of
them. An undecided claim says what would decide it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import geometric_mean, mean
from typing import Any

from ruamel.yaml import YAML

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.report.published import PublishedCell, cell_mae
from siamese_drc.report.results import PARAMETER_NAMES, Results, error_text

SEEDS = ("drum-cnn-stft128", "drum-cnn-stft128-seed2", "drum-cnn-stft128-seed3")

NO_DIFFERENCE = 0.01
"""Below this spread no number of trainings decides: the two errors are alike."""

HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"
MARKS = {HOLDS: " \N{CHECK MARK}", FAILS: " \N{BALLOT X}", UNDECIDED: ""}

Comparison = tuple[PublishedCell, PublishedCell | None]
"""A cell whose error should be smaller, and another's (None: the constant predictor's)."""


@dataclass(frozen=True)
class Claim:
    """One conclusion: the cells `better` have smaller errors than the cells `worse`.

    Cells are chosen by the values that some of their fields may have.
    """

    claim: str
    place: str  # its sections and tables
    better: dict[str, list[str]]
    worse: dict[str, list[str]] | None  # None: the constant predictor
    alike: Sequence[str] = ("data_set", "parameter")  # fields equal in both cells of a comparison

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
    """One parameter: geometric means of the errors on both sides, the verdict, and what it needs.

    `needs` says what would decide it; empty where it is decided.
    """

    better: float
    worse: float
    verdict: str
    needs: str = ""

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
    """A claim by one source: `published`, a protocol of ours, or the twins by that protocol.

    `needs` says what would decide it, where the verdict is `undecided`.
    """

    source: str
    ratios: dict[str, Ratio]
    verdict: str
    needs: str = ""


@dataclass(frozen=True)
class JudgedClaim:
    """A claim by the published errors, by ours, by the twins', and by our other protocol.

    `ours` is by the paper's protocol, `untrained` the same comparison of the untrained twins.
    """

    claim: Claim
    published: Judgement
    ours: Judgement
    untrained: Judgement | None
    other: Judgement | None

    @property
    def judgements(self) -> list[Judgement]:
        """Those that there are, in this order."""
        every = (self.published, self.ours, self.untrained, self.other)
        return [judgement for judgement in every if judgement is not None]


def read_claims() -> list[Claim]:
    """Return the claims in the order of the paper.

    Examples
    --------
    >>> claim = read_claims()[5]
    >>> claim.claim
    'A spectrogram is a better input than a Mel spectrogram'
    """
    entries = YAML(typ="safe", pure=True).load(Path(__file__).with_name("claims.yaml"))
    return [Claim(**entry) for entry in entries]


def seed_spread(results: Results) -> float | None:
    """Return s; None where there is no error that all three seeds have."""
    ranges = []
    for experiment, data_set, parameter in results.measured():
        if experiment == SEEDS[0]:
            maes = [results.mae((name, data_set, parameter), "paper") for name in SEEDS]
            found = [mae for mae in maes if mae is not None]
            if len(found) == len(SEEDS):
                ranges.append((max(found) - min(found)) / mean(found))
    return max(ranges, default=None)


def judge(
    claim: Claim, cells: list[PublishedCell], results: Results, spread: float | None
) -> JudgedClaim:
    """Judge a claim by the published errors and by ours, by the protocols of its better cells.

    `spread` is s of the seeds, a share of the error; None: not measured.
    """
    comparisons = claim.comparisons(cells)
    own, other = comparisons[0][0].protocols
    published, ours, twins, others = (
        _judge(comparisons, source, results, spread)
        for source in ("published", own, f"untrained/{own}", other)
    )
    return JudgedClaim(
        claim, published, ours, twins if twins.ratios else None, others if others.ratios else None
    )


def decide(ratio: float, spread: float) -> str:
    """Return the verdict on a ratio of errors, both of them moved by the spread against it.

    Examples
    --------
    >>> decide(0.7, 0.1), decide(0.9, 0.1), decide(1.3, 0.1)
    ('holds', 'undecided', 'does not hold')
    """
    if ratio * (1 + spread) < 1 - spread:
        return HOLDS
    if ratio * (1 - spread) > 1 + spread:
        return FAILS
    return UNDECIDED


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
    missing = _missing(comparisons, source, results)
    if missing:
        return Judgement(source, {}, UNDECIDED, missing)
    ratios = {}
    for parameter in PARAMETERS:
        pairs = [pair for pair in comparisons if pair[0].parameter == parameter]
        if pairs:
            ratios[parameter] = _ratio(pairs, source, results, spread)
    verdicts = {ratio.verdict for ratio in ratios.values()}
    verdict = FAILS if FAILS in verdicts else HOLDS if verdicts == {HOLDS} else UNDECIDED
    needs: dict[str, list[str]] = {}
    for parameter, ratio in ratios.items():
        if ratio.needs and verdict == UNDECIDED:
            needs.setdefault(ratio.needs, []).append(PARAMETER_NAMES[parameter].split(" (")[0])
    texts = [f"{need} ({', '.join(names).lower()})" for need, names in needs.items()]
    return Judgement(source, ratios, verdict, "; ".join(texts))


def _missing(comparisons: list[Comparison], source: str, results: Results) -> str:
    """Return which errors are missing: experiments, and grids of their corpora."""
    missing: dict[str, dict[str, None]] = {}
    for good, bad in comparisons:
        for cell, mae in zip((good, bad or good), _maes((good, bad), source, results), strict=True):
            if mae is None:
                missing.setdefault(cell.experiment, {})[cell.grid] = None
    texts = [f"{name} on {', '.join(grids)}" for name, grids in missing.items()]
    return f"errors of {'; '.join(texts)}" if texts else ""


def _maes(pair: Comparison, source: str, results: Results) -> list[Any]:
    """Return both errors of a comparison; None where one is missing.

    The constant predictor's depends on the grid alone: the paper's has the same.
    """
    return [cell_mae(cell or pair[0], _entry(cell, source), results) for cell in pair]


def _ratio(pairs: list[Comparison], source: str, results: Results, spread: float | None) -> Ratio:
    """Take the comparisons of one parameter together; none of their errors is missing."""
    maes = {pair: _maes(pair, source, results) for pair in pairs}
    flags = {
        pair: _learnt(pair[0] if good < bad else pair[1], source, results)
        for pair, (good, bad) in maes.items()
    }
    counted = [pair for pair, flag in flags.items() if flag] or pairs
    better, worse = (geometric_mean(maes[pair][side] for pair in counted) for side in (0, 1))
    verdict, needs = UNDECIDED, "three seeds of the tuned Model 1"
    if not any(flags.values()):
        needs = "networks that learn" if False in flags.values() else "untrained twins"
    elif spread is not None:
        spread = max(spread, _deviation(counted, source, results))
        verdict = decide(better / worse, spread)
        enough = abs(1 - better / worse) / (1 + better / worse)
        needs = f"a spread below {100 * enough:.1f} % instead of {100 * spread:.1f} %"
        if enough < NO_DIFFERENCE:
            needs = "no difference is visible"
    return Ratio(better, worse, verdict, needs if verdict == UNDECIDED else "")


def _learnt(cell: PublishedCell | None, source: str, results: Results) -> bool | None:
    """Return whether an error was learnt; errors without a training of ours count as learnt."""
    if cell is None or not cell.trained or source == "published" or "/" in source:
        return True
    return results.learnt(cell.place, _entry(cell, source))


def _deviation(pairs: list[Comparison], source: str, results: Results) -> float:
    """Return the mean relative standard deviation of our errors over splits or loops."""
    if source == "published":
        return 0.0
    cells = {cell for pair in pairs for cell in pair if cell}
    errors = [results.error(cell.place, _entry(cell, source)) for cell in cells]
    return mean(error.get("std", 0.0) / error["mae"] for error in errors)


def _entry(cell: PublishedCell | None, source: str) -> str:
    """Return the entry of the metrics by which a cell is compared with others by `source`."""
    if cell is None:
        return "constant"
    if source == "published":
        return source
    twin, _, protocol = source.rpartition("/")
    protocol = protocol if protocol in cell.protocols else cell.protocols[0]
    return f"{twin}/{protocol}" if twin and cell.trained else protocol
