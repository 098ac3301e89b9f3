"""The answer as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stages.match.answer import Answer, Estimate

# How a setting is called and shown, with digits that the ear can tell.
_ROWS = {
    "threshold_db": ("threshold", "{:.1f}", "dBFS of the loop as loaded"),
    "ratio": ("ratio", "{:.2f}", ": 1"),
    "attack_ms": ("attack", "{:.1f}", "ms to 63 % of a step"),
    "release_ms": ("release", "{:.0f}", "ms to 63 % of a step"),
    "makeup_db": ("make-up", "{:+.1f}", "dB"),
}


def as_text(answer: Answer) -> str:
    """Return situation, table of settings with their intervals, and warnings."""
    return "\n".join(_lines(answer))


def _lines(answer: Answer) -> Iterator[str]:
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
        yield from _equivalents(answer)
    for warning in answer.warnings:
        yield f"note: {warning}"


def _row(name: str, estimate: Estimate) -> tuple[str, str, str, str]:
    called, form, unit = _ROWS[name]
    interval = f"{form.format(estimate.low)} .. {form.format(estimate.high)}"
    if estimate.low == estimate.high:
        interval = "kept"
    return called, form.format(estimate.value), interval, unit


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _equivalents(answer: Answer) -> Iterator[str]:
    """Say what to dial in on compressors whose time constants mean other things."""
    from stages.match.equivalents import equivalents

    yield "the same elsewhere:"
    yield from _columns(
        [
            ("compressor", "threshold", "ratio", "attack", "release"),
            *(
                (
                    row.compressor,
                    f"{row.settings['threshold_db']:.1f} dB",
                    f"{row.settings['ratio']:.2f}",
                    f"{row.settings['attack_ms']:.1f} ms",
                    f"{row.settings['release_ms']:.0f} ms",
                )
                for row in equivalents(answer.values())
            ),
        ]
    )
