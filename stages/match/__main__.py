"""Set the compressor of a loop from a reference, and write the processed loop.

Usage: python -m stages.match LOOP REFERENCE [OUTPUT]; --help lists the options.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from stages.common.errors import InputError, run_stage
from stages.match.answer import Answer

if TYPE_CHECKING:
    from stages.match.equivalents import Equivalent

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def match_files(
    loop: Annotated[Path, typer.Argument(metavar="LOOP", help="The loop to be compressed.")],
    reference: Annotated[
        Path, typer.Argument(metavar="REFERENCE", help="A recording that sounds as it should.")
    ],
    output: Annotated[
        Path | None,
        typer.Argument(
            metavar="OUTPUT",
            help="Where to write the processed loop, in the loop's rate and channels, with 24 bits"
            " or more, in the container that the name's ending says. Without it, only settings.",
        ),
    ] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A further reference; may be repeated."),
    ] = None,
    weight: Annotated[
        list[float] | None,
        typer.Option(
            metavar="NUMBER",
            help="How much a reference counts: given once for each, REFERENCE first, then those of"
            " --also in turn.",
        ),
    ] = None,
    amount: Annotated[
        float,
        typer.Option(
            metavar="PERCENT", help="Percent of the gain reduction and make-up to apply, 0 to 100."
        ),
    ] = 100.0,
    lock: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A setting to keep: threshold_db, ratio, attack_ms, release_ms or makeup_db, with"
            " or without its unit; may be repeated.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to draw waveforms, gain reduction and static curve (svg, png).",
        ),
    ] = None,
) -> None:
    """Find the compressor settings that bring LOOP to the sound of REFERENCE."""
    from stages.match.files import read_inputs
    from stages.match.matching import match
    from stages.match.options import parsed_lock
    from stages.match.output import form_of, render
    from stages.match.sound import open_sound
    from stages.match.table import as_text

    references = [reference, *(also or [])]
    fixed = parsed_lock(lock or [])
    _check_targets([loop, *references], output, plot)
    sound = open_sound(loop)
    if output is not None:
        form_of(output, sound)
    inputs = read_inputs(sound, [open_sound(path) for path in references])
    answer = match(
        *(inputs.loop, inputs.references),
        sample_rate=sound.sample_rate,
        reference_rate=inputs.rates,
        weights=weight or None,
        lock=fixed,
        amount=amount,
    )
    answer = replace(answer, warnings=[*inputs.warnings, *answer.warnings])
    if answer.settings and (output or plot):
        rendered = render(sound, answer.values(), output, detector=answer.detector)
        answer = replace(answer, warnings=[*answer.warnings, *rendered.warnings])
        if plot:
            from stages.match.picture import draw_match, save_picture

            save_picture(draw_match(rendered.overview, answer.values()), plot)
    if as_json:
        print(json.dumps(answer.as_json(), indent=2))
    else:
        print(as_text(answer, _elsewhere(answer, inputs.loop, sound.sample_rate)))
    if not answer.settings:
        raise typer.Exit(1)


def _elsewhere(answer: Answer, loop: np.ndarray, sample_rate: int) -> list[Equivalent]:
    """Return settings for other compressors; they are not known for an RMS detector."""
    from stages.match.equivalents import equivalents
    from stages.match.process import mono

    if not answer.settings or answer.detector == "rms":
        return []
    return equivalents(answer.values(), mono(loop), sample_rate=sample_rate)


def _check_targets(inputs: list[Path], output: Path | None, plot: Path | None) -> None:
    """Refuse, before any work, to write over what is read and to draw what cannot be drawn."""
    read = {path.resolve() for path in inputs}
    for target in (output, plot):
        if target is not None and target.resolve() in read:
            raise InputError(f"{target}: is an input, must not be written over")
    if plot is not None:
        from stages.match.picture import check_picture

        check_picture(plot)


def main(arguments: list[str]) -> None:
    """Run the command line."""
    app(arguments, prog_name="python -m stages.match")


if __name__ == "__main__":
    run_stage(main)
