"""The match tool on recordings: settings of one found from another, compressed."""

from __future__ import annotations

import json
from pathlib import Path

from recordings.debian.experiment import MATERIALS
from recordings.debian.results import RESULTS
from stages.common.files import replaced
from stages.common.params import load_params
from stages.match.evaluate import another_recording_errors, recorded

ERRORS = RESULTS / "match.json"


def match_recordings(audio: Path, file: Path = ERRORS) -> None:
    """Evaluate the tool on the folders of recordings and keep what it finds.

    Parameters
    ----------
    audio : Path
        Holds a folder for each of `MATERIALS`.
    file : Path
    """
    params = load_params()
    errors = {
        material: another_recording_errors(
            recorded(params, audio / material), params, params.match.materials
        )
        for material in MATERIALS
    }
    with replaced(file) as temporary:
        temporary.write_text(json.dumps(errors, indent=2) + "\n")


def match_table(file: Path = ERRORS) -> str:
    """Make the table of distances to the loop under the reference's own settings."""
    lines = [
        "| recordings | distance | match | nothing | best preset | match / nothing"
        " | match / preset |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for material, found in json.loads(file.read_text()).items():
        for key, name in (
            ("gain_curve_db", "gain curve, rms (dB)"),
            ("crest_factor_db", "crest factor (dB)"),
        ):
            by = found["distances"][key]
            ours, nothing, preset = (by[way] for way in ("match", "nothing", "preset"))
            cells = [ours, nothing, preset, ours / nothing, ours / preset]
            lines.append(f"| {material} | {name} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    return "\n".join(lines) + "\n"
