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
from functools import partial

import numpy as np
from scipy.fft import dct, rfft

from siamese_drc.handcrafted.envelope import attack, gain_fall_time, gain_rise_time, release
from siamese_drc.handcrafted.levels import (
    decibels,
    gain_reduction,
    ratio_features,
    rms_curve,
    threshold_features,
)
from siamese_drc.handcrafted.notes import Event, Notes, find_events, find_onsets, sounding_notes
from siamese_drc.inputs.spectrogram import hann_window, mel_filters

# The set of features for each compressor parameter.
SETS = {
    "threshold_db": "threshold",
    "ratio": "ratio",
    "attack_ms": "attack",
    "release_ms": "release",
}
_ZERO = 1e-9
_MINIMUM_POWER = 1e-10  # the floor of the mel levels does not depend on the clip's own maximum


def joined_sets(names: Iterable[str], parameters: Iterable[str]) -> list[str]:
    """Return, in their order, those of some features that serve to predict some parameters.

    The parameters are keys of `SETS`; the set `all` is always included.

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
    components, iterations : int
        Number of notes, and of updates of the factorisation.
    mel_bands, mfccs : int
        Number of mel bands, and of cepstral coefficients made from them.

    Examples
    --------
    >>> import numpy as np
    >>> from siamese_drc.compressor import Settings, compress
    >>> time = np.arange(44100) / 44100
    >>> tone = np.sin(2 * np.pi * 220 * time) * np.exp(-(time % 0.25) / 0.1)
    >>> dry = tone.astype(np.float32)
    >>> clips = compress(dry, Settings([0, -40], [2, 4], [5, 5], [100, 100]), sample_rate=44100)
    >>> features = DryLoop(dry, sample_rate=44100).features(clips)
    >>> len(features)
    126
    >>> [f"{reduction:.1f} dB" for reduction in features["threshold.reduction_p95"]]
    ['0.0 dB', '26.9 dB']
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
        """Return the features of `joined_sets`, shape (n, features), float32, a row per clip."""
        features = self.features(clips)
        return np.stack([features[name] for name in joined_sets(features, parameters)], axis=1)

    def features(self, clips: np.ndarray) -> dict[str, np.ndarray]:
        """Return the features of compressed clips, by name: shape (n,), float32, finite.

        The clips have the shape (n, samples), float32, and are as long as the loop. A clip's
        features do not depend on the other clips.
        """
        x, y = self.measured, self.measure(clips)
        (dry_level,), level = decibels(x.curves), decibels(y.curves)
        reduction = gain_reduction(dry_level, level)
        found: dict[str, np.ndarray] = {}
        for name, value in y.scalars.items():
            found |= compared(f"all.{name}", x.scalars[name], value)
        found |= threshold_features(dry_level, reduction) | ratio_features(dry_level, level)
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
        cepstra = {"mel_bands": self.mel_bands, "count": self.mfccs}
        curves = rms_curve(signals, **sizes)
        scalars = _moments("rms", curves) | {"crest_factor": _crest_factor(signals)}
        found = []
        for signal in signals:
            magnitude = magnitudes(signal, **sizes)
            spectral = centroid_and_variance(magnitude, sample_rate=rate)
            mfccs = mfcc_means(magnitude, sample_rate=rate, **cepstra)
            found.append((*spectral, mfccs, self.notes.envelopes(magnitude)))
        centroids, variances, mfccs, envelopes = map(np.stack, zip(*found, strict=True))
        scalars |= _moments("centroid", centroids) | _moments("spectral_variance", variances)
        scalars |= {f"mfcc{i}_mean": mean for i, mean in enumerate(mfccs.T)}
        return Measured(curves, envelopes, scalars)

    def _of_events(
        self,
        prefix: str,
        of_curve: Callable[..., dict[str, np.ndarray]],
        events: Sequence[Event],
        dry: Sequence[np.ndarray],
        clips: Sequence[np.ndarray],
    ) -> dict[str, np.ndarray]:
        """Measure every event in its curves, compare each with the dry one, and summarise."""
        measure = partial(of_curve, frame_ms=self.frame_ms)
        x, y = (list(map(measure, curves, events)) for curves in (dry, clips))
        found: dict[str, np.ndarray] = {}
        for name in x[0]:
            values = [np.stack([event[name] for event in each]) for each in (x, y)]
            for both, of_events in compared(f"{prefix}_{name}", *values).items():
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


def magnitudes(signal: np.ndarray, *, frame: int, hop: int) -> np.ndarray:
    """Return the magnitudes of every frame, (1 + samples // hop, frame // 2 + 1), float32.

    They are of a Hann window. Frame t is centred on sample t * hop; beyond the ends lie zeros.
    """
    padded = np.pad(signal, (frame // 2, frame - frame // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop]
    return np.abs(rfft(frames * hann_window(frame)))


def centroid_and_variance(
    magnitude: np.ndarray, *, sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each frame's spectral centroid, Hz, and the variance around it; 0 in silence.

    `magnitude` has the shape (frames, bins), the results (frames,), float64.
    """
    frequency = np.linspace(0.0, sample_rate / 2, magnitude.shape[1])
    powers = np.stack([np.ones_like(frequency), frequency, frequency**2], axis=1)
    total, first, second = (magnitude.astype(np.float64) @ powers).T
    total = np.where(total > 0, total, 1.0)
    centroid = first / total
    return centroid, np.maximum(second / total - centroid**2, 0.0)


def mfcc_means(
    magnitude: np.ndarray, *, sample_rate: int, mel_bands: int, count: int
) -> np.ndarray:
    """Return the means over time of the first mel-frequency cepstral coefficients, (count,), dB.

    The cosine transform is linear: the mean of the coefficients is that of the mean mel spectrum.
    `magnitude` has the shape (frames, bins).
    """
    filters = mel_filters(sample_rate, 2 * (magnitude.shape[1] - 1), mel_bands).toarray()
    mel = np.square(magnitude) @ filters.T
    level = 10 * np.log10(np.maximum(mel, _MINIMUM_POWER)).mean(axis=0, dtype=np.float64)
    return dct(level, norm="ortho")[:count]
