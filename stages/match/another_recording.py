"""The second situation: the reference is another recording, of something like the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stages.common.params import PARAMETERS
from stages.compress.compressor import compress, max_gain_reduction_db
from stages.compress.settings import Settings
from stages.match.answer import ANOTHER_RECORDING, NO_ANSWER, Answer, Estimate
from stages.match.dynamics import dynamics
from stages.match.loudness import loudness_lufs
from stages.match.model import MatchModel

_LEAST_REDUCTION_DB = 1.0  # at its highest: less is not heard as compression
_STRANGER = 1.1  # times what training has seen: a recording that nothing can be said of
_TOLD = 0.6  # of the range from which settings are drawn: a wider interval tells nothing
_RANGES = {"threshold_db": 40.0, "attack_ms": np.log(100), "release_ms": np.log(100)}


def another_recording(
    loop: np.ndarray,
    references: Sequence[np.ndarray],
    *,
    sample_rate: int,
    weights: Sequence[float],
    lock: Mapping[str, float],
    model: MatchModel,
) -> Answer:
    """Estimate the settings that give a loop the dynamics of other recordings.

    Levels tell nothing: loop and references are brought to one loudness first. The threshold is
    as far from the loop's loudness as the reference's was from that of what was compressed.

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
        why = "loop and reference are of no kind that the model knows: nothing can be told"
        return Answer(NO_ANSWER, warnings=[why])
    values, lows, highs = model.estimate(np.tile(of_loop, (len(references), 1)), of_references)
    # References that contradict each other widen the interval.
    value, low, high = _averaged(values, weights), lows.min(axis=0), highs.max(axis=0)
    estimates = {
        name: Estimate(*(float(ends[number]) for ends in (value, low, high)))
        for number, name in enumerate(PARAMETERS)
    }
    threshold = estimates["threshold_db"]
    estimates["threshold_db"] = Estimate(
        *(min(loudness + part, 0.0) for part in (threshold.value, threshold.low, threshold.high))
    )
    estimates |= {name: Estimate(fixed, fixed, fixed) for name, fixed in lock.items()}
    settings = Settings(**{name: estimates[name].value for name in PARAMETERS})
    reduction = float(max_gain_reduction_db(loop, settings, sample_rate=sample_rate)[0])
    if reduction < _LEAST_REDUCTION_DB:
        why = "the reference is not more compressed than the loop"
        return Answer(NO_ANSWER, warnings=[why])
    makeup = _makeup_db(loop, references, weights, settings, sample_rate)
    return Answer(
        ANOTHER_RECORDING,
        {**estimates, "makeup_db": Estimate(makeup, makeup, makeup)},
        _warnings(estimates, lock),
    )


def _averaged(rows: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """Average settings (references, 4) as they sound: 1/R, and the times on a log scale."""
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


def _warnings(estimates: Mapping[str, Estimate], lock: Mapping[str, float]) -> list[str]:
    """Name what the audio does not tell."""
    found = []
    for name, whole in _RANGES.items():
        estimate = estimates[name]
        wide = (
            estimate.high - estimate.low
            if name == "threshold_db"
            else np.log(estimate.high / estimate.low)
        )
        if name not in lock and wide > _TOLD * whole:
            found.append(f"{name}: the reference hardly tells it, see its interval")
    ratio = estimates["ratio"]
    if "ratio" not in lock and 1 / ratio.low - 1 / ratio.high > _TOLD:
        found.append("ratio: the reference hardly tells it, see its interval")
    return found
