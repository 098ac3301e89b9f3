"""Settings where the reference is the loop itself, compressed.

Loop and reference are aligned, and `pair_fit` finds the compressor that explains the gain between
them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from siamese_drc.compressor.compressor import channel_mean
from siamese_drc.match.alignment import MOST_RESIDUAL_DB, Alignment, align
from siamese_drc.match.answer import (
    ANOTHER_RECORDING,
    NO_ANSWER,
    SAME_PERFORMANCE,
    Answer,
    Estimate,
    Position,
)
from siamese_drc.match.families import FAMILIES
from siamese_drc.match.pair_fit import PairFit, clipped_samples, fit_pair

_POORLY_EXPLAINED_DB = -17.0  # power left, relative to the reference, above which a warning says so
_MOST_CLIPPED = 0.02  # share of samples
# A coder at a low bit rate replaces much of the waveform, but the gain still follows a compressor:
# from this share of its variance explained, more of the reference's power may be left. Of a stem
# beside its own mix, a compressor explains little.
_CODED_EXPLAINED, _CODED_LEFT_DB = 0.5, -5.0
# The full interval above which a setting is poorly determined: in dB, or as a share of the value.
_DETERMINED = {
    "threshold_db": 2.0,
    "ratio": 0.5,
    "attack_ms": 0.5,
    "release_ms": 0.5,
    "makeup_db": 2.0,
    "knee_db": 6.0,
}
_LEAST = {"ratio": 0.3, "attack_ms": 3.0, "release_ms": 15.0}
_WORDS = {
    "threshold_db": ("threshold", " dB", "the level is hardly ever both above and below it"),
    "ratio": ("ratio", "", "the level hardly exceeds the threshold"),
    "attack_ms": ("attack", " ms", "the level rises fast above the threshold nowhere"),
    "release_ms": ("release", " ms", "the gain hardly recovers anywhere, as after a single hit"),
    "makeup_db": ("make-up gain", " dB", "hardly any of the loop is uncompressed"),
    "knee_db": ("knee", " dB", "the level is hardly ever near the threshold"),
}


def same_performance(
    loop: np.ndarray,
    reference: np.ndarray,
    *,
    sample_rate: int,
    lock: Mapping[str, float] | None = None,
) -> Answer | None:
    """Return the settings that turn a loop into a reference.

    The reference may be shifted, scaled, inverted, rounded to 16 bits, resampled, lossy-coded,
    limited or clipped.

    Parameters
    ----------
    loop, reference : ndarray, shape (samples,) or (channels, samples), float32, full scale 1.0
        Each of its own length. Where both have several channels, and as many, it is found how they
        are linked; otherwise the channels are averaged.
    sample_rate : int, Hz
        Of both.
    lock : mapping of str to float, optional
        Settings that are known, by their names in `Answer.settings`.

    Returns
    -------
    Answer or None
        None where the reference is not the loop itself; with the situation `ANOTHER_RECORDING` and
        the reason where it only contains it. The situation is `NO_ANSWER` where it is the loop, but
        not more compressed, or clipped throughout.
    """
    alignment = align(loop, reference, sample_rate=sample_rate)
    if alignment is None or not alignment.same_performance:
        return None
    dry, wet = np.atleast_2d(alignment.loop), np.atleast_2d(alignment.reference)
    if len(dry) != len(wet):
        dry, wet = (channel_mean(signal)[np.newaxis] for signal in (dry, wet))
    clipped = clipped_samples(wet).mean()
    if clipped > _MOST_CLIPPED:
        reason = f"The reference clips in {100 * clipped:.0f} % of its samples."
        return Answer(NO_ANSWER, warnings=[reason])
    fit = fit_pair(dry, wet, sample_rate=sample_rate, lock=lock, from_start=alignment.start == 0)
    if fit.left_db > (MOST_RESIDUAL_DB if fit.explained < _CODED_EXPLAINED else _CODED_LEFT_DB):
        reason = (
            f"The reference contains the loop, but is not the loop compressed: what lies"
            f" {-fit.left_db:.0f} dB below it is something else; in the same performance that is at"
            f" least {-MOST_RESIDUAL_DB:.0f} dB below it."
        )
        return Answer(ANOTHER_RECORDING, warnings=[reason], residual_db=fit.left_db)
    if not fit.compressed:
        reason = (
            "The reference is the loop itself and not more compressed: its gain is constant, or"
            " does not change as that of a compressor."
        )
        return Answer(NO_ANSWER, warnings=[reason], unexplained_db=fit.unexplained_db)
    warnings = _about_the_reference(alignment, fit, bool(clipped))
    return Answer(
        SAME_PERFORMANCE,
        fit.settings,
        [*warnings, *_poorly_determined(fit.settings, lock or {})],
        family=fit.family,
        link=fit.link,
        families=fit.families,
        unexplained_db=fit.unexplained_db,
        start_db=fit.start_db,
        residual_db=fit.left_db,
        position=Position(
            delay_s=alignment.delay_s,
            speed=alignment.speed,
            inverted=alignment.inverted,
            start_s=alignment.start / sample_rate,
            seconds=alignment.loop.shape[-1] / sample_rate,
        ),
    )


def _about_the_reference(alignment: Alignment, fit: PairFit, clipped: bool) -> list[str]:
    warnings = []
    if alignment.inverted:
        warnings.append("The reference's polarity is inverted.")
    if alignment.speed != 1:
        warnings.append(
            f"The reference runs {100 * abs(alignment.speed - 1):.3g} %"
            f" {'faster' if alignment.speed > 1 else 'slower'} than the loop; it was resampled."
        )
    if clipped:
        warnings.append("The reference clips; its clipped samples were left out.")
    if fit.family != "branching":
        better_db = fit.families["branching"] - fit.unexplained_db
        warnings.append(
            f"Another design of compressor explains the reference better, by {better_db:.2g} dB of"
            f" gain: {FAMILIES[fit.family]}. The settings are for that design."
        )
    if fit.left_db > _POORLY_EXPLAINED_DB:
        warnings.append(
            f"The part of the reference that the settings do not explain is"
            f" {-fit.left_db:.0f} dB below it: it was coded at a low bit rate, or changed"
            " by more than a compressor."
        )
    return warnings


def _poorly_determined(settings: Mapping[str, Estimate], locked: Mapping[str, float]) -> list[str]:
    """Return a sentence for each poorly determined setting that is not locked."""
    sentences = []
    for name, setting in settings.items():
        relative = 1.0 if name.endswith("_db") else setting.value
        allowed = max(_DETERMINED[name] * relative, _LEAST.get(name, 0.0))
        if name not in locked and setting.high - setting.low > allowed:
            word, unit, reason = _WORDS[name]
            sentences.append(
                f"The {word} is poorly determined by this recording: {reason}; any value from"
                f" {setting.low:.3g} to {setting.high:.3g}{unit} fits."
            )
    return sentences
