"""Settings where the reference is the loop itself, compressed.

Loop and reference are aligned, and `pair_fit` explains the gain between the two. How much of the
reference it leaves unexplained decides whether they are the same performance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from siamese_drc.core.ffmpeg import Coding
from siamese_drc.match.alignment import align, unfaded
from siamese_drc.match.answer import (
    ANOTHER_RECORDING,
    NO_ANSWER,
    SAME_PERFORMANCE,
    Answer,
    Position,
)
from siamese_drc.match.families import FAMILIES
from siamese_drc.match.pair_fit import PairFit, clipped_samples, fit_pair
from siamese_drc.match.sound import one_channel

# Power that the fit leaves, relative to the reference: of the same performance at most, and above
# which a warning says so.
_MOST_LEFT_DB, _POORLY_EXPLAINED_DB = -8.0, -17.0
# Gain that stays unexplained, above which a warning says so: of a file that was not coded, and by a
# lock more than without. Of the families' own compressors less does, also in 16 bits.
_UNEXPLAINED_DB = 0.02
_BY_CHANCE = 0.1  # share of what stays unexplained anyway, which a lock may add
_MOST_CLIPPED = 0.02  # share of samples
_LEAST_SPEED = 1e-5  # difference of speeds that is told
# A coder at a low bit rate replaces much of the waveform, but the gain still follows a compressor:
# from this share of its variance explained, more of the reference's power may be left. Of a stem
# beside its own mix, a compressor explains little.
_CODED_EXPLAINED, _CODED_LEFT_DB = 0.5, -5.0

# Of a setting: its name, its unit, why it may be poorly determined, and the widest interval of a
# determined one, in dB or as a share of the value and at least so much.
_WORDS = {
    "threshold_db": ("threshold", " dB", "the level is hardly ever both above and below it", 2, 0),
    "ratio": ("ratio", "", "the level hardly exceeds the threshold", 0.5, 0.3),
    "attack_ms": ("attack", " ms", "the level rises fast above the threshold nowhere", 0.5, 3),
    "release_ms": (
        "release",
        " ms",
        "the gain hardly recovers anywhere, as after a single hit",
        0.5,
        15,
    ),
    "makeup_db": ("make-up gain", " dB", "hardly any of the loop is uncompressed", 2, 0),
    "knee_db": ("knee", " dB", "the level is hardly ever near the threshold", 6, 0),
}


def same_performance(
    loop: np.ndarray,
    reference: np.ndarray,
    *,
    sample_rate: int,
    lock: Mapping[str, float] = {},
    coding: Coding | None = None,
) -> Answer | None:
    """Return the settings that turn a loop into a reference.

    The reference may be shifted, scaled, inverted, rounded to 16 bits, resampled, lossy-coded,
    limited or clipped. Both have the shape (samples,) or (channels, samples) and full scale 1.0,
    each its own length. Where both have several channels, and as many, it is found how they are
    linked, and also where the reference is the mean of the loop's channels; otherwise the channels
    are averaged.

    None where the reference is not the loop itself; with the situation `ANOTHER_RECORDING` and the
    reason where it only contains it. The situation is `NO_ANSWER` where it is the loop, but not
    more compressed, or clipped throughout.
    """
    alignment = align(loop, reference, sample_rate=sample_rate)
    if alignment is None or not alignment.same_performance:
        return None
    dry, wet = np.atleast_2d(alignment.loop), np.atleast_2d(alignment.reference)
    if len(wet) > 1 and len(dry) != len(wet):
        dry, wet = (one_channel(signal)[np.newaxis] for signal in (dry, wet))
    part = unfaded(dry, wet, sample_rate=sample_rate)
    faded = [part.start / sample_rate, (dry.shape[1] - part.stop) / sample_rate]
    dry, wet = dry[:, part], wet[:, part]
    clipped = clipped_samples(wet).mean()
    if clipped > _MOST_CLIPPED:
        reason = f"The reference clips in {100 * clipped:.0f} % of its samples."
        return Answer(NO_ANSWER, warnings=[reason])
    from_start = alignment.position.start_s == 0 and part.start == 0
    fit_with = partial(
        fit_pair, dry, wet, sample_rate=sample_rate, from_start=from_start, coding=coding
    )
    fit = fit_with(lock=lock)
    coded = fit.unexplained_db**2 <= (1 - _CODED_EXPLAINED) * fit.constant_db**2
    if fit.left_db > (_CODED_LEFT_DB if coded else _MOST_LEFT_DB):
        reason = (
            "The reference contains the loop, but is not the loop compressed:"
            f" {-fit.left_db:.0f} dB below it lies something else, such as other sounds, or what"
            " an equaliser or a multiband compressor changed; in the same performance that is at"
            f" least {-_MOST_LEFT_DB:.0f} dB below."
        )
        return Answer(ANOTHER_RECORDING, warnings=[reason], residual_db=fit.left_db)
    if not fit.settings:
        reason = (
            "The reference is the loop itself and not more compressed: its gain is constant, or"
            " does not change as that of a compressor."
        )
        if lock:
            reason = "Under the locked settings no compressor explains the gain of the reference."
        return Answer(NO_ANSWER, warnings=[reason], unexplained_db=fit.unexplained_db)
    warnings = _warnings(alignment.position, faded, fit, bool(clipped), coding is not None, lock)
    if lock and fit.unexplained_db >= _UNEXPLAINED_DB:
        free = fit_with()
        chance = _UNEXPLAINED_DB**2 + (_BY_CHANCE * free.unexplained_db) ** 2
        if fit.unexplained_db**2 - free.unexplained_db**2 >= chance:
            warnings.append(
                f"The locked settings do not fit the reference: {fit.unexplained_db:.2g} dB of its"
                f" gain stay unexplained, without the lock {free.unexplained_db:.2g} dB."
            )
    return Answer(
        SAME_PERFORMANCE,
        fit.settings,
        warnings,
        family=fit.family,
        link=fit.link,
        families=fit.families,
        unexplained_db=fit.unexplained_db,
        start_db=fit.start_db,
        residual_db=fit.left_db,
        limiter=fit.limiter,
        position=alignment.position,
    )


def _warnings(
    position: Position,
    faded: Sequence[float],
    fit: PairFit,
    clipped: bool,
    coded: bool,
    lock: Mapping[str, float],
) -> list[str]:
    warnings = [
        f"The reference is faded {way}: its {end} {seconds:.2g} s were left out."
        for way, end, seconds in zip(("in", "out"), ("first", "last"), faded, strict=True)
        if seconds
    ]
    if position.inverted:
        warnings.append("The reference's polarity is inverted.")
    if abs(position.speed - 1) > _LEAST_SPEED:
        warnings.append(
            f"The reference runs {100 * abs(position.speed - 1):.3g} %"
            f" {'faster' if position.speed > 1 else 'slower'} than the loop; it was resampled."
        )
    if clipped:
        warnings.append("The reference clips; its clipped samples were left out.")
    if fit.limiter:
        warnings.append(
            f"A limiter followed the compressor, above {fit.limiter['threshold_db']:.1f} dBFS, with"
            f" a release of {fit.limiter['release_ms']:.3g} ms. The settings are those of the"
            " compressor alone."
        )
    if fit.family != "branching":
        better_db = fit.families["branching"] - fit.families[fit.family]
        by = f", by {better_db:.2g} dB of gain" if better_db > 0 else ""
        warnings.append(
            f"Another family of compressors explains the reference better{by}:"
            f" {FAMILIES[fit.family]}. The settings are for that family."
        )
    hidden = ""
    if fit.left_db > _POORLY_EXPLAINED_DB:
        hidden = "what the settings do not explain hides it"
        warnings.append(
            f"The part of the reference that the settings do not explain is"
            f" {-fit.left_db:.0f} dB below it: it was coded at a low bit rate, or changed"
            " by more than a compressor."
        )
    elif not coded and not lock and fit.unexplained_db > _UNEXPLAINED_DB:
        hidden = "what the settings do not explain hides it"
        warnings.append(
            f"{fit.unexplained_db:.2g} dB of the reference's gain stay unexplained: it was changed"
            " by more than a compressor (a mix with the dry sound, an equaliser, a limiter, lossy"
            " coding), or by one of another design. The settings may be further off than their"
            " intervals say."
        )
    for name, (word, unit, reason, widest, least) in _WORDS.items():
        setting = fit.settings[name]
        allowed = max(widest * (1.0 if unit == " dB" else setting.value), least)
        if name not in lock and setting.high - setting.low > allowed:
            low, high = (float(f"{end:.4g}") for end in (setting.low, setting.high))
            warnings.append(
                f"The {word} is poorly determined by this recording: {hidden or reason};"
                f" any value from {low:g} to {high:g}{unit} fits."
            )
    return warnings
