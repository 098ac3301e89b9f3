"""`drc-match`: compressor settings for a loop from a reference, and the processed loop.

Exit codes: 0 for an answer; 1 for no answer, with the reason in the output; 2 for input that cannot
be used, or output that cannot be written, with one line on standard error.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siamese_drc.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from siamese_drc.export.files import Export
    from siamese_drc.match.answer import Answer, Estimate, ReferenceAnswer

# Name, digits and unit with which a setting is printed.
_ROWS = {
    "threshold_db": ("threshold", "{:.1f}", "dBFS of the loop as loaded"),
    "ratio": ("ratio", "{:.2f}", ": 1"),
    "attack_ms": ("attack", "{:.1f}", "ms to 63 % of a step"),
    "release_ms": ("release", "{:.0f}", "ms to 63 % of a step"),
    "makeup_db": ("make-up", "{:+z.1f}", "dB"),
    "knee_db": ("knee", "{:.1f}", "dB"),
}
_OF_REFERENCE = ("threshold_db", "ratio", "attack_ms", "release_ms")
# What controls the gain, by the names of siamese_drc.match.families.LINKS.
_LINKS = {
    "mean": "one gain, from the mean of their samples",
    "maximum": "one gain, from the louder one",
    "average": "one gain, from the mean of their magnitudes",
    "unlinked": "each has its own gain",
}
_LONGEST_S = 30.0  # of the loop, for settings of other compressors: the loudest part


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `drc-match` on `arguments` (default: the command line's); return its exit code."""
    given = [*(sys.argv[1:] if arguments is None else arguments)]
    os.environ["MPLBACKEND"] = "agg"  # a notebook's backend may be missing here
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # file names may be in any encoding
            stream.reconfigure(errors="backslashreplace")
    try:
        if given[:1] == ["apply"]:
            from siamese_drc.app.apply import apply_files, apply_options

            text, code = apply_files(apply_options(given[1:]))
        else:
            text, code = match_files(command_line(given))
        _print(text)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has seen enough, as `head` has
        _discard_output()
        return 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return code


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard_output()
        raise InputError(f"standard output: cannot be written ({error.strerror})") from error


def _discard_output() -> None:
    """Let what is still buffered go nowhere: Python would fail at it once more as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def match_files(options: argparse.Namespace) -> tuple[str, int]:
    """Find the settings and write what the options ask for; return what to print, and the code."""
    from siamese_drc.app.output import output_format, render
    from siamese_drc.audio import open_sound
    from siamese_drc.match.matching import match
    from siamese_drc.match.sound import read_inputs

    references = [options.reference, *options.also]
    lock = parsed_lock(options.lock)
    _check_targets([options.loop, *references], options)
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
    answer = replace(answer, warnings=[*inputs.warnings, *answer.warnings])
    written: list[Path] = []
    exported: list[Export] = []
    if answer.settings and (options.output or options.plot):
        rendered = render(
            loop, answer.values(), options.output, family=answer.family, link=answer.link
        )
        answer = replace(answer, warnings=[*answer.warnings, *rendered.warnings])
        if options.output:
            written.append(options.output)
        if options.plot:
            from siamese_drc.app.pictures import draw_match, save_picture

            save_picture(draw_match(rendered.overview, answer.values()), options.plot)
            written.append(options.plot)
    if answer.settings and options.export:
        exported = exports_of(answer, inputs.loop, loop.sample_rate)
        written += write_exports(exported, options.export)
    if options.json:
        document = {**document_of(answer), "files": [str(path) for path in written]}
        if exported:
            document["exports"] = [
                {"program": each.program, "file": each.file, "gain_error_db": each.error_db}
                for each in exported
            ]
        return json.dumps(document, indent=2, allow_nan=False), 0 if answer.settings else 1
    return as_text(answer, exported, written), 0 if answer.settings else 1


def exports_of(answer: Answer, loop: np.ndarray, sample_rate: int) -> list[Export]:
    """Return the settings for other compressors, fitted to the loudest part of the loop."""
    import numpy as np

    from siamese_drc.app.output import gain_db
    from siamese_drc.export.files import exports

    signal, longest = np.atleast_2d(loop), round(_LONGEST_S * sample_rate)
    if signal.shape[1] > longest:
        energy = np.cumsum(np.square(signal, dtype=float).sum(axis=0))
        start = int(np.argmax(energy[longest:] - energy[:-longest]))
        signal = signal[:, start : start + longest]
    design: dict[str, Any] = {"family": answer.family, "link": answer.link}
    gain = gain_db(signal, answer.values(), sample_rate=sample_rate, **design)
    return exports(
        answer.values(), signal, gain, sample_rate=sample_rate, document=document_of(answer)
    )


def document_of(answer: Answer) -> dict[str, Any]:
    """Return the answer for JSON, with all that `drc-match apply` needs."""
    return finite({**answer.as_json(), "family": answer.family, "link": answer.link})


def write_exports(exported: Sequence[Export], folder: Path) -> list[Path]:
    """Write the files into a folder, and return their paths.

    Raises
    ------
    InputError
        If one cannot be written.
    """
    from siamese_drc.core.outputs import replaced

    paths = []
    for each in exported:
        path = folder / each.file
        try:
            with replaced(path) as temporary:
                temporary.write_text(each.text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from error
        paths.append(path)
    return paths


def finite(value: Any) -> Any:
    """Return a document for JSON with None instead of numbers that are not finite.

    Examples
    --------
    >>> finite({"low": [float("-inf"), 1.0]})
    {'low': [None, 1.0]}
    """
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
        epilog="`drc-match apply SETTINGS FILE...` applies settings that were found to other files;"
        " see `drc-match apply --help`.",
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
    add(
        "--export",
        metavar="FOLDER",
        type=Path,
        help="folder for the answer (settings.json, for `drc-match apply`), the gain curve, and"
        " settings of other compressors: FFmpeg, sox, pedalboard, ZamComp",
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
    names = (name for name in _ROWS if name != "knee_db")
    full_names = {name.removesuffix("_db").removesuffix("_ms"): name for name in names}
    lock = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            lock[full_names.get(name, name)] = float(value)
        except ValueError:
            raise InputError(f"lock: {text!r}, must be NAME=VALUE, e.g. ratio=4") from None
    return lock


def as_text(answer: Answer, exported: Sequence[Export] = (), written: Sequence[Path] = ()) -> str:
    """Return the answer as printed in a terminal: settings, exports, notes and files."""
    lines = [f"situation: {answer.situation}"]
    if answer.family != "branching":
        from siamese_drc.match.families import FAMILIES

        lines.append(f"compressor: {FAMILIES[answer.family]}")
    if answer.link is not None:
        lines.append(f"channels: {_LINKS[answer.link]}")
    if answer.settings:
        settings = [("setting", "value", "90 % interval", "unit")]
        settings += [
            _setting_cells(name, answer.settings[name]) for name in _ROWS if name in answer.settings
        ]
        lines += ["", *_columns(settings), ""]
    if len(answer.references) > 1:
        told = [("reference", "weight", *(_ROWS[name][0] for name in _OF_REFERENCE))]
        lines += [*_columns(told + [_reference_cells(each) for each in answer.references]), ""]
    if exported:
        others = [("gain error", "settings for", "file")]
        others += [
            (f"{each.error_db:.2f} dB", each.program, " ".join([each.file, each.note]).rstrip())
            for each in exported
        ]
        lines += ["settings for other programs, rms error of the gain on this loop:"]
        lines += [*_columns(others), ""]
    lines += [f"note: {warning}" for warning in answer.warnings]
    return "\n".join([*lines, *(f"written: {path}" for path in written)])


def _setting_cells(name: str, estimate: Estimate) -> tuple[str, str, str, str]:
    label, digits, unit = _ROWS[name]
    value, low, high = map(digits.format, (estimate.value, estimate.low, estimate.high))
    return label, value, "-" if estimate.low == estimate.high else f"{low} to {high}", unit


def _reference_cells(reference: ReferenceAnswer) -> tuple[str, ...]:
    """Return what one of several references said alone: without an answer, dashes."""
    found = reference.settings
    cells = [_ROWS[name][1].format(found[name]) if name in found else "-" for name in _OF_REFERENCE]
    return reference.name, f"{100 * reference.weight:.0f} %", *cells


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _check_targets(inputs: Sequence[Path], options: argparse.Namespace) -> None:
    """Refuse, before any work, to overwrite an input or to write what cannot be written."""
    targets = [path for path in (options.output, options.plot) if path is not None]
    refuse_inputs(inputs, targets)
    if len(targets) == 2 and os.path.realpath(targets[0]) == os.path.realpath(targets[1]):
        raise InputError(f"{options.plot}: is the name of both the output and the picture")
    if options.plot is not None:
        from siamese_drc.app.pictures import check_picture

        check_picture(options.plot)
    if options.export is not None:
        if options.export.exists() and not options.export.is_dir():
            raise InputError(f"{options.export}: is a file, must be the name of a folder")
        from siamese_drc.export.files import FILES

        refuse_inputs(inputs, [options.export / name for name in FILES])


def refuse_inputs(inputs: Sequence[Path], targets: Sequence[Path]) -> None:
    """Raise InputError where a file to be written is one to be read, under whatever name."""
    read = {os.path.realpath(path) for path in inputs}  # resolve() fails at a loop of links
    for target in targets:
        if os.path.realpath(target) in read:
            raise InputError(f"{target}: is an input and would be overwritten; name another file")
