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
from siamese_drc.match.dynamics import absolute, dynamics, frames, loudness_lufs
from siamese_drc.match.model import AUDIBLE_DB, MatchModel, scaled, unscaled
from siamese_drc.match.sound import loudest_part

_STRANGER = 1.1  # times the largest deviation in training, above which the model is not applied
_DETERMINED = 0.6  # of the range of the training settings: widest interval of a determined setting
_LONGEST_S = 30.0  # of a recording whose dynamics are measured: the loudest
_SILENT_DB = -60.0  # below the loudest frame
_SILENT_S = 0.5  # of silence within a recording that is cut out; at its ends all silence is
_FRAME_S = 0.01
_SOLVED_S = 10.0  # of the loop on which settings are solved anew under a lock
_EVERY = 32  # samples
# Between which settings are solved anew; the larger ratio is the smaller scaled one.
_BOUNDS = scaled(np.array([[-80.0, 100.0, 0.05, 5.0], [0.0, 1.0, 250.0, 5000.0]]))


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

    All signals have the shape (samples,), and the sum of the weights is 1. `makeup_db` brings the
    loop, compressed, to the loudness of the references; `Answer.references` holds the weight of
    each and what it says alone, without names.
    """
    loop, *references = (heard(one, sample_rate=sample_rate) for one in (loop, *references))
    of_loop, *of_references = (
        dynamics(one, sample_rate=sample_rate) for one in (loop, *references)
    )
    strangest = float(model.network.strangeness(np.stack([of_loop, *of_references])).max())
    if strangest > _STRANGER * model.strangest:
        why = "loop or reference differ too much from the recordings that the model was trained on"
        return Answer(NO_ANSWER, warnings=[why])
    loudness = loudness_lufs(loop, sample_rate=sample_rate)
    found = model.estimate(np.tile(of_loop, (len(references), 1)), np.stack(of_references))
    shares = np.asarray(weights)
    said = [
        ReferenceAnswer("", weight, dict(zip(PARAMETERS, map(float, row), strict=True)))
        for row, weight in zip(absolute(found.value, loudness), weights, strict=True)
    ]
    if shares @ found.score < model.least_score:
        why = "the reference does not sound compressed: uncompressed recordings have such dynamics"
        return Answer(NO_ANSWER, warnings=[why], references=said)
    # References that contradict each other give a wider interval.
    value = unscaled(shares @ scaled(found.value))
    rows = np.stack([value, found.low.min(axis=0), found.high.max(axis=0)])
    widths = np.abs(scaled(rows[2]) - scaled(rows[1]))
    rows = _under_lock(loop, absolute(rows, loudness), lock, sample_rate)
    estimates = {
        name: Estimate(*map(float, column)) for name, column in zip(PARAMETERS, rows.T, strict=True)
    }
    settings = Settings(*rows[0])
    reduction = float(max_gain_reduction_db(loop, settings, sample_rate=sample_rate)[0])
    if reduction < AUDIBLE_DB:
        why = "the reference is not more compressed than the loop"
        return Answer(NO_ANSWER, warnings=[why], references=said)
    compressed = compress(loop, settings, sample_rate=sample_rate)[0]
    wanted = shares @ [loudness_lufs(one, sample_rate=sample_rate) for one in references]
    makeup = float(wanted) - loudness_lufs(compressed, sample_rate=sample_rate)
    return Answer(
        ANOTHER_RECORDING,
        {**estimates, MAKEUP: Estimate.known(makeup)},
        [
            f"{name}: poorly determined by the reference, see its interval"
            for name, width in zip(PARAMETERS, widths, strict=True)
            if name not in lock and width > _DETERMINED
        ],
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
    power = np.square(frames(signal, frame)).mean(axis=1)
    sounds = np.flatnonzero(power > 10 ** (_SILENT_DB / 10) * power.max())
    parts = np.split(sounds, np.flatnonzero(np.diff(sounds) > _SILENT_S / _FRAME_S) + 1)
    music = np.concatenate([signal[part[0] * frame : (part[-1] + 1) * frame] for part in parts])
    if music.size >= SHORTEST_S * sample_rate:  # less is a click, whose silence is part of it
        signal = music
    return signal[loudest_part(signal, round(_LONGEST_S * sample_rate))]


def _under_lock(
    loop: np.ndarray, rows: np.ndarray, lock: Mapping[str, float], sample_rate: int
) -> np.ndarray:
    """Return settings and the ends of their intervals with some locked, the others solved anew.

    They are those that come closest to the gain of the settings on the loop; a constant gain does
    not count, because the make-up gain follows. Intervals move along with their values.
    """
    from scipy.optimize import least_squares

    free = np.array([name not in lock for name in PARAMETERS])
    given = np.array([lock.get(name, 1.0) for name in PARAMETERS])
    before, locked = scaled(rows[0]), scaled(np.where(free, rows[0], given))
    moved = np.zeros(len(PARAMETERS))
    if free.any() and (locked != before).any():
        part = loop[loudest_part(loop, round(_SOLVED_S * sample_rate))]
        weight = np.abs(part[::_EVERY]) + 1e-9
        weight = np.sqrt(weight / weight.sum())

        def curve(row: np.ndarray) -> np.ndarray:
            gain = gain_reduction_db(part, Settings(*row), sample_rate=sample_rate)[0, ::_EVERY]
            return weight * (gain - np.square(weight) @ gain)

        def residual(values: np.ndarray) -> np.ndarray:
            point = locked.copy()
            point[free] = values
            return curve(np.where(free, unscaled(point), given)) - wanted

        wanted, bounds = curve(rows[0]), _BOUNDS[:, free]
        solved = least_squares(
            residual,
            np.clip(before[free], *bounds),
            bounds=bounds + np.array([[-1e-9], [1e-9]]),
            diff_step=1e-3,
            max_nfev=20,
        )
        moved[free] = solved.x - before[free]
    return np.where(free, unscaled(np.clip(scaled(rows) + moved, *_BOUNDS)), given)
