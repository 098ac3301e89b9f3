"""How well settings are found again after what happens to references on their way to a user."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stages.compress.compressor import compress
from stages.compress.settings import Settings
from stages.match.answer import SAME_PERFORMANCE
from stages.match.juce_ballistics import gain_db
from stages.match.same_performance import same_performance
from stages.match.variants import VARIANTS, as_24_bits

RMS_DETECTOR = "RMS detector"
JUCE_BALLISTICS = "pedalboard's compressor"
_PARAMETERS = ("threshold_db", "ratio", "attack_ms", "release_ms")
COLUMNS = ("variant", "parameter", "clips", "solved", "median_error", "error_90", "coverage")


def robustness(loops: list[np.ndarray], settings: Settings, *, sample_rate: int) -> pd.DataFrame:
    """Compress loops, spoil them in every way and find their settings again.

    Parameters
    ----------
    loops : list of n ndarrays, shape (samples,), float32, full scale 1.0
    settings : Settings, n rows
        Of each loop.
    sample_rate : int, Hz

    Returns
    -------
    DataFrame, a row per variant and parameter, with the columns `COLUMNS`
        `solved`: share of the clips that were taken for the same performance and had an answer.
        Of these: median and 90 % quantile of the absolute error in the parameter's unit, and the
        share of intervals that hold the truth. The truth for pedalboard's compressor is its
        threshold and ratio, and its times over 2 pi.
    """
    outcomes: dict[str, list[np.ndarray | None]] = {}
    for row, loop in enumerate(loops):
        setting = settings[row : row + 1]
        true = np.array([getattr(setting, name)[0] for name in _PARAMETERS])
        clip = compress(loop, setting, sample_rate=sample_rate)[0]
        references = {name: spoil(clip, sample_rate) for name, spoil in VARIANTS.items()}
        held = compress(loop, setting, sample_rate=sample_rate, detector="rms")[0]
        references[RMS_DETECTOR] = as_24_bits(held, sample_rate)
        references[JUCE_BALLISTICS] = as_24_bits(
            _compressed_by_juce(loop, setting, sample_rate), sample_rate
        )
        for name, reference in references.items():
            outcome = _outcome(loop, reference, true, sample_rate)
            outcomes.setdefault(name, []).append(outcome)
    tables = [_summary(name, found) for name, found in outcomes.items()]
    return pd.DataFrame([row for table in tables for row in table], columns=list(COLUMNS))


def _compressed_by_juce(loop: np.ndarray, setting: Settings, sample_rate: int) -> np.ndarray:
    gain = gain_db(
        loop,
        setting.threshold_db,
        setting.ratio,
        2 * np.pi * setting.attack_ms,
        2 * np.pi * setting.release_ms,
        sample_rate=sample_rate,
    )[0]
    return (loop * 10 ** (gain / 20)).astype(np.float32)


def _outcome(
    loop: np.ndarray, reference: np.ndarray, true: np.ndarray, sample_rate: int
) -> np.ndarray | None:
    """Return errors and whether the intervals hold, shape (2, 4), or None without an answer."""
    answer = same_performance(loop, reference, sample_rate=sample_rate)
    if answer is None or answer.situation != SAME_PERFORMANCE:
        return None
    found = [answer.settings[name] for name in _PARAMETERS]
    errors = [abs(one.value - value) for one, value in zip(found, true, strict=True)]
    held = [one.low <= value <= one.high for one, value in zip(found, true, strict=True)]
    return np.array([errors, held])


def _summary(variant: str, outcomes: list[np.ndarray | None]) -> list[tuple]:
    answered = [outcome for outcome in outcomes if outcome is not None]
    of_answered = np.array(answered) if answered else np.full((1, 2, 4), np.nan)
    errors, held = of_answered[:, 0], of_answered[:, 1]
    solved = len(answered) / len(outcomes)
    rows = zip(
        _PARAMETERS,
        np.median(errors, axis=0),
        np.quantile(errors, 0.9, axis=0),
        held.mean(axis=0),
        strict=True,
    )
    return [
        (variant, name, len(outcomes), solved, float(middle), float(high), float(share))
        for name, middle, high, share in rows
    ]
