"""The best fixed preset: the one setting that, on the training loops, is wrong by the least."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product

import numpy as np

from stages.common.parallel import parallel_map
from stages.common.params import Params
from stages.compress.compressor import compress
from stages.match.examples import Example, as_settings, make_example, relative
from stages.match.sounds_like import gain_curve_difference_db, levels_db
from stages.render.composers import seeded

_CANDIDATES = np.array(
    list(
        product(
            (-15.0, -10.0, -6.0, -3.0, 0.0, 3.0, 6.0),  # threshold above the loudness, dB
            (1.3, 1.6, 2.0, 3.0, 5.0),
            (2.0, 10.0, 30.0),
            (30.0, 100.0, 300.0),
        )
    )
)
_LOOPS = 16
_REFERENCES = 4  # for each loop


def best_preset(params: Params, materials: list[str]) -> np.ndarray:
    """Return the candidate with the lowest mean difference of gain curves.

    Parameters
    ----------
    params : Params
    materials : list of str
        Whose training loops count.

    Returns
    -------
    ndarray, shape (4,)
        The threshold in dB above the loop's loudness.
    """
    count = min(_LOOPS, params.match.sizes[params.scale].loops)
    differences: list[np.ndarray] = []
    for material in materials:
        loops = parallel_map(
            partial(make_example, params, material),
            range(count),
            description=f"match training loops {material}",
        )
        differences += parallel_map(
            partial(_differences, params, material, loops),
            range(count),
            description="match preset",
        )
    return _CANDIDATES[np.mean(differences, axis=0).argmin()]


def applied(signal: np.ndarray, loudness: float, settings: np.ndarray, rate: int) -> np.ndarray:
    """Compress a loop under settings (n, 4) whose thresholds are relative to its loudness."""
    settings = relative(settings, -loudness)
    settings[:, 0] = np.minimum(settings[:, 0], 0.0)  # what the compressor can be set to
    return compress(signal, as_settings(settings), sample_rate=rate)


def _differences(
    params: Params, material: str, loops: Sequence[Example], number: int
) -> np.ndarray:
    """Return the mean difference of every candidate to the settings of other loops."""
    loop, rate = loops[number], params.sample_rate
    random = seeded(f"match preset {material}", number, seed=params.match.seed)
    wanted = []
    for other in random.integers(len(loops), size=_REFERENCES):
        example = loops[other]
        chosen = random.integers(len(example.settings))
        wanted.append(relative(example.settings[chosen], example.loudness))
    targets, outputs = (
        [levels_db(output) for output in applied(loop.signal, loop.loudness, settings, rate)]
        for settings in (np.stack(wanted), _CANDIDATES)
    )
    return np.array(
        [
            np.mean([gain_curve_difference_db(output, target) for target in targets])
            for output in outputs
        ]
    )
