"""`drc-match`: compressor settings for a loop from a reference, and the processed loop.

Exit codes: 0 for an answer; 1 for no answer, with the reason in the output; 2 for input that cannot
be used, with one line on standard error.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from siamese_drc.core.errors import InputError

if TYPE_CHECKING:
    from siamese_drc.export.equivalents import Equivalent
    from siamese_drc.match.answer import Answer, Estimate

# Name, digits and unit with which a setting is printed.
_ROWS = {
    "threshold_db": ("threshold", "{:.1f}", "dBFS of the loop as loaded"),
    "ratio": ("ratio", "{:.2f}", ": 1"),
    "attack_ms": ("attack", "{:.1f}", "ms to 63 % of a step"),
    "release_ms": ("release", "{:.0f}", "ms to 63 % of a step"),
    "makeup_db": ("make-up", "{:+z.1f}", "dB"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `drc-match` on `arguments` (default: the command line's); return its exit code."""
    options = command_line(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # file names may be in any encoding
        sys.stdout.reconfigure(errors="backslashreplace")
    os.environ["MPLBACKEND"] = "agg"  # a notebook's backend may be missing here
    try:
        answer = match_files(options)
        sys.stdout.flush()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0 if answer.settings else 1


def match_files(options: argparse.Namespace) -> Answer:
    """Find the settings, write what the options ask for, and print the answer."""
    from siamese_drc.app.output import output_format, render
    from siamese_drc.audio import open_sound
    from siamese_drc.match.matching import match
    from siamese_drc.match.sound import read_inputs

    references = [options.reference, *options.also]
    lock = parsed_lock(options.lock)
    _check_targets([options.loop, *references], options.output, options.plot)
    loop = open_sound(options.loop)
    if options.output is not None:
        output_format(options.output, loop)
    inputs = read_inputs(loop, [open_sound(path) for path in references])
    answer = match(
        inputs.loop,
        inputs.references,
        sample_rate=loop.sample_rate,
        reference_rate=inputs.rates,
        weights=options.weight,
        lock=lock,
        amount=options.amount,
    )
    warnings = [*inputs.warnings, *answer.warnings]
    if answer.settings and (options.output or options.plot):
        rendered = render(loop, answer.values(), options.output, detector=answer.detector)
        warnings += rendered.warnings
        if options.plot:
            from siamese_drc.app.pictures import draw_match, save_picture

            save_picture(draw_match(rendered.overview, answer.values()), options.plot)
    answer = replace(answer, warnings=warnings)
    if options.json:
        print(json.dumps(answer.as_json(), indent=2))
        return answer
    others: list[Equivalent] = []
    if answer.settings and answer.detector == "peak":  # none are known for an RMS detector
        from siamese_drc.compressor.compressor import channel_mean
        from siamese_drc.export.equivalents import equivalents

        mono = channel_mean(inputs.loop)
        others = equivalents(answer.values(), mono, sample_rate=loop.sample_rate)
    print(as_text(answer, others))
    return answer


def command_line(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the arguments parsed; a wrong one ends the program with exit code 2.

    Examples
    --------
    >>> options = command_line(["loop.wav", "reference.wav", "--lock", "ratio=4", "result.wav"])
    >>> options.output.name, options.lock
    ('result.wav', ['ratio=4'])
    """
    parser = argparse.ArgumentParser(
        prog="drc-match",
        description="Find the compressor settings that give LOOP the sound of REFERENCE.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("loop", metavar="LOOP", type=Path, help="the loop to compress")
    add("reference", metavar="REFERENCE", type=Path, help="a recording with the sound you want")
    add(
        "output",
        metavar="OUTPUT",
        type=Path,
        nargs="?",
        help="file for the processed loop, with the sample rate and channels of the loop and at"
        " least 24 bits; its ending sets the format (.wav, .flac, .aiff, .caf ...); without OUTPUT,"
        " only the settings are printed",
    )
    add(
        "--also",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a further reference; may be repeated",
    )
    add(
        "--weight",
        metavar="NUMBER",
        type=float,
        action="append",
        help="weight of a reference, above 0; give one for each: first for REFERENCE, then for each"
        " --also in turn (default: equal weights)",
    )
    add(
        "--amount",
        metavar="PERCENT",
        type=float,
        default=100.0,
        help="percent of the gain reduction and make-up to apply, 0 to 100 (default: 100)",
    )
    add(
        "--lock",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a setting to keep: threshold_db, ratio, attack_ms, release_ms or makeup_db; the unit"
        " may be left out (attack=5); may be repeated",
    )
    add("--json", action="store_true", help="print the answer as JSON")
    add(
        "--plot",
        metavar="FILE",
        type=Path,
        help="file for a picture of waveforms, gain reduction and static curve (.svg, .png, .pdf)",
    )
    given = [*arguments]
    if "--" in given:  # only files follow; parse_intermixed_args would take -name for an option
        end = given.index("--")
        given[end:] = [f"./{name}" if name.startswith("-") else name for name in given[end + 1 :]]
    return parser.parse_intermixed_args(given)  # parse_args refuses OUTPUT after an option


def parsed_lock(texts: Sequence[str]) -> dict[str, float]:
    """Return the locked settings from texts of the form NAME=VALUE.

    Examples
    --------
    >>> parsed_lock(["ratio=4", "attack=5"])
    {'ratio': 4.0, 'attack_ms': 5.0}
    """
    full_names = {name.removesuffix("_db").removesuffix("_ms"): name for name in _ROWS}
    lock = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            lock[full_names.get(name, name)] = float(value)
        except ValueError:
            raise InputError(f"lock: {text!r}, must be NAME=VALUE, e.g. ratio=4") from None
    return lock


def as_text(answer: Answer, equivalents: Sequence[Equivalent]) -> str:
    """Return the answer as printed in a terminal: settings, equivalent settings and notes."""
    lines = [f"situation: {answer.situation}"]
    if answer.settings:
        settings = [("setting", "value", "90 % interval", "unit")]
        settings += [_setting_cells(name, answer.settings[name]) for name in _ROWS]
        lines += ["", *_columns(settings), ""]
    if equivalents:
        others = [("threshold", "ratio", "attack", "release", "make-up", "compressor")]
        others += [_equivalent_cells(row) for row in equivalents]
        lines += ["equivalent settings of other compressors:", *_columns(others), ""]
    return "\n".join([*lines, *(f"note: {warning}" for warning in answer.warnings)])


def _setting_cells(name: str, estimate: Estimate) -> tuple[str, str, str, str]:
    label, digits, unit = _ROWS[name]
    value, low, high = map(digits.format, (estimate.value, estimate.low, estimate.high))
    return label, value, "-" if estimate.low == estimate.high else f"{low} to {high}", unit


def _equivalent_cells(row: Equivalent) -> tuple[str, str, str, str, str, str]:
    difference = ""
    if row.difference_db is not None:
        difference = f"; gain differs by {row.difference_db:.2f} dB rms"
    return (
        f"{row.threshold_db:.1f} dB",
        f"{row.ratio:.2f}",
        f"{row.attack_ms:.1f} ms",
        f"{row.release_ms:.0f} ms",
        f"{row.makeup_db:+z.1f} dB",
        row.compressor + difference,
    )


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _check_targets(inputs: Sequence[Path], output: Path | None, plot: Path | None) -> None:
    """Refuse, before any work, to overwrite an input or to draw in an unknown format."""
    read = {os.path.realpath(path) for path in inputs}  # resolve() fails at a loop of links
    for target in (output, plot):
        if target is not None and os.path.realpath(target) in read:
            raise InputError(f"{target}: is an input and would be overwritten; name another file")
    if plot is not None:
        from siamese_drc.app.pictures import check_picture

        check_picture(plot)
