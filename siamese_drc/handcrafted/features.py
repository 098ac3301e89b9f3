"""All handcrafted features of the compressed clips of a loop.

A reconstruction after the paper's references [8-10], whose formulas could not be read: D. Sheng and
G. Fazekas, DAFx 2017, AES Convention 144 (2018) and ICASSP 2018.

x is the dry loop, y a compressed clip of it; L is the level of their RMS curves. Onsets, notes and
events are found in x alone, once per loop. A measurement of one signal makes two features,
f(y) - f(x) and f(y) / f(x); a measurement of the pair makes one. A feature is named
<set>.<feature>, with more after it where it is a statistic over events or a comparison. There is a
set for each compressor parameter, and one for all of them:

all
    Mean and variance over time of the RMS curve, the spectral centroid and the spectral variance;
    crest factor; means of the mel-frequency cepstral coefficients.
threshold
    Percentiles of L_x - L_y; the lowest L_x that is reduced.
ratio
    Slope of L_y on L_x where it is loud; ratio of their variances.
attack, release
    Of each event, on the RMS curve of the complete loop (`rms`) and on the envelope of the event's
    note alone (`note`), and of L_x - L_y (`gain`): mean, median and standard deviation over the
    events.

A measurement that an event does not allow (the rise time of a note that does not rise) is left out
of the statistics; where no event allows it, they are 0. All features are therefore finite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siamese_drc.handcrafted.envelope import attack, gain_fall_time, gain_rise_time, release
from siamese_drc.handcrafted.levels import (
    decibels,
    gain_reduction,
    ratio_features,
    rms_curve,
    threshold_features,
)
from siamese_drc.handcrafted.notes import Event, Notes, find_events, find_onsets, sounding_notes
from siamese_drc.handcrafted.spectral import centroid_and_variance, magnitudes, mfcc_means

# The set of features for each compressor parameter.
SETS = {
    "threshold_db": "threshold",
    "ratio": "ratio",
    "attack_ms": "attack",
    "release_ms": "release",
}
_ZERO = 1e-9


def handcrafted_features(
    dry: np.ndarray, clips: np.ndarray, *, sample_rate: int, **options: Any
) -> dict[str, np.ndarray]:
    """Return the handcrafted features of compressed clips of one loop.

    Parameters
    ----------
    dry : ndarray, shape (samples,), float32, full scale 1.0
    clips : ndarray, shape (n, samples), float32
    sample_rate : int, Hz
    **options
        Those of `DryLoop`, which is for clips that do not fit into memory together.

    Returns
    -------
    dict of str to ndarray, shape (n,), float32, finite
        By name, <set>.<feature>.

    Examples
    --------
    >>> import numpy as np
    >>> from siamese_drc.compressor import Settings, compress
    >>> time = np.arange(44100) / 44100
    >>> tone = np.sin(2 * np.pi * 220 * time) * np.exp(-(time % 0.25) / 0.1)
    >>> dry = tone.astype(np.float32)
    >>> clips = compress(dry, Settings([0, -40], [2, 4], [5, 5], [100, 100]), sample_rate=44100)
    >>> features = handcrafted_features(dry, clips, sample_rate=44100)
    >>> len(features)
    126
    >>> [f"{reduction:.1f} dB" for reduction in features["threshold.reduction_p95"]]
    ['0.0 dB', '26.9 dB']
    """
    return DryLoop(dry, sample_rate=sample_rate, **options).features(clips)


def joined_sets(names: Iterable[str], parameters: Iterable[str]) -> list[str]:
    """Return, in their order, the features that serve to predict some parameters together.

    Parameters
    ----------
    names : iterable of str
        Names of features.
    parameters : iterable of str
        Keys of `SETS`; the set `all` is always included.

    Examples
    --------
    >>> joined_sets(["all.a", "threshold.b", "ratio.c", "attack.d"], ["ratio", "attack_ms"])
    ['all.a', 'ratio.c', 'attack.d']
    """
    sets = {"all", *(SETS[name] for name in parameters)}
    return [name for name in names if name.split(".")[0] in sets]


@dataclass(frozen=True)
class Measured:
    """Measurements of n signals."""

    curves: np.ndarray  # (n, frames): RMS curves
    envelopes: np.ndarray  # (n, components, frames): of the loop's notes
    scalars: dict[str, np.ndarray]  # (n,): those of the set `all`


class DryLoop:
    """A dry loop, analysed once for all of its compressed clips.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float32, full scale 1.0
    sample_rate : int, Hz
    seed : int
        Of the factorisation into notes.
    frame, hop : int, samples
        Of the RMS curves and spectra; the hop divides the frame.
    components : int
        Number of notes.
    iterations : int
        Number of updates of the factorisation.
    mel_bands, mfccs : int
        Number of mel bands, and of cepstral coefficients made from them.
    """

    def __init__(
        self,
        signal: np.ndarray,
        *,
        sample_rate: int,
        seed: int = 1,
        frame: int = 1024,
        hop: int = 256,
        components: int = 8,
        iterations: int = 100,
        mel_bands: int = 40,
        mfccs: int = 13,
    ) -> None:
        self.sample_rate, self.frame, self.hop = sample_rate, frame, hop
        self.mel_bands, self.mfccs = mel_bands, mfccs
        self.frame_ms = 1000 * hop / sample_rate
        self.notes = Notes(
            magnitudes(signal, frame=frame, hop=hop),
            components=components,
            iterations=iterations,
            seed=seed,
        )
        self.measured = self.measure(signal[None])
        (curve,), (envelopes,) = self.measured.curves, self.measured.envelopes
        onsets = find_onsets(signal, curve, sample_rate=sample_rate, hop=hop)
        self.sounding = sounding_notes(onsets, envelopes)
        self.events = find_events(onsets, [curve] * len(onsets))
        self.note_events = find_events(onsets, [envelopes[note] for note in self.sounding])

    def rows(self, clips: np.ndarray, parameters: Sequence[str]) -> np.ndarray:
        """Return the features that serve to predict some parameters (keys of `SETS`).

        Returns
        -------
        ndarray, shape (n, features), float32
            A row per clip; the columns are those of `joined_sets`.
        """
        features = self.features(clips)
        return np.stack([features[name] for name in joined_sets(features, parameters)], axis=1)

    def features(self, clips: np.ndarray) -> dict[str, np.ndarray]:
        """Return the features of compressed clips of the loop.

        Parameters
        ----------
        clips : ndarray, shape (n, samples), float32, as long as the loop

        Returns
        -------
        dict of str to ndarray, shape (n,), float32, finite
            By name. A clip's features do not depend on the other clips.
        """
        x, y = self.measured, self.measure(clips)
        (dry_level,), level = decibels(x.curves), decibels(y.curves)
        reduction = gain_reduction(dry_level, level)
        found: dict[str, np.ndarray] = {}
        for name, value in y.scalars.items():
            found |= compared(f"all.{name}", x.scalars[name], value)
        for name, value in threshold_features(dry_level, reduction).items():
            found[f"threshold.{name}"] = value
        for name, value in ratio_features(dry_level, level).items():
            found[f"ratio.{name}"] = value
        curves = [x.curves] * len(self.events), [y.curves] * len(self.events)
        notes = [[each.envelopes[:, note] for note in self.sounding] for each in (x, y)]
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
        """Return the measurements of n signals, shape (n, samples)."""
        rate, sizes = self.sample_rate, {"frame": self.frame, "hop": self.hop}
        curves = rms_curve(signals, **sizes)
        scalars = _moments("rms", curves) | {"crest_factor": _crest_factor(signals)}
        envelopes, centroids, variances, mfccs = [], [], [], []
        for signal in signals:
            magnitude = magnitudes(signal, **sizes)
            centroid, variance = centroid_and_variance(magnitude, sample_rate=rate)
            centroids.append(centroid)
            variances.append(variance)
            mfccs.append(
                mfcc_means(magnitude, sample_rate=rate, mel_bands=self.mel_bands, count=self.mfccs)
            )
            envelopes.append(self.notes.envelopes(magnitude))
        scalars |= _moments("centroid", np.stack(centroids))
        scalars |= _moments("spectral_variance", np.stack(variances))
        scalars |= {f"mfcc{i}_mean": mean for i, mean in enumerate(np.stack(mfccs, axis=1))}
        return Measured(curves, np.stack(envelopes), scalars)

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
            for both, of_events in compared(f"{prefix}_{name}", dry_values, values).items():
                found |= summarised(both, of_events)
        return found


def compared(name: str, dry: np.ndarray, clips: np.ndarray) -> dict[str, np.ndarray]:
    """Return the two features that a measurement f of one signal makes: f(y) - f(x), f(y) / f(x).

    Where |f(x)| is below 1e-9 the ratio is not defined and is set to 1. `dry` has the shape (1,) or
    (events, 1) and `clips` (clips,) or (events, clips); NaN is what was not measured.
    """
    zero = np.abs(dry) < _ZERO
    ratio = np.where(zero, np.where(np.isnan(clips), clips, 1.0), clips / np.where(zero, 1.0, dry))
    return {f"{name}.difference": clips - dry, f"{name}.ratio": ratio}


def summarised(name: str, events: np.ndarray) -> dict[str, np.ndarray]:
    """Return mean, median and standard deviation over events, (events, clips), without NaN."""
    events = np.where(np.isnan(events).all(axis=0), 0.0, events)
    return {
        f"{name}.mean": np.nanmean(events, axis=0),
        f"{name}.median": np.nanmedian(events, axis=0),
        f"{name}.deviation": np.nanstd(events, axis=0),
    }


def _moments(name: str, curves: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}_mean": curves.mean(axis=1), f"{name}_variance": curves.var(axis=1)}


def _crest_factor(signals: np.ndarray) -> np.ndarray:
    """Return the peak over the root mean square, 0 in silence."""
    rms = np.sqrt(np.square(signals, dtype=np.float64).mean(axis=1))
    return np.abs(signals).max(axis=1) / np.where(rms > 0, rms, 1.0)
