"""All handcrafted features of the compressed clips of a loop.

A reconstruction after the paper's references [8-10], whose formulas could not be read: D. Sheng and
G. Fazekas, DAFx 2017, AES Convention 144 (2018) and ICASSP 2018.

x is the dry loop, y a compressed clip of it; L is the level of their RMS curves. What is looked for
and where (onsets, notes, events) comes from x alone, once per loop. A measurement of one signal
makes two features, f(y) - f(x) and f(y) / f(x); one of the pair makes one.

all
    Mean and variance over time of the RMS curve, the spectral centroid and the spectral variance;
    crest factor; means of the mel-frequency cepstral coefficients.
threshold
    Percentiles of L_x - L_y; the lowest L_x that is reduced.
ratio
    Slope of L_y on L_x where it is loud; ratio of their variances.
attack, release
    Of each event, on the RMS curve of the whole (`rms`) and on the envelope of its note alone
    (`note`), and of L_x - L_y (`gain`): mean, median and standard deviation over the events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stages.common.params import Handcraft
from stages.handcraft.comparison import compared, summarised
from stages.handcraft.envelope.attack import attack, gain_rise_time
from stages.handcraft.envelope.release import gain_fall_time, release
from stages.handcraft.events import Event, find_events, sounding_notes
from stages.handcraft.notes import Notes
from stages.handcraft.onsets import find_onsets
from stages.handcraft.ratio import ratio_features
from stages.handcraft.rms_curve import decibels, gain_reduction, rms_curve
from stages.handcraft.spectral import centroid_and_variance, magnitudes, mfcc_means
from stages.handcraft.threshold import threshold_features


@dataclass(frozen=True)
class Measured:
    """What is measured of n signals.

    Attributes
    ----------
    curves : ndarray, shape (n, frames)
        RMS curves.
    envelopes : ndarray, shape (n, components, frames)
        Of the loop's notes.
    scalars : dict of str to ndarray, shape (n,)
        The measurements of the set `all`.
    """

    curves: np.ndarray
    envelopes: np.ndarray
    scalars: dict[str, np.ndarray]


class DryLoop:
    """A dry loop, analysed once for all of its compressed clips.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float32, full scale 1.0
    sample_rate : int, Hz
    options : Handcraft
    """

    def __init__(self, signal: np.ndarray, *, sample_rate: int, options: Handcraft) -> None:
        self.sample_rate, self.options = sample_rate, options
        self.frame_ms = 1000 * options.hop / sample_rate
        self.notes = Notes(
            magnitudes(signal, frame=options.frame, hop=options.hop),
            components=options.components,
            iterations=options.iterations,
            seed=options.seed,
        )
        self.measured = self.measure(signal[None])
        (curve,), (envelopes,) = self.measured.curves, self.measured.envelopes
        onsets = find_onsets(signal, curve, sample_rate=sample_rate, hop=options.hop)
        self.sounding = sounding_notes(onsets, envelopes)
        self.events = find_events(onsets, [curve] * len(onsets))
        self.note_events = find_events(onsets, [envelopes[note] for note in self.sounding])

    def features(self, clips: np.ndarray) -> dict[str, np.ndarray]:
        """Return the features of compressed clips of the loop.

        Parameters
        ----------
        clips : ndarray, shape (n, samples), float32, as long as the loop

        Returns
        -------
        dict of str to ndarray, shape (n,), float32, finite
            By column, <set>.<feature>. A clip's features are the same with and without others
            beside it.
        """
        x, y = self.measured, self.measure(clips)
        (dry_level,), level = decibels(x.curves), decibels(y.curves)
        reduction = gain_reduction(dry_level, level)
        found: dict[str, np.ndarray] = {}
        for name, value in y.scalars.items():
            found |= compared(f"all.{name}", x.scalars[name], value)
        of_pair = {
            "threshold": threshold_features(dry_level, reduction),
            "ratio": ratio_features(dry_level, level),
        }
        for of_set, features in of_pair.items():
            found |= {f"{of_set}.{name}": value for name, value in features.items()}
        curves = [x.curves] * len(self.events), [y.curves] * len(self.events)
        notes = self._sounding(x), self._sounding(y)
        for of_set, of_curve, of_gain in (
            ("attack", attack, gain_rise_time),
            ("release", release, gain_fall_time),
        ):
            found |= self._of_events(f"{of_set}.rms", of_curve, self.events, *curves)
            found |= self._of_events(f"{of_set}.note", of_curve, self.note_events, *notes)
            gains = [of_gain(reduction, event, frame_ms=self.frame_ms) for event in self.events]
            found |= summarised(f"{of_set}.{of_gain.__name__}", np.stack(gains))
        return {name: value.astype(np.float32) for name, value in found.items()}

    def measure(self, signals: np.ndarray) -> Measured:
        """Measure n signals, shape (n, samples)."""
        options, rate = self.options, self.sample_rate
        curves = rms_curve(signals, frame=options.frame, hop=options.hop)
        scalars = _moments("rms", curves) | {"crest_factor": _crest_factor(signals)}
        envelopes, centroids, variances, mfccs = [], [], [], []
        for signal in signals:
            magnitude = magnitudes(signal, frame=options.frame, hop=options.hop)
            centroid, variance = centroid_and_variance(magnitude, sample_rate=rate)
            centroids.append(centroid)
            variances.append(variance)
            mfccs.append(
                mfcc_means(
                    magnitude, sample_rate=rate, mel_bands=options.mel_bands, count=options.mfccs
                )
            )
            envelopes.append(self.notes.envelopes(magnitude))
        scalars |= _moments("centroid", np.stack(centroids))
        scalars |= _moments("spectral_variance", np.stack(variances))
        scalars |= {f"mfcc{i}_mean": mean for i, mean in enumerate(np.stack(mfccs, axis=1))}
        return Measured(curves, np.stack(envelopes), scalars)

    def _sounding(self, measured: Measured) -> list[np.ndarray]:
        """Return, for every event, the envelopes of its note, shape (n, frames)."""
        return [measured.envelopes[:, note] for note in self.sounding]

    def _of_events(
        self,
        prefix: str,
        of_curve: Callable[..., dict[str, np.ndarray]],
        events: Sequence[Event],
        dry: Sequence[np.ndarray],
        clips: Sequence[np.ndarray],
    ) -> dict[str, np.ndarray]:
        """Measure every event in its curves, compare each with the dry one, and summarise."""
        x, y = (
            [
                of_curve(curve, event, frame_ms=self.frame_ms)
                for curve, event in zip(curves, events, strict=True)
            ]
            for curves in (dry, clips)
        )
        found: dict[str, np.ndarray] = {}
        for name in x[0]:
            dry_values, values = (np.stack([event[name] for event in each]) for each in (x, y))
            for column, of_events in compared(f"{prefix}_{name}", dry_values, values).items():
                found |= summarised(column, of_events)
        return found


def _moments(name: str, curves: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}_mean": curves.mean(axis=1), f"{name}_variance": curves.var(axis=1)}


def _crest_factor(signals: np.ndarray) -> np.ndarray:
    """Return the peak over the root mean square, 0 in silence."""
    rms = np.sqrt(np.square(signals, dtype=np.float64).mean(axis=1))
    return np.abs(signals).max(axis=1) / np.where(rms > 0, rms, 1.0)
