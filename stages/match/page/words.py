"""What the page says in words, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from stages.match.answer import ANOTHER_RECORDING, NO_ANSWER, SAME_PERFORMANCE

_RANGES = " In brackets: where each lies nine times of ten."
_SITUATIONS = {
    SAME_PERFORMANCE: (
        "The reference is your loop, compressed.",
        "The settings were solved for from the two." + _RANGES,
    ),
    ANOTHER_RECORDING: (
        "The reference is another recording.",
        "The settings bring your loop closer to its sound." + _RANGES,
    ),
    NO_ANSWER: ("No settings could be found from these two.", ""),
}


def verdict(situation: str, warnings: Sequence[str]) -> str:
    """Say which situation it is, and what the audio could not tell."""
    headline, explanation = _SITUATIONS[situation]
    items = "".join(f"<li>{escape(_sentence(warning))}</li>" for warning in warnings)
    listed = f"<ul>{items}</ul>" if items else ""
    return f'<div role="status"><strong>{headline}</strong> {explanation}{listed}</div>'


def alert(message: str) -> str:
    """Say what is wrong with a file."""
    return f'<div role="alert">{escape(_sentence(message))}</div>'


def _sentence(text: str) -> str:
    return text.rstrip(".") + "."
