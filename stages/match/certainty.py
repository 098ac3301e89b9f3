"""How well the settings of a fit are known, as intervals and in words."""

from __future__ import annotations

import numpy as np

from stages.match.answer import Estimate
from stages.match.coordinates import NAMES, to_settings
from stages.match.gain_fit import HIGHEST, LOWEST, GainFit

_NINE_OF_TEN = 1.645  # standard deviations of a normal distribution
# The covariance is linear and takes the weights as known. On rendered loops whose settings are
# known, rounded or coded, intervals this much wider hold nine times of ten.
_WIDER = 2.0
# Half an interval is at least this, in dB and shares: nobody can set a knob more finely.
_FINEST = np.array([0.005, 0.0005, 0.002, 0.002, 0.005])
# The full interval above which a setting is not told: in dB, or as a share of the value.
_TOLD = {"threshold_db": 2.0, "makeup_db": 2.0, "ratio": 0.5, "attack_ms": 0.5, "release_ms": 0.5}
_LEAST = {"ratio": 0.3, "attack_ms": 3.0, "release_ms": 15.0}
_REASONS = {
    "threshold_db": "the loop is hardly ever heard both above and below it",
    "ratio": "the level hardly crosses the threshold, or not by much",
    "attack_ms": "nothing in the loop rises fast above the threshold",
    "release_ms": "the gain hardly recovers anywhere, as after a single hit",
    "makeup_db": "hardly anything in the loop is left uncompressed",
}
_WORDS = {
    "threshold_db": ("threshold", " dB"),
    "ratio": ("ratio", ""),
    "attack_ms": ("attack", " ms"),
    "release_ms": ("release", " ms"),
    "makeup_db": ("make-up gain", " dB"),
}


def estimates(fit: GainFit, fixed: np.ndarray, *, sample_rate: int) -> dict[str, Estimate]:
    """Turn a fit into settings and the intervals in which they lie nine times of ten.

    Parameters
    ----------
    fit : GainFit
    fixed : ndarray, shape (5,)
        What was known, NaN where nothing was.
    sample_rate : int, Hz

    Returns
    -------
    dict from name to Estimate
    """
    spread = _WIDER * _NINE_OF_TEN * np.sqrt(np.diag(fit.covariance))
    spread = np.where(np.isnan(fixed), np.hypot(spread, _FINEST), 0.0)
    values, lows, highs = (
        to_settings(at, sample_rate=sample_rate)
        for at in (
            fit.at,
            np.clip(fit.at - spread, LOWEST, HIGHEST),
            np.clip(fit.at + spread, LOWEST, HIGHEST),
        )
    )
    return {name: Estimate(values[name], lows[name], highs[name]) for name in NAMES}


def what_it_cannot_tell(settings: dict[str, Estimate], lock: dict[str, float]) -> list[str]:
    """Return a sentence for each setting that the audio does not tell and nobody locked."""
    sentences = []
    for name, setting in settings.items():
        relative = 1.0 if name.endswith("_db") else setting.value
        allowed = max(_TOLD[name] * relative, _LEAST.get(name, 0.0))
        if name not in lock and setting.high - setting.low > allowed:
            word, unit = _WORDS[name]
            sentences.append(
                f"The audio does not tell the {word}: {_REASONS[name]}; anything from "
                f"{setting.low:.3g} to {setting.high:.3g}{unit} fits."
            )
    return sentences
