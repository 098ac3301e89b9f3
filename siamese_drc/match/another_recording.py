"""Settings where the references are other recordings: estimates of the learnt model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from siamese_drc.compressor.compressor import compress, max_gain_reduction_db
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.match.answer import ANOTHER_RECORDING, MAKEUP, NO_ANSWER, Answer, Estimate
from siamese_drc.match.dynamics import dynamics, loudness_lufs
from siamese_drc.match.model import MatchModel

_LEAST_REDUCTION_DB = 1.0  # largest gain reduction below which there is no audible compression
_STRANGER = 1.1  # times the largest deviation in training, above which the model is not applied
_DETERMINED = 0.6  # of the range of the training settings: widest interval of a determined setting
_RANGES = {
    "threshold_db": 40.0,
    "attack_ms": np.log(100),
    "release_ms": np.log(100),
    "ratio": 1.0,
}


def another_recording(
    loop: np.ndarray,
    references: Sequence[np.ndarray],
    *,
    sample_rate: int,
    weights: Sequence[float],
    lock: Mapping[str, float],
    model: MatchModel,
) -> Answer:
    """Return estimates of the settings that give a loop the dynamics of other recordings.

    The level of a reference has no influence on them: the features are relative to the loudness,
    and so is the estimated threshold.

    Parameters
    ----------
    loop : ndarray, shape (samples,), full scale 1.0
    references : sequence of ndarray, shape (samples,)
    sample_rate : int, Hz
        Of all of them.
    weights : sequence of float, sum 1
        How much each reference counts.
    lock : mapping of str to float
        Settings that are not to be estimated, by name.
    model : MatchModel
        As `read_model` gives it.

    Returns
    -------
    Answer
        `makeup_db` brings the loop, compressed, to the loudness of the references.
    """
    loudness = loudness_lufs(loop, sample_rate=sample_rate)
    of_loop = dynamics(loop, sample_rate=sample_rate)
    of_references = np.stack([dynamics(one, sample_rate=sample_rate) for one in references])
    strangest = float(model.strangeness(np.stack([of_loop, *of_references])).max())
    if strangest > _STRANGER * model.strangest:
        why = "loop or reference differ too much from the recordings that the model was trained on"
        return Answer(NO_ANSWER, warnings=[why])
    values, lows, highs = model.estimate(np.tile(of_loop, (len(references), 1)), of_references)
    # References that contradict each other give a wider interval.
    value, low, high = _averaged(values, weights), lows.min(axis=0), highs.max(axis=0)
    estimates = {
        name: Estimate(*(float(ends[number]) for ends in (value, low, high)))
        for number, name in enumerate(PARAMETERS)
    }
    threshold = estimates["threshold_db"]
    estimates["threshold_db"] = Estimate(
        *(min(loudness + part, 0.0) for part in (threshold.value, threshold.low, threshold.high))
    )
    estimates |= {name: Estimate.known(value) for name, value in lock.items()}
    settings = Settings(**{name: estimates[name].value for name in PARAMETERS})
    reduction = float(max_gain_reduction_db(loop, settings, sample_rate=sample_rate)[0])
    if reduction < _LEAST_REDUCTION_DB:
        why = "the reference is not more compressed than the loop"
        return Answer(NO_ANSWER, warnings=[why])
    makeup = _makeup_db(loop, references, weights, settings, sample_rate)
    return Answer(
        ANOTHER_RECORDING,
        {**estimates, MAKEUP: Estimate.known(makeup)},
        _poorly_determined(estimates, lock),
    )


def _averaged(rows: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """Return the weighted mean of settings (references, 4): of 1/R and of logarithmic times."""
    threshold, ratio, attack, release = rows.T
    shares = np.asarray(weights)
    return np.array(
        [
            shares @ threshold,
            1 / (shares @ (1 / ratio)),
            np.exp(shares @ np.log(attack)),
            np.exp(shares @ np.log(release)),
        ]
    )


def _makeup_db(
    loop: np.ndarray,
    references: Sequence[np.ndarray],
    weights: Sequence[float],
    settings: Settings,
    sample_rate: int,
) -> float:
    """Return the gain that brings the compressed loop to the references' loudness."""
    compressed = compress(loop, settings, sample_rate=sample_rate)[0]
    wanted = [loudness_lufs(one, sample_rate=sample_rate) for one in references]
    return float(np.dot(weights, wanted)) - loudness_lufs(compressed, sample_rate=sample_rate)


def _poorly_determined(estimates: Mapping[str, Estimate], lock: Mapping[str, float]) -> list[str]:
    """Return a sentence for each setting with a wide interval that is not locked."""
    widths = {}
    for name, setting in estimates.items():
        if name == "threshold_db":
            widths[name] = setting.high - setting.low
        elif name == "ratio":
            widths[name] = 1 / setting.low - 1 / setting.high
        else:
            widths[name] = float(np.log(setting.high / setting.low))
    return [
        f"{name}: poorly determined by the reference, see its interval"
        for name, whole in _RANGES.items()
        if name not in lock and widths[name] > _DETERMINED * whole
    ]
