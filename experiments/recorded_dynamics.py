"""The dynamics of freely licensed recordings, on which the model of `drc-match` is trained too.

No sound of the recordings is kept: 200 features of each clip, dry and under drawn settings.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soxr

from experiments.clone import run
from experiments.drum_kits import GROOVES, perform
from experiments.recordings import BUILD, SAMPLES, read_kits, unpack_packages
from experiments.results import DISTANCES, distances, markdown_table, update_page, write_json
from siamese_drc.audio import open_sound
from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import parallel_map
from siamese_drc.evaluation.errors import bootstrap_means
from siamese_drc.loops.composers import seeded
from siamese_drc.match.model_training import fit_model
from siamese_drc.match.training_examples import Example, ExampleOptions, describe
from siamese_drc.report.results import read_json
from stages.match_evaluate import fixed_settings
from stages.match_examples import example_options
from stages.match_fit import read_table, training_options
from stages.project import files
from stages.project.params import Params, load_params

PACKAGES = (
    *("hydrogen-drumkits", "lmms-common", "sonic-pi-samples"),
    *("fretsonfire-songs-muldjord", "fretsonfire-songs-sectoid"),
    *("hyperrogue-music", "marsshooter-data", "warzone2100-music"),
)
RESULTS = files.METRICS / "recordings" / "match.json"
PAGE = Path("docs/recordings.md")
GAMES = Path("usr/share/games")
CLIPS = {"drum": 3, "guitar": 24, "mix": 5}  # of each recording, at most
_CALIBRATED = 5  # one pack or song in so many is for the calibration
_FOLDS = 4
_TESTED = 12  # clips of each material and fold
_PRECISION = {"dry": "f2", "compressed": "f2", "settings": "f4", "reduction_db": "f4"}

Table = dict[str, Any]
"""Columns as `training_examples.make_examples` gives them."""


class Recording(NamedTuple):
    """A recording: what it is of, and the pack or song that it belongs to."""

    material: str
    group: str
    file: Path


class Clip(NamedTuple):
    """A clip, shape (samples,), peak 1.0, of a material and a pack or song."""

    material: str
    group: str
    signal: np.ndarray


def keep_dynamics() -> None:
    """Write the dynamics of the recordings, and the errors on packs and songs not seen."""
    params = load_params()
    options = example_options(params)
    given = list(clips(unpack_packages(BUILD, PACKAGES), options, params.render.silence_db))
    table = make_table(given, options)
    with replaced(files.RECORDED) as path, path.open("wb") as file:
        np.savez_compressed(file, **table, sample_rate=params.sample_rate)
    run([sys.executable, "-m", "dvc", "repro", "--single-item", "match-examples"], Path.cwd())
    composed = read_table(files.MATCH_EXAMPLES)
    write_json(RESULTS, held_out_errors(given, table, composed, params))


def recordings(root: Path) -> Iterator[Recording]:
    """Yield the recordings in the unpacked packages, apart from the drum kits."""
    for file in sorted((root / SAMPLES / "beats").glob("*.ogg")):
        yield Recording("drum", "lmms beats", file)
    for file in sorted((root / "usr/share/sonic-pi/samples").glob("loop_*.flac")):
        yield Recording("drum", file.stem, file)
    songs = root / GAMES / "fretsonfire/data/songs"
    for file in sorted(songs.glob("*/*/guitar.ogg")):
        yield Recording("guitar", file.parent.name, file)
    for file in sorted((root / SAMPLES / "latin").glob("latin_guitar*.ogg")):
        yield Recording("guitar", "lmms latin guitar", file)
    albums = [
        *(root / "usr/share/hyperrogue/music").glob("*.ogg"),
        *(root / GAMES / "marsshooter/audio/music").glob("*.ogg"),
        *(root / GAMES / "warzone2100/music/albums").glob("*/*.opus"),
    ]
    for file in sorted(albums):
        yield Recording("mix", file.stem.removesuffix("_enhanced"), file)


def clips(root: Path, options: ExampleOptions, silence_db: float) -> Iterator[Clip]:
    """Yield all clips, silent ones apart: of the recordings, and of every kit and groove."""
    rate, samples = options.sample_rate, round(options.clip_seconds * options.sample_rate)
    found = chain(
        (
            Clip(material, group, window)
            for material, group, file in recordings(root)
            for window in windows(file, CLIPS[material], samples=samples, sample_rate=rate)
        ),
        (
            Clip("drum", name, window)
            for name, played in performances(root, options)
            for window in (played[:samples], played[samples:])
        ),
    )
    for clip in found:
        peak = np.abs(clip.signal).max()
        if peak > 10 ** (silence_db / 20):
            yield clip._replace(signal=(clip.signal / peak).astype(np.float32))


def performances(root: Path, options: ExampleOptions) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name of a kit and a performance of two clips' length, of every kit and groove."""
    for number, (name, _, drums) in enumerate(read_kits(root)):
        for place, groove in enumerate(GROOVES.values()):
            played = perform(
                groove,
                drums,
                np.random.default_rng([options.seed, number, place]),
                seconds=2 * options.clip_seconds,
                sample_rate=options.sample_rate,
            )
            yield name, played.mean(axis=1)


def windows(file: Path, count: int, *, samples: int, sample_rate: int) -> Iterator[np.ndarray]:
    """Yield at most `count` windows of a recording, evenly spread; a shorter one is repeated."""
    sound = open_sound(file)
    length = -(-samples * sound.sample_rate // sample_rate)
    count = max(1, min(count, sound.frames // length))
    for start in np.linspace(0, max(sound.frames - length, 0), count + 1)[:count]:
        blocks = sound.blocks(start=int(start), frames=min(length, sound.frames))
        signal = np.concatenate([block.mean(axis=0) for block in blocks])
        yield np.resize(soxr.resample(signal, sound.sample_rate, sample_rate), samples)


def make_table(given: Sequence[Clip], options: ExampleOptions) -> Table:
    """Return the clips' dynamics as `training_examples.make_examples` does, with their `group`."""
    given = sorted(given, key=lambda clip: clip.material)
    rows = parallel_map(
        partial(_row, options=options), list(enumerate(given)), description="recorded dynamics"
    )
    columns = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    groups, materials = ([getattr(clip, of) for clip in given] for of in ("group", "material"))
    number = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    return {
        "material": np.unique(materials, return_inverse=True)[1],
        "part": np.array([int(number[group] % _CALIBRATED == 0) for group in groups]),
        "group": np.array(groups),
        **{name: column.astype(_PRECISION[name]) for name, column in columns.items()},
    }


def _row(job: tuple[int, Clip], *, options: ExampleOptions) -> dict[str, np.ndarray]:
    number, clip = job
    return describe(clip.signal, seeded("match recorded", number, seed=options.seed), options)


def held_out_errors(
    given: Sequence[Clip], table: Table, composed: Table, params: Params
) -> dict[str, Any]:
    """Return the errors of the model on packs and songs that it has not seen, by material.

    They are dealt to folds. For each fold a model is trained on composed loops and the recordings
    of the other folds. On clips of the fold it is compared with a model of composed loops alone.
    Of each material there are `composed` and `recordings`, the mean over the folds of what
    `evaluation.another_recording_errors` gives; and `difference`, by how much the recordings change
    the mean distance of the gain curve, dB, with its 95 % interval, a bootstrap over packs and
    songs.
    """
    from siamese_drc.match import evaluation  # imports librosa, which takes seconds

    options, example = training_options(params), example_options(params)
    fold_of = {group: n % _FOLDS for n, group in enumerate(dict.fromkeys(table["group"]))}
    fold = np.array([fold_of[group] for group in table["group"]])
    alone = fit_model([composed], options)
    found: dict[str, dict[str, list[Any]]] = {name: defaultdict(list) for name in CLIPS}
    fixed = {name: fixed_settings(params, name) for name in CLIPS}
    for number in range(_FOLDS):
        others = {name: column[fold != number] for name, column in table.items()}
        model = fit_model([composed, others], options)
        for material, of_material in found.items():
            tested = [one for one in given if one.material == material]
            tested = take_turns([one for one in tested if fold_of[one.group] == number])[:_TESTED]
            loops = [
                Example.drawn(clip.signal, seeded(f"match {number}", n, seed=options.seed), example)
                for n, clip in enumerate(tested)
            ]
            gain_errors = []
            for name, judge in (("composed", alone), ("recordings", model)):
                judged = evaluation.judge_references(loops, example, **fixed[material], model=judge)
                of_material[name].append(evaluation.another_recording_errors(judged, judge))
                gain_errors.append(evaluation.gain_errors_db(judged, "match"))
            of_material["change"].append(gain_errors[1] - gain_errors[0])
            of_material["group"] += [clip.group for clip in tested]
    return {material: _summary(of_material) for material, of_material in found.items()}


def take_turns(given: Sequence[Clip]) -> list[Clip]:
    """Order clips so that the first of every pack or song comes before the second of any."""
    place: Counter[str] = Counter()
    turns = []
    for clip in given:
        turns.append(place[clip.group])
        place[clip.group] += 1
    return [given[n] for n in np.argsort(turns, kind="stable")]


def _summary(found: Mapping[str, list[Any]]) -> dict[str, Any]:
    change = np.concatenate(found["change"])
    means = bootstrap_means(change[:, np.newaxis], np.array(found["group"]), samples=2000, seed=0)
    low, high = np.quantile(means, [0.025, 0.975])
    return {
        "composed": _mean(found["composed"]),
        "recordings": _mean(found["recordings"]),
        "difference": {"mean": change.mean(), "low": low, "high": high, "clips": change.size},
    }


def _mean(several: Sequence[Any]) -> Any:
    """Return the mean of numbers in equal places of nested dictionaries."""
    if isinstance(several[0], dict):
        return {key: _mean([one[key] for one in several]) for key in several[0]}
    return float(np.mean(several))


def write_tables() -> None:
    """Write the table of errors into its page."""
    update_page(PAGE, "match", match_table())


def match_table() -> str:
    """Return the distances of each way to the loop under the reference's own settings."""
    found, rows = read_json(RESULTS), []
    alone, both = (
        distances({material: errors[of] for material, errors in found.items()})
        for of in ("composed", "recordings")
    )
    for (material, name, values), (*_, (composed, *_)) in zip(both, alone, strict=True):
        change = "{mean:+.2f} [{low:+.2f}, {high:+.2f}]".format(**found[material]["difference"])
        cells = [f"{value:.2f}" for value in (values[0], composed, *values[1:])]
        of_gain = name == DISTANCES["gain_curve_db"]  # the change of this one has an interval
        rows.append([material, name, *cells, change if of_gain else ""])
    header = ["recordings", "distance", "match", "match, of composed loops alone", "nothing"]
    return markdown_table([*header, "best preset", "change by recordings"], rows, texts=2)
