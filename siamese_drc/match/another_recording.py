"""Settings where the references are other recordings: estimates of the learnt model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from siamese_drc.audio import SHORTEST_S
from siamese_drc.compressor.compressor import (
    compress,
    gain_reduction_db,
    max_gain_reduction_db,
)
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.match.answer import (
    ANOTHER_RECORDING,
    MAKEUP,
    NO_ANSWER,
    Answer,
    Estimate,
    ReferenceAnswer,
)
from siamese_drc.match.dynamics import dynamics, loudness_lufs
from siamese_drc.match.model import MatchModel

_LEAST_REDUCTION_DB = 1.0  # largest gain reduction below which there is no audible compression
_STRANGER = 1.1  # times the largest deviation in training, above which the model is not applied
_DETERMINED = 0.6  # of the range of the training settings: widest interval of a determined setting
_LONGEST_S = 30.0  # of a recording whose dynamics are measured: the loudest
_SILENT_DB = -60.0  # below the loudest frame
_SILENT_S = 0.5  # of silence within a recording that is cut out; at its ends all silence is
_FRAME_S = 0.01
_SOLVED_S = 10.0  # of the loop on which settings are solved anew under a lock
_EVERY = 32  # samples
_BOUNDS = {
    "threshold_db": (-80.0, 0.0),
    "ratio": (0.0, 0.99),
    "attack_ms": (np.log(0.05), np.log(250)),
    "release_ms": (np.log(5), np.log(5000)),
}
_SCALES = {"threshold_db": 10.0, "ratio": 0.3, "attack_ms": 1.0, "release_ms": 1.0}
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
    and so is the estimated threshold. Nor has silence before, after or between the music. Under a
    lock, the other settings are those that come closest to the gain of the estimate without it.

    Parameters
    ----------
    loop : ndarray, shape (samples,), full scale 1.0
    references : sequence of ndarray, shape (samples,)
    sample_rate : int, Hz
        Of all of them.
    weights : sequence of float, sum 1
        How much each reference counts.
    lock : mapping of str to float
        Settings that are given, by name.
    model : MatchModel
        As `read_model` gives it.

    Returns
    -------
    Answer
        `makeup_db` brings the loop, compressed, to the loudness of the references; `references`
        holds the weight of each and what it says alone, without names.
    """
    loop = heard(loop, sample_rate=sample_rate)
    references = [heard(one, sample_rate=sample_rate) for one in references]
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
    said = [_said_alone(row, share, loudness) for row, share in zip(values, weights, strict=True)]
    estimates = _under_lock(loop, estimates, lock, sample_rate)
    settings = Settings(**{name: estimates[name].value for name in PARAMETERS})
    reduction = float(max_gain_reduction_db(loop, settings, sample_rate=sample_rate)[0])
    if reduction < _LEAST_REDUCTION_DB:
        why = "the reference is not more compressed than the loop"
        return Answer(NO_ANSWER, warnings=[why], references=said)
    makeup = _makeup_db(loop, references, weights, settings, sample_rate)
    return Answer(
        ANOTHER_RECORDING,
        {**estimates, MAKEUP: Estimate.known(makeup)},
        _poorly_determined(estimates, lock),
        references=said,
    )


def heard(signal: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Return a recording without silence, at its ends or longer within, and its loudest 30 s.

    Examples
    --------
    >>> music = np.random.default_rng(0).normal(0, 0.1, 44100)
    >>> silence = np.zeros(44100)
    >>> with_gap = np.concatenate([silence, music, silence, music, silence])
    >>> heard(with_gap, sample_rate=44100).size
    88200
    """
    frame = max(round(_FRAME_S * sample_rate), 1)
    power = np.square(signal[: signal.size // frame * frame].reshape(-1, frame)).mean(axis=1)
    sounds = np.flatnonzero(power > 10 ** (_SILENT_DB / 10) * power.max())
    gaps = np.flatnonzero(np.diff(sounds) > _SILENT_S / _FRAME_S)
    firsts = [sounds[0], *sounds[gaps + 1]]
    lasts = [*sounds[gaps], sounds[-1]]
    parts = [
        signal[first * frame : (last + 1) * frame]
        for first, last in zip(firsts, lasts, strict=True)
    ]
    music = np.concatenate(parts)
    if music.size >= SHORTEST_S * sample_rate:  # less is a click, whose silence is part of it
        signal = music
    return _loudest(signal, round(_LONGEST_S * sample_rate))


def _loudest(signal: np.ndarray, longest: int) -> np.ndarray:
    """Return the stretch of a signal with the most energy, or all of a short one."""
    if signal.size <= longest:
        return signal
    energy = np.concatenate([[0.0], np.cumsum(np.square(signal, dtype=np.float64))])
    start = int(np.argmax(energy[longest:] - energy[:-longest]))
    return signal[start : start + longest]


def _said_alone(row: np.ndarray, weight: float, loudness: float) -> ReferenceAnswer:
    settings = dict(zip(PARAMETERS, map(float, row), strict=True))
    settings["threshold_db"] = min(settings["threshold_db"] + loudness, 0.0)
    return ReferenceAnswer("", weight, settings)


def _under_lock(
    loop: np.ndarray, estimates: dict[str, Estimate], lock: Mapping[str, float], sample_rate: int
) -> dict[str, Estimate]:
    """Return the estimates with some locked, and the others solved anew.

    They are those that come closest to the gain of the estimates on the loop; a constant gain does
    not count, because the make-up gain follows. Intervals move along with their values.
    """
    from scipy.optimize import least_squares

    free = [name for name in PARAMETERS if name not in lock]
    before = {name: estimates[name].value for name in PARAMETERS}
    if not lock or not free or before == {**before, **lock}:
        return {**estimates, **{name: Estimate.known(value) for name, value in lock.items()}}
    part = _loudest(loop, round(_SOLVED_S * sample_rate))
    weight = np.abs(part[::_EVERY]) + 1e-9
    weight = np.sqrt(weight / weight.sum())

    def curve(settings: Mapping[str, float]) -> np.ndarray:
        row = Settings(**{name: [settings[name]] for name in PARAMETERS})
        gain = gain_reduction_db(part, row, sample_rate=sample_rate)[0, ::_EVERY]
        return weight * (gain - np.square(weight) @ gain)

    def settings_at(point: np.ndarray) -> dict[str, float]:
        found = {name: _from_linear(name, value) for name, value in zip(free, point, strict=True)}
        return {**found, **lock}

    wanted = curve(before)
    bounds = np.array([_BOUNDS[name] for name in free]).T
    start = np.clip([_linear(name, before[name]) for name in free], *bounds)
    solved = least_squares(
        lambda point: curve(settings_at(point)) - wanted,
        start,
        bounds=bounds + np.array([[-1e-9], [1e-9]]),
        diff_step=1e-3,
        x_scale=[_SCALES[name] for name in free],
        max_nfev=20,
    )
    moved = {
        name: value - _linear(name, before[name])
        for name, value in zip(free, solved.x, strict=True)
    }
    return {
        name: Estimate.known(lock[name])
        if name in lock
        else Estimate(
            *(
                _from_linear(name, float(np.clip(_linear(name, end) + moved[name], *_BOUNDS[name])))
                for end in (one.value, one.low, one.high)
            )
        )
        for name, one in estimates.items()
    }


def _linear(name: str, value: float) -> float:
    """Return a setting on the scale on which it is solved: dB, 1 - 1/R or the log of a time."""
    if name == "threshold_db":
        return value
    return 1 - 1 / value if name == "ratio" else float(np.log(value))


def _from_linear(name: str, value: float) -> float:
    if name == "threshold_db":
        return float(value)
    return float(1 / (1 - value)) if name == "ratio" else float(np.exp(value))


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
