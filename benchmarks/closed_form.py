"""The closed-form solution of one clip, on one core, beside SciPy's general least squares."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import process_time

import numba
import numpy as np
import scipy.optimize
from threadpoolctl import threadpool_limits

from benchmarks.measuring import interleaved_medians, rendered_loops, settings_of
from benchmarks.table import Row
from siamese_drc.audio import FULL_SCALE
from siamese_drc.compressor.ballistics import level_db
from siamese_drc.compressor.compressor import compress
from siamese_drc.solver.closed_form import fit_pair

SAMPLE_RATE = 44100
ROWS = 24
SECONDS = 1.0
ROUNDS = 5
AUDIBLE = 1e-3


def measure() -> list[Row]:
    """Time the solution of some rows of D4P at laptop scale."""
    (loop,) = rendered_loops("drum", 1, seconds=SECONDS)
    clips = compress(loop, settings_of("d4p", count=ROWS), sample_rate=SAMPLE_RATE)
    dry, clips = (np.rint(each * FULL_SCALE) / FULL_SCALE for each in (loop, clips))
    ways: dict[str, Callable[[], object]] = {
        "ours": partial(solve_all, dry, clips),
        "SciPy": partial(search_all, dry, clips),
        "level": lambda: [level_db(dry) for _ in clips],
    }
    with threadpool_limits(1):
        times = interleaved_medians(ways, rounds=ROUNDS, clock=process_time)
    each = {way: 1000 * seconds / len(clips) for way, seconds in times.items()}
    return [
        Row(
            f"D4P, {SECONDS:g} s",
            each["ours"],
            {"SciPy's least squares": each["SciPy"]},
            "ms a row",
            floor=each["level"],
            floor_is="a logarithm per sample",
        )
    ]


def solve_all(dry: np.ndarray, clips: np.ndarray) -> None:
    """Solve every row, as the stage does."""
    for clip in clips:
        fit_pair(dry, clip, sample_rate=SAMPLE_RATE)


def search_all(dry: np.ndarray, clips: np.ndarray) -> None:
    """Fit every row with numerical derivatives, from the middle of the grid."""
    level = level_db(dry)
    loud = np.abs(dry) > AUDIBLE
    for clip in clips:
        with np.errstate(divide="ignore", invalid="ignore"):
            reduction = -20 * np.log10(np.abs(clip / dry))
        known = loud & np.isfinite(reduction)
        scipy.optimize.least_squares(
            lambda fitted, known=known, seen=reduction: (
                gain_reduction(level, *fitted)[known] - seen[known]
            ),
            x0=[-26.0, 0.9, np.log(50 * 44.1), np.log(500 * 44.1)],
            x_scale=[10.0, 0.1, 1.0, 1.0],
            bounds=([-120, 0, 0, 0], [0, 1, 14, 14]),
        )


@numba.njit
def gain_reduction(level, threshold, slope, log_attack, log_release):
    """Smooth the overshoot, dB (Giannoulis, Massberg and Reiss 2012, eq. 16)."""
    attack, release = -np.expm1(-np.exp(-log_attack)), -np.expm1(-np.exp(-log_release))
    reduction = np.empty_like(level)
    last = 0.0
    for n in range(level.size):
        overshoot = slope * max(level[n] - threshold, 0.0)
        last += (attack if overshoot > last else release) * (overshoot - last)
        reduction[n] = last
    return reduction
