"""`drc-match`: compressor settings for a loop from a reference, and the processed loop.

Exit codes: 0 for an answer; 1 for no answer, with the reason in the output; 2 for input that cannot
be used, or output that cannot be written, with one line on standard error.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from siamese_drc.core.errors import InputError
from siamese_drc.match.answer import SETTING_NAMES

if TYPE_CHECKING:
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
_OF_REFERENCE = SETTING_NAMES[:-1]  # the make-up gain follows from them
# What controls the gain, by the names of siamese_drc.match.families.LINKS.
_LINKS = {
    "mean": "one gain, from the mean of their samples",
    "maximum": "one gain, from the louder one",
    "average": "one gain, from the mean of their magnitudes",
    "unlinked": "each has its own gain",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `drc-match` on `arguments` (default: the command line's); return its exit code."""
    given = [*(sys.argv[1:] if arguments is None else arguments)]
    os.environ["MPLBACKEND"] = "agg"  # a notebook's backend may be missing here
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # file names may be in any encoding
            stream.reconfigure(errors="backslashreplace")
    try:
        if arguments is None:  # an end from outside cleans up too
            for number in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP
                    signal.signal(number, lambda received, _: sys.exit(128 + received))
        if given[:1] == ["apply"]:
            from siamese_drc.app.apply import apply_files, apply_options

            text, code = apply_files(apply_options(given[1:]))
        else:
            text, code = match_files(command_line(given))
        _print(text)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return code


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError as error:
        # What is still buffered goes nowhere: Python would fail at it once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # a reader has seen enough, as `head` has
            raise InputError(f"standard output: cannot be written ({error.strerror})") from error


def command_line(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the arguments parsed; a wrong one ends the program with exit code 2."""
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
    text = (
        "file for the processed loop, with the sample rate and channels of the loop and at least 24"
        " bits; its ending sets the format (.wav, .flac, .aiff, .caf ...); without OUTPUT, only the"
        " settings are printed"
    )
    add("output", metavar="OUTPUT", type=Path, nargs="?", help=text)
    text = "a further reference; may be repeated"
    add("--also", metavar="FILE", type=Path, action="append", default=[], help=text)
    text = (
        "weight of a reference, above 0; give one for each: first for REFERENCE, then for each"
        " --also in turn (default: equal weights)"
    )
    add("--weight", metavar="NUMBER", type=float, action="append", help=text)
    text = "percent of the gain reduction and make-up to apply, 0 to 100 (default: 100)"
    add("--amount", metavar="PERCENT", type=float, default=100.0, help=text)
    text = (
        "a setting to keep: threshold_db, ratio, attack_ms, release_ms or makeup_db; the unit may"
        " be left out (attack=5); may be repeated"
    )
    add("--lock", metavar="NAME=VALUE", action="append", default=[], help=text)
    add("--json", action="store_true", help="print the answer as JSON")
    text = "file for a picture of waveforms, gain reduction and static curve (.svg, .png, .pdf)"
    add("--plot", metavar="FILE", type=Path, help=text)
    text = (
        "folder for the answer (settings.json, for `drc-match apply`), the gain curve, and settings"
        " of other compressors: FFmpeg, sox, pedalboard, ZamComp"
    )
    add("--export", metavar="FOLDER", type=Path, help=text)
    given = [*arguments]
    if "--" in given:  # only files follow; parse_intermixed_args would take -name for an option
        end = given.index("--")
        given[end:] = [f"./{name}" if name.startswith("-") else name for name in given[end + 1 :]]
    return parser.parse_intermixed_args(given)  # parse_args refuses OUTPUT after an option


def match_files(options: argparse.Namespace) -> tuple[str, int]:
    """Find the settings and write what the options ask for; return what to print, and the code."""
    from siamese_drc.app import output
    from siamese_drc.audio import open_sound
    from siamese_drc.match.matching import match_sounds

    references = [options.reference, *options.also]
    lock = parsed_lock(options.lock)
    targets = _checked_targets([options.loop, *references], options)
    loop = open_sound(options.loop)
    if options.output is not None:
        output.output_format(options.output, loop)
    others = [open_sound(path) for path in references]
    given = {"weights": options.weight, "lock": lock, "amount": options.amount}
    answer, inputs = match_sounds(loop, others, **given)
    warnings = [*inputs.warnings, *answer.warnings]
    settings = answer.values()
    written: list[Path] = []
    exported: list[Export] = []
    if settings and targets:
        applied = output.Applied(settings, answer.family, answer.link)
        rendered = output.render(loop, applied, options.output)
        warnings += rendered.warnings
        if options.plot:
            from siamese_drc.app.pictures import draw_match, save_picture

            save_picture(draw_match(rendered.overview, settings), options.plot)
        written += targets
    answer = replace(answer, warnings=warnings)
    if settings and options.export:
        exported = output.exports_of(answer, inputs.loop, loop.sample_rate, inputs.start)
        written += output.write_exports(exported, options.export)
    code = 0 if settings else 1
    if not options.json:
        return as_text(answer, exported, written), code
    document = {**output.document_of(answer), "files": [str(path) for path in written]}
    if exported:
        document["exports"] = [
            {"program": each.program, "file": each.file, "gain_error_db": each.error_db}
            for each in exported
        ]
    return json.dumps(document, indent=2, allow_nan=False), code


def _checked_targets(inputs: Sequence[Path], options: argparse.Namespace) -> list[Path]:
    """Return output and picture; InputError if a file to write is an input or cannot be."""
    from siamese_drc.app.output import refuse_inputs, require_place
    from siamese_drc.export.files import FILES

    if [*map(str, inputs)].count("-") > 1:
        raise InputError("-: standard input can be given only once")
    targets = [path for path in (options.output, options.plot) if path is not None]
    exports = [options.export / name for name in FILES] if options.export else []
    refuse_inputs(inputs, [*targets, *exports])
    for target in [*targets, *exports]:
        require_place(target)
    if len({os.path.realpath(path) for path in targets}) < len(targets):
        raise InputError(f"{options.plot}: is the name of both the output and the picture")
    if options.plot is not None:
        from siamese_drc.app.pictures import check_picture

        check_picture(options.plot)
    return targets


def parsed_lock(texts: Sequence[str]) -> dict[str, float]:
    """Return the locked settings from texts of the form NAME=VALUE.

    Examples
    --------
    >>> parsed_lock(["ratio=4", "attack=5"])
    {'ratio': 4.0, 'attack_ms': 5.0}
    """
    full_names = {name.removesuffix("_db").removesuffix("_ms"): name for name in SETTING_NAMES}
    lock = {}
    for text in texts:
        name, _, value = text.partition("=")
        name = full_names.get(name, name)
        if name in lock:
            raise InputError(f"lock: {name} is given twice")
        try:
            lock[name] = float(value)
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
        header = ("setting", "value", "90 % interval", "unit")
        found = [name for name in _ROWS if name in answer.settings]
        cells = [_setting_cells(name, answer.settings[name]) for name in found]
        lines += ["", *_columns(header, cells), ""]
    if len(answer.references) > 1:
        names = [_ROWS[name][0] for name in _OF_REFERENCE]
        said = [_reference_cells(each) for each in answer.references]
        lines += [*_columns(("reference", "weight", *names), said), ""]
    if exported:
        others = [
            (f"{each.error_db:.2f} dB", each.program, f"{each.file} {each.note}")
            for each in exported
        ]
        lines += ["settings for other programs, rms error of the gain on this loop:"]
        lines += [*_columns(("gain error", "settings for", "file"), others), ""]
    lines += [f"note: {warning}" for warning in answer.warnings]
    return "\n".join([*lines, *(f"written: {path}" for path in written)])


def _setting_cells(name: str, estimate: Estimate) -> tuple[str, str, str, str]:
    label, _, unit = _ROWS[name]
    value, low, high = (_shown(name, of) for of in (estimate.value, estimate.low, estimate.high))
    return label, value, "-" if estimate.low == estimate.high else f"{low} to {high}", unit


def _reference_cells(reference: ReferenceAnswer) -> tuple[str, ...]:
    """Return what one of several references said alone: without an answer, dashes."""
    found = reference.settings
    cells = [_shown(name, found[name]) if name in found else "-" for name in _OF_REFERENCE]
    return reference.name, f"{100 * reference.weight:.0f} %", *cells


def _shown(name: str, value: float) -> str:
    short = name.endswith("_ms") and 0 < value < 1
    return f"{value:.2g}" if short else _ROWS[name][1].format(value)


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    columns = zip(header, *rows, strict=True)
    padded = [[cell.ljust(max(map(len, column))) for cell in column] for column in columns]
    return ["  ".join(cells).rstrip() for cells in zip(*padded, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
