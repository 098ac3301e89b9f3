"""The answer as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stages.match.answer import Answer, Estimate

if TYPE_CHECKING:
    from stages.match.equivalents import Equivalent

# How a setting is called and shown, with digits that the ear can tell.
_ROWS = {
    "threshold_db": ("threshold", "{:.1f}", "dBFS of the loop as loaded"),
    "ratio": ("ratio", "{:.2f}", ": 1"),
    "attack_ms": ("attack", "{:.1f}", "ms to 63 % of a step"),
    "release_ms": ("release", "{:.0f}", "ms to 63 % of a step"),
    "makeup_db": ("make-up", "{:+z.1f}", "dB"),
}


def as_text(answer: Answer, equivalents: Sequence[Equivalent]) -> str:
    """Return situation, settings with their intervals and for other compressors, and warnings."""
    return "\n".join(_lines(answer, equivalents))


def _lines(answer: Answer, equivalents: Sequence[Equivalent]) -> Iterator[str]:
    yield f"situation: {answer.situation}"
    if answer.settings:
        yield ""
        yield from _columns(
            [
                ("setting", "value", "9 times of 10 between", "unit"),
                *(_row(name, answer.settings[name]) for name in _ROWS),
            ]
        )
        yield ""
        if equivalents:
            yield from _elsewhere(equivalents)
            yield ""
    for warning in answer.warnings:
        yield f"note: {warning}"


def _row(name: str, estimate: Estimate) -> tuple[str, str, str, str]:
    called, form, unit = _ROWS[name]
    interval = f"{form.format(estimate.low)} .. {form.format(estimate.high)}"
    if estimate.low == estimate.high:
        interval = "-"
    return called, form.format(estimate.value), interval, unit


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _elsewhere(rows: Sequence[Equivalent]) -> Iterator[str]:
    """Say what to dial in on compressors whose knobs mean something else."""
    yield "elsewhere, for the same sound:"
    yield from _columns(
        [
            ("threshold", "ratio", "attack", "release", "make-up", "compressor"),
            *(
                (
                    f"{row.threshold_db:.1f} dB",
                    f"{row.ratio:.2f}",
                    f"{row.attack_ms:.1f} ms",
                    f"{row.release_ms:.0f} ms",
                    f"{row.makeup_db:+z.1f} dB",
                    row.compressor + _difference(row.difference_db),
                )
                for row in rows
            ),
        ]
    )


def _difference(rms_db: float | None) -> str:
    return "" if rms_db is None else f", its gain within {rms_db:.2f} dB rms"
