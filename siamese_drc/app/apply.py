"""`drc-match apply`: settings that were found, applied to other files.

Each file is processed on its own; stems of one mix (`--stems`) all get the gain of their sum, so
that the processed stems add up to the processed mix.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from siamese_drc.app.output import (
    Applied,
    compressor_of,
    is_folder,
    refuse_inputs,
    render,
    require_place,
    stored_name,
    write_unclipped,
)
from siamese_drc.audio import BLOCK, Sound, open_sound
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from siamese_drc.core.parallel import progress
from siamese_drc.loops.recordings import AUDIO_ENDINGS
from siamese_drc.match.answer import NO_ANSWER
from siamese_drc.match.families import FAMILIES, LINKS
from siamese_drc.match.sound import LIMITS_DB, check_value

_LARGEST = 1e9  # of a setting; a longer integer is no floating-point number


def apply_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the arguments parsed; a wrong one ends the program with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="drc-match apply",
        description="Apply compressor settings to files.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    text = "a file in JSON: settings.json of --export, or what --json prints"
    add("settings", metavar="SETTINGS", type=Path, help=text)
    text = "files to process, or folders: all audio files in them"
    add("files", metavar="FILE", type=Path, nargs="+", help=text)
    text = (
        "folder for the processed files, under their own names; without it, NAME.wav becomes"
        " NAME-compressed.wav beside it"
    )
    add("--into", metavar="FOLDER", type=Path, help=text)
    text = "the files are stems of one mix: all get the gain that the settings give their sum"
    add("--stems", action="store_true", help=text)
    return parser.parse_intermixed_args([*arguments])


def apply_files(options: argparse.Namespace) -> tuple[str, int]:
    """Process the files; return what to print, and the exit code: 2 if a file failed."""
    applied = read_settings(options.settings)
    targets = targets_of(options.files, options.into)
    if options.stems:
        lines = [f"note: {warning}" for warning in _apply_to_stems(applied, targets)]
        return "\n".join([*lines, *(f"written: {path}" for path in targets.values())]), 0
    lines, failed = [], 0
    for source, target in targets.items():
        try:
            sound = open_sound(source)
            rendered = render(sound, applied, target)
        except InputError as error:  # the other files are processed all the same
            print(f"error: {error}", file=sys.stderr)
            failed += 1
            continue
        warnings = [*sound.warnings, *(f"{target}: {text}" for text in rendered.warnings)]
        lines += [*(f"note: {warning}" for warning in warnings), f"written: {target}"]
    if failed and len(targets) > 1:
        lines.append(f"{failed} of {len(targets)} files could not be processed")
    return "\n".join(lines), 2 if failed else 0


def read_settings(path: Path) -> Applied:
    """Return the settings in a file that `drc-match` or its page wrote.

    InputError if the file is no JSON, lacks a setting, or has one outside its range.
    """

    def refuse(constant: str) -> None:
        raise ValueError(f"it holds {constant}")

    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=refuse)
    except OSError as error:
        of_a_pipe = "; settings must be in a file" if str(path) == "-" else ""
        raise InputError(f"{path}: cannot be read ({error.strerror}){of_a_pipe}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON ({error})") from error
    try:
        return _stated(document)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{path}: {error}") from error


def _stated(document: Any) -> Applied:
    """Return the settings in the content of a JSON file; ValueError says what is wrong."""
    if not isinstance(document, Mapping):
        raise ValueError("must hold the settings by their names, as --json prints them")
    stated = document.get("applied") or document.get("settings", document)
    if not isinstance(stated, Mapping):
        raise ValueError(f"settings {stated!r}, must be values by their names")
    if document.get("situation") == NO_ANSWER and not stated:
        raise ValueError(f"holds no settings, its situation is {NO_ANSWER!r}")
    settings = {}
    for name in (*PARAMETERS, *LIMITS_DB):
        value = stated.get(name, 0.0 if name in LIMITS_DB else None)
        value = value.get("value") if isinstance(value, Mapping) else value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} {value!r}, must be a number")
        if abs(value) > _LARGEST:
            raise ValueError(f"{name}: is too large a number")
        check_value(name, value)
        settings[name] = float(value)
    family, link = document.get("family", "branching"), document.get("link")
    if family not in [*FAMILIES]:
        raise ValueError(f"family {family!r}, must be one of {', '.join(FAMILIES)}")
    if link is not None and link not in LINKS:
        raise ValueError(f"link {link!r}, must be one of {', '.join(LINKS)}")
    return Applied(settings, family, link)


def targets_of(files: Sequence[Path], into: Path | None) -> dict[Path, Path]:
    """Return the name of the processed file for every file, those in folders included.

    InputError if there is no file, two would get one name, or an input would be overwritten.
    """
    targets: dict[Path, Path] = {}
    for given in files:
        if not is_folder(given):
            named = Path("stdin.wav") if str(given) == "-" else given
            targets[given] = into / stored_name(Path(named.name)) if into else _beside(named)
            continue
        inside = [path for path in sorted(given.rglob("*")) if _is_audio(path, given)]
        if into is None:
            some = {path: _beside(path) for path in inside}
        else:
            folder, root = os.path.realpath(into), os.path.realpath(given)
            below = folder != root and Path(folder).is_relative_to(root)
            some = {
                path: into / stored_name(path.relative_to(given))
                for path in inside
                if not (below and Path(os.path.realpath(path.parent)).is_relative_to(folder))
            }
        if not some:
            raise InputError(f"{given}: holds no audio files")
        targets |= some
    remedy = "name another folder" if into else "use --into"
    refuse_inputs([*targets], [*targets.values()], remedy=remedy)
    sources: dict[str, Path] = {}
    for source, target in targets.items():
        other = sources.setdefault(os.path.realpath(target), source)
        if other != source:
            remedy = "rename one of them" if into else "use --into"
            raise InputError(f"{source}: would be written to {target}, as {other}; {remedy}")
    for target in targets.values():
        require_place(target)
    return targets


def _is_audio(path: Path, folder: Path) -> bool:
    """Return whether a file in a folder is audio and not hidden, as unfinished outputs are."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.suffix.lower() in AUDIO_ENDINGS and not hidden and not path.is_dir()


def _beside(source: Path) -> Path:
    return stored_name(source, "-compressed")


def _apply_to_stems(applied: Applied, targets: Mapping[Path, Path]) -> list[str]:
    """Write all stems under the gain of their sum; return warnings."""
    stems = [open_sound(path) for path in targets]
    first = stems[0]
    for stem in stems[1:]:
        if (stem.sample_rate, stem.channels) != (first.sample_rate, first.channels):
            raise InputError(
                f"{stem.path}: has {stem.sample_rate} Hz and {stem.channels} channels, but"
                f" {first.path} has {first.sample_rate} Hz and {first.channels}; stems must agree"
            )
    outputs = dict(zip(targets.values(), stems, strict=True))
    lower_db = write_unclipped(outputs, partial(_together, applied, stems))
    warnings = [warning for stem in stems for warning in stem.warnings]
    if lower_db:
        warnings.append(f"a stem would clip: all were made {lower_db:.1f} dB quieter")
    return warnings


def _together(
    applied: Applied, stems: Sequence[Sound], lower_db: float
) -> Iterator[list[np.ndarray]]:
    """Yield the next block of every stem under the gain of their sum; shorter ones end early."""
    channels = stems[0].channels
    whole = compressor_of(applied.quieter(lower_db), stems[0].sample_rate, channels)
    frames = max(stem.frames for stem in stems)
    decoded = [stem.blocks() for stem in stems]
    starts = range(0, frames, BLOCK)
    for start in progress(starts, total=len(starts), description="stems", unit="block"):
        blocks = [next(each, np.zeros((channels, 0), np.float32)) for each in decoded]
        mix = np.zeros((channels, min(BLOCK, frames - start)), np.float32)
        for block in blocks:
            mix[:, : block.shape[1]] += block
        factor = (10 ** (whole.gain_db(mix) / 20)).astype(np.float32)
        yield [block * factor[:, : block.shape[1]] for block in blocks]
