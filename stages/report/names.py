"""Names and numbers as a reader of the report sees them."""

from __future__ import annotations

PARAMETER_NAMES = {
    "threshold_db": "Threshold (dB)",
    "ratio": "Ratio",
    "attack_ms": "Attack (ms)",
    "release_ms": "Release (ms)",
}

DASH = "\N{EN DASH}"


def error_text(mae: float | None) -> str:
    """Write an error with three significant digits, at most three decimals; None is a dash."""
    if mae is None:
        return DASH
    if mae < 0.0005:
        return "<0.001"
    decimals = 3 if mae < 1 else 2 if mae < 10 else 1 if mae < 100 else 0
    return f"{mae:.{decimals}f}"
