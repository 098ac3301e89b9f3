"""What the page shows: the settings as numbers and sliders, and all else as text and HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from siamese_drc.core.errors import InputError
from siamese_drc.export.files import Export
from siamese_drc.match.answer import (
    ANOTHER_RECORDING,
    NO_ANSWER,
    SAME_PERFORMANCE,
    Estimate,
    ReferenceAnswer,
)
from siamese_drc.match.sound import LIMITS_DB


@dataclass(frozen=True)
class Knob:
    """A setting as a number from `typed[0]` to `typed[1]` and a slider between two `ends`.

    Examples
    --------
    >>> attack = Knob("Attack", ends=(0.1, 10.0), typed=(0.01, 100.0), logarithmic=True)
    >>> attack.value(0.5), attack.position(1.0), attack.limited(0.123456), attack.limited(1e6)
    (1.0, 0.5, 0.1235, 100.0)
    """

    label: str
    ends: tuple[float, float]
    typed: tuple[float, float]
    logarithmic: bool = False

    def position(self, value: float) -> float:
        """Return where the slider stands, 0 to 1."""
        return float(np.interp(self._scaled(value), [*map(self._scaled, self.ends)], (0, 1)))

    def value(self, position: float) -> float:
        """Return the setting where the slider stands."""
        at = float(np.interp(position, (0, 1), [*map(self._scaled, self.ends)]))
        return self.limited(10**at if self.logarithmic else at)

    def limited(self, value: float) -> float:
        """Return a value as the page shows and applies it: 4 digits, or to 0.01 dB."""
        value = min(max(value, self.typed[0]), self.typed[1])
        return float(f"{value:.4g}" if self.logarithmic else f"{value:z.2f}")

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


KNOBS = {
    "threshold_db": Knob("Threshold (dBFS)", (-80, 0), (-120, 0)),
    "ratio": Knob("Ratio (to 1)", (1, 50), (1, 1000), logarithmic=True),
    "attack_ms": Knob("Attack (ms)", (0.02, 250), (0.01, 10_000), logarithmic=True),
    "release_ms": Knob("Release (ms)", (5, 5000), (0.01, 10_000), logarithmic=True),
    "makeup_db": Knob("Make-up gain (dB)", (-24, 24), LIMITS_DB["makeup_db"]),
    "knee_db": Knob("Knee (dB)", LIMITS_DB["knee_db"], LIMITS_DB["knee_db"]),
}
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
        f"{knob.label} {knob.limited(reference.settings[name]):g}"
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
