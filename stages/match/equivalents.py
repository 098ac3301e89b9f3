"""The same settings for compressors whose knobs mean something else.

This project's attack and release are time constants: the time to 63 % (1 - 1/e) of a step of the
gain reduction in dB. Where only the name of the time differs, a factor converts. JUCE's compressor
smooths the level before the gain computer and not the gain after it, so that no factor is right on
every loop: its settings are fitted to the gain curve on the loop itself.

References
----------
FFmpeg, libavfilter/af_sidechaincompress.c (acompressor): the coefficient is 4000 / (t fs), t in ms.
JUCE: see `juce_ballistics`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from stages.compress.level import level_db
from stages.match.gain_kernels import FRAME, LANES, mean_overshoot
from stages.match.juce_ballistics import gain_db

TIMES_OF_A_TIME_CONSTANT = {
    "time constant, to 63 % of a step (this project)": 1.0,
    "time from 10 % to 90 % of a step": float(np.log(9)),
    "time to 90 % of a step": float(np.log(10)),
    "FFmpeg acompressor (knee=1:detection=peak)": 4.0,
}
JUCE = "JUCE and pedalboard (Compressor)"
_HEARD_DB = -60.0  # of the loudest frame
_STARTS = (0.3, 1.0, 3.0)  # times the time that the filter's time constant would ask for
_SHIFTS_DB = (-6.0, -2.0)  # the level of a filtered peak is below the peak's
_LOWEST = np.array([-100.0, 0.0, np.log(0.01), np.log(0.1), -30.0])
_HIGHEST = np.array([0.0, 0.9989, np.log(1e4), np.log(1e5), 30.0])
_SMALL = 1e-2  # step of a derivative: dB, slope, logarithms; float32 curves allow no less


@dataclass(frozen=True)
class Equivalent:
    """A row of the table of settings for other compressors.

    Attributes
    ----------
    compressor : str
    threshold_db, ratio, attack_ms, release_ms, makeup_db : float
    difference_db : float or None
        Root mean square difference of the gain curves where the loop is heard; None where nothing
        but the name of the time differs, or it was not measured.
    """

    compressor: str
    threshold_db: float
    ratio: float
    attack_ms: float
    release_ms: float
    makeup_db: float
    difference_db: float | None = None


def equivalents(
    settings: dict[str, float], loop: np.ndarray, *, sample_rate: int
) -> list[Equivalent]:
    """Convert settings of this project's compressor for others.

    Parameters
    ----------
    settings : dict
        `threshold_db`, `ratio`, `attack_ms`, `release_ms`, `makeup_db`.
    loop : ndarray, shape (samples,), float32, full scale 1.0
        What is compressed.
    sample_rate : int, Hz

    Returns
    -------
    list of Equivalent
        The first row is this project's own.
    """
    rows = [
        Equivalent(
            name,
            settings["threshold_db"],
            settings["ratio"],
            factor * settings["attack_ms"],
            factor * settings["release_ms"],
            settings["makeup_db"],
        )
        for name, factor in TIMES_OF_A_TIME_CONSTANT.items()
    ]
    return [*rows, juce_equivalent(settings, loop, sample_rate=sample_rate)]


def juce_equivalent(
    settings: dict[str, float], loop: np.ndarray, *, sample_rate: int
) -> Equivalent:
    """Fit JUCE's settings to the gain curve of this project's; the arguments as `equivalents`."""
    wanted = _gain_curve(settings, loop, sample_rate)
    frames = wanted.size
    power = np.square(loop[: frames * FRAME].reshape(frames, FRAME)).mean(axis=1)
    heard = power > 10 ** (_HEARD_DB / 10) * power.max()

    def differences(at: np.ndarray) -> np.ndarray:
        """Return wanted minus actual gain of settings, shape (n, 5), where the loop is heard."""
        threshold, slope, log_attack, log_release, makeup = at.T
        times = np.exp(log_attack), np.exp(log_release)
        gain = gain_db(
            loop, threshold, 1 / (1 - slope), *times, sample_rate=sample_rate, every=FRAME
        )
        return (wanted - gain - makeup[:, None])[:, heard]

    def derivatives(at: np.ndarray) -> np.ndarray:
        inwards = np.where(at + _SMALL <= _HIGHEST, _SMALL, -_SMALL)
        nearby = differences(np.vstack([at, at + np.diag(inwards)]))
        return ((nearby[1:] - nearby[0]) / inwards[:, None]).T

    starts = np.array(
        [
            [
                settings["threshold_db"] + shift,
                1 - 1 / settings["ratio"],
                np.log(2 * np.pi * attack * settings["attack_ms"]),
                np.log(2 * np.pi * release * settings["release_ms"]),
                0.0,
            ]
            for shift in _SHIFTS_DB
            for attack in _STARTS
            for release in _STARTS
        ]
    )
    starts = np.clip(starts, _LOWEST + 1e-6, _HIGHEST - 1e-6)
    begin = starts[np.square(differences(starts)).sum(axis=1).argmin()]
    fit = least_squares(
        lambda at: differences(at[None])[0],
        begin,
        derivatives,
        bounds=(_LOWEST, _HIGHEST),
        x_scale=[3.0, 0.1, 0.5, 0.5, 1.0],
        max_nfev=25,
        ftol=1e-4,
    )
    threshold, slope, log_attack, log_release, makeup = fit.x
    return Equivalent(
        JUCE,
        float(threshold),
        float(1 / (1 - slope)),
        float(np.exp(log_attack)),
        float(np.exp(log_release)),
        float(settings["makeup_db"] + makeup),
        float(np.sqrt(np.mean(np.square(fit.fun)))),
    )


def _gain_curve(settings: dict[str, float], loop: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return this project's gain at the last sample of every frame, make-up not counted, in dB."""
    last = np.zeros(loop.size)
    last[FRAME - 1 :: FRAME] = 1.0
    means = np.empty((loop.size // FRAME, LANES))
    threshold, attack, release = (
        np.full(LANES, value)
        for value in (
            settings["threshold_db"],
            -np.expm1(-1000 / (settings["attack_ms"] * sample_rate)),
            -np.expm1(-1000 / (settings["release_ms"] * sample_rate)),
        )
    )
    mean_overshoot(level_db(loop), last, threshold, attack, release, means)
    return -(1 - 1 / settings["ratio"]) * means[:, 0]
