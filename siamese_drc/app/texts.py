"""What the page says, as text and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from siamese_drc.app.knobs import KNOBS
from siamese_drc.core.errors import InputError
from siamese_drc.export.files import Export
from siamese_drc.match.answer import (
    ANOTHER_RECORDING,
    NO_ANSWER,
    SAME_PERFORMANCE,
    Estimate,
    ReferenceAnswer,
)

_VERDICTS = {
    SAME_PERFORMANCE: (
        "The reference is your loop, compressed.",
        "The settings were computed from the two recordings.",
    ),
    ANOTHER_RECORDING: (
        "The reference is another recording.",
        "The settings bring your loop closer to its sound.",
    ),
    NO_ANSWER: ("No settings could be found from these recordings.", ""),
}
WORKING = (
    '<div role="status"><strong>Finding the settings.</strong> One pair is worked on at a time;'
    " if others came before, this one waits.</div>"
)


def verdict_html(situation: str, warnings: Sequence[str]) -> str:
    """Return the situation and the warnings as HTML."""
    headline, explanation = _VERDICTS[situation]
    items = "".join(f"<li>{escape(sentence(warning))}</li>" for warning in warnings)
    listed = f"<ul>{items}</ul>" if items else ""
    return f'<div role="status"><strong>{headline}</strong> {explanation}{listed}</div>'


def alert_html(error: InputError) -> str:
    """Return an error as HTML."""
    return f'<div role="alert">{escape(sentence(str(error)))}</div>'


def exports_html(exported: Sequence[Export]) -> str:
    """Return a table of the files for other programs."""
    rows = "".join(
        f"<tr><td>{escape(each.program)}</td><td>{each.error_db:.2f} dB</td>"
        f"<td>{escape(each.file)} {escape(each.note)}</td></tr>"
        for each in exported
    )
    head = "<tr><th>for</th><th>error of the gain</th><th>file</th></tr>"
    return f"<table>{head}{rows}</table>"


def said_alone(reference: ReferenceAnswer) -> str:
    """Return what one of several references said alone, and how much it counts."""
    found = ", ".join(
        f"{knob.label} {knob.rounded(reference.settings[name]):g}"
        for name, knob in KNOBS.items()
        if name in reference.settings
    )
    return f"{reference.name}, weight {100 * reference.weight:.0f} %: {found or 'not used'}"


def found_text(found: Estimate | None) -> str:
    """Return what was found, as it stands beside a number."""
    if found is None:
        return " "
    if not found.low < found.high:
        return f"found: {found.value:.4g}"
    return f"found: {found.value:.4g} (90 % interval: {found.low:.4g} to {found.high:.4g})"


def sentence(text: str) -> str:
    """Return a text with one full stop at its end."""
    return text.rstrip(".") + "."
