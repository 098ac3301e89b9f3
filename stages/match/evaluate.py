"""Stage `match-evaluate`: how good the tool is on loops that no training saw.

Usage: python -m stages.match.evaluate            writes metrics/<scale>/match.json
       python -m stages.match.evaluate FOLDER     the same on recordings, printed as JSON
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.errors import InputError, run_stage
from stages.common.parallel import parallel_map
from stages.common.params import PARAMETERS, Params, load_params
from stages.compress.compressor import compress
from stages.match.dynamics import dynamics
from stages.match.examples import Example, as_settings, draw_settings, make_example, relative
from stages.match.loudness import loudness_lufs
from stages.match.model import read_model
from stages.match.preset import applied, best_preset
from stages.match.robustness import robustness
from stages.match.sounds_like import Sound, gain_curve_difference_db
from stages.render.composers import seeded
from stages.render.recordings import import_loops

_REFERENCES = 8  # for each loop
_WAYS = ("match", "nothing", "preset", "reference's own")
# The first two are to the loop under the reference's own settings, the others to the reference.
_DISTANCES = (
    "gain_curve_db",
    "crest_factor_db",
    "reference_crest_factor_db",
    "reference_loudness_range_lu",
    "reference_mfcc",
)


def main(arguments: list[str]) -> None:
    """Evaluate both situations on composed loops, or the second on a folder of recordings."""
    params = load_params()
    if len(arguments) > 1:
        raise InputError("usage: python -m stages.match.evaluate [FOLDER]")
    if arguments:
        found = another_recording_errors(
            recorded(params, Path(arguments[0])), params, params.match.materials
        )
        print(json.dumps(found, indent=2))
        return
    size, materials = params.match.sizes[params.scale], {}
    for material in params.match.materials:
        first = size.loops + size.calibration_loops
        loops = parallel_map(
            partial(make_example, params, material),
            range(first, first + size.unseen_loops),
            description=f"match loops {material}",
        )
        materials[material] = {
            "another_recording": another_recording_errors(loops, params, [material]),
            "same_performance": same_performance_errors(loops[: size.robustness_loops], params),
        }
    metrics = {"held_out": read_model().held_out, "materials": materials}
    with files.replaced(files.METRICS / params.scale / "match.json") as path:
        path.write_text(json.dumps(metrics, indent=2) + "\n")


def recorded(params: Params, folder: Path) -> list[Example]:
    """Cut a folder of recordings into loops and draw settings for each."""
    options, rate = params.match, params.sample_rate
    examples = []
    for number, loop in enumerate(
        import_loops(
            folder,
            count=options.sizes[params.scale].unseen_loops,
            samples=round(options.clip_seconds * rate),
            sample_rate=rate,
            silence_db=params.render.silence_db,
        )
    ):
        random = seeded("match recorded", number, seed=options.seed)
        settings = draw_settings(loop.signal, options.sizes[params.scale].settings, random)
        loudness = loudness_lufs(loop.signal, sample_rate=rate)
        examples.append(Example(loop.signal, settings, loudness))
    return examples


def same_performance_errors(loops: list[Example], params: Params) -> dict[str, object]:
    """Return how well settings are solved for, by what happened to the reference."""
    tables = parallel_map(
        partial(_robustness, params.sample_rate), loops, description="match robustness"
    )
    every = pd.concat(tables)
    found: dict[str, object] = {}
    for variant, rows in every.groupby("variant", sort=False):
        found[str(variant)] = {
            parameter: {
                "median_error": float(some["median_error"].median()),
                "solved": float(some["solved"].mean()),
                "n": len(some),
            }
            for parameter, some in rows.groupby("parameter", sort=False)
        }
    return found


def _robustness(sample_rate: int, loop: Example) -> pd.DataFrame:
    return robustness([loop.signal], as_settings(loop.settings[:1]), sample_rate=sample_rate)


def another_recording_errors(
    loops: list[Example], params: Params, materials: list[str]
) -> dict[str, object]:
    """Return errors and distances of the second situation.

    Every loop is given references: other loops, each under one of its settings.

    Returns
    -------
    dict
        `settings`: mean absolute error and share inside the interval, by parameter; `distances`:
        means by distance and by way of setting the compressor: as found, not at all, the best
        fixed preset, and the reference's own settings.
    """
    tasks = [(loops, number, params) for number in range(len(loops))]
    preset = best_preset(params, materials)
    found = parallel_map(partial(_judge, preset), tasks, description="match unseen loops")
    errors = np.concatenate([of_loop[0] for of_loop in found])
    inside = np.concatenate([of_loop[1] for of_loop in found])
    distances = np.concatenate([of_loop[2] for of_loop in found]).mean(axis=0)
    return {
        "settings": {
            name: {
                "mae": float(errors[:, number].mean()),
                "inside": float(inside[:, number].mean()),
                "n": len(errors),
            }
            for number, name in enumerate(PARAMETERS)
        },
        "distances": {
            distance: dict(zip(_WAYS, map(float, distances[:, number]), strict=True))
            for number, distance in enumerate(_DISTANCES)
        },
    }


def _judge(
    preset: np.ndarray, task: tuple[Sequence[Example], int, Params]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return errors and coverage (references, 4), and distances (references, ways, distances)."""
    loops, number, params = task
    rate, loop, model = params.sample_rate, loops[number], read_model()
    random = seeded("match references", number, seed=params.match.seed)
    others = random.permutation(np.delete(np.arange(len(loops)), number))[:_REFERENCES]
    drawn = [random.integers(len(loops[other].settings)) for other in others]
    own = np.stack([loops[o].settings[d] for o, d in zip(others, drawn, strict=True)])
    references = [
        compress(loops[other].signal, as_settings(own[[row]]), sample_rate=rate)[0]
        for row, other in enumerate(others)
    ]
    truth = np.stack(
        [relative(own[row], loops[other].loudness) for row, other in enumerate(others)]
    )
    of_loop = dynamics(loop.signal, sample_rate=rate)
    value, low, high = model.estimate(
        np.tile(of_loop, (len(others), 1)),
        np.stack([dynamics(reference, sample_rate=rate) for reference in references]),
    )
    sound = partial(Sound.of, sample_rate=rate)
    heard = {
        "match": [sound(one) for one in applied(loop.signal, loop.loudness, value, rate)],
        "nothing": [sound(loop.signal)] * len(others),
        "preset": [sound(applied(loop.signal, loop.loudness, preset[np.newaxis], rate)[0])]
        * len(others),
        "reference's own": [sound(one) for one in applied(loop.signal, loop.loudness, truth, rate)],
    }
    target = heard["reference's own"]
    wanted_like = [sound(reference) for reference in references]
    distances = [
        [
            [
                gain_curve_difference_db(output.levels_db, wanted.levels_db),
                abs(output.crest_factor_db - wanted.crest_factor_db),
                abs(output.crest_factor_db - reference.crest_factor_db),
                abs(output.loudness_range_lu - reference.loudness_range_lu),
                float(np.linalg.norm(output.mfcc - reference.mfcc)),
            ]
            for output, wanted, reference in zip(heard[way], target, wanted_like, strict=True)
        ]
        for way in _WAYS
    ]
    return (
        np.abs(value - truth),
        (low <= truth) & (truth <= high),
        np.moveaxis(np.array(distances), 0, 1),
    )


if __name__ == "__main__":
    run_stage(main)
