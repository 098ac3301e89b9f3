"""Names and numbers as a reader of the report sees them."""

from __future__ import annotations

from stages.report.judgement import FAILS, HOLDS, UNDECIDED, Ratio

PARAMETER_NAMES = {
    "threshold_db": "Threshold (dB)",
    "ratio": "Ratio",
    "attack_ms": "Attack (ms)",
    "release_ms": "Release (ms)",
}

DASH = "\N{EN DASH}"


MARKS = {HOLDS: " \N{CHECK MARK}", FAILS: " \N{BALLOT X}", UNDECIDED: ""}


def error_text(mae: float | None) -> str:
    """Write an error with three significant digits, at most three decimals; None is a dash."""
    if mae is None:
        return DASH
    if mae < 0.0005:
        return "<0.001"
    decimals = 3 if mae < 1 else 2 if mae < 10 else 1 if mae < 100 else 0
    return f"{mae:.{decimals}f}"


def comparison_text(ratio: Ratio | None) -> str:
    """Write two errors, their ratio and what it decides; None, of another parameter, is empty."""
    if ratio is None:
        return ""
    better, worse = error_text(ratio.better), error_text(ratio.worse)
    return f"{better} / {worse} = {ratio.value:.2f}{MARKS[ratio.verdict]}"
