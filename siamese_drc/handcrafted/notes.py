"""Onsets, notes and events of a dry loop: where all of its compressed clips are measured.

Attack and release are properties of single notes, and in a loop notes overlap: a snare falls into
the decay of a cymbal. The magnitude spectrogram is therefore factorised (non-negative matrix
factorisation) into spectra, a dictionary learnt on the dry loop, and their activations over time; a
note's activation is its envelope without what else sounds. For a compressed clip the dictionary
stays and only the activations are estimated, so that the same note is measured before and after the
compressor. The RMS curve of the complete loop is measured as well as the notes, because the
compressor acts on the complete loop.

References
----------
Sheng and Fazekas, "Feature design using audio decomposition for intelligent control of the dynamic
range compressor", ICASSP 2018: that it decomposes; how it does could not be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import librosa
import librosa.onset  # compiles on import: two workers at once would corrupt Numba's cache
import numpy as np
from sklearn.decomposition import NMF

from siamese_drc.inputs.spectrogram import hann_window

DECAYED = 0.1  # 20 dB below the peak
# librosa compares a frame with earlier ones: silence is added there, so that a first hit is found.
LEAD_SECONDS = 0.2


def find_onsets(signal: np.ndarray, curve: np.ndarray, *, sample_rate: int, hop: int) -> np.ndarray:
    """Return onsets by librosa's detector, each moved back to where the level began to rise.

    These are the minima of `curve`, the signal's RMS curve. The result has at least one frame,
    ascending, each once: frame 0 where no onset is found.
    """
    lead = round(LEAD_SECONDS * sample_rate / hop)
    found = librosa.onset.onset_detect(
        y=np.pad(signal, (lead * hop, 0)),
        sr=sample_rate,
        hop_length=hop,
        backtrack=True,
        energy=np.pad(curve, (lead, 0)),
    )
    onsets = np.unique(np.maximum(found.astype(int) - lead, 0))
    return onsets if len(onsets) else np.zeros(1, int)


class Notes:
    """The dictionary of one dry loop, of magnitudes (frames, bins), float32.

    The number of multiplicative updates is fixed, so that a clip's activations do not depend on
    when others converge.
    """

    def __init__(
        self, magnitude: np.ndarray, *, components: int, iterations: int, seed: int
    ) -> None:
        self.components = components
        options = {"init": "nndsvda", "solver": "mu", "max_iter": iterations, "tol": 0.0}
        self._model = NMF(components, random_state=seed, **options)
        self._silent = not magnitude.any()
        if not self._silent:
            self._model.fit(magnitude)

    def envelopes(self, magnitude: np.ndarray) -> np.ndarray:
        """Return the envelope of every note in a clip, from its magnitudes, (frames, bins).

        It is the root mean square of the note alone, shape (components, frames), float64.
        """
        if self._silent:
            return np.zeros((self.components, len(magnitude)))
        activations = self._model.transform(magnitude).astype(np.float64)
        # Parseval: a windowed frame has twice the energy of its one-sided spectrum.
        frame = 2 * (magnitude.shape[1] - 1)
        energy = 2 / (frame * np.square(hann_window(frame), dtype=np.float64).sum())
        scale = np.sqrt(energy) * np.linalg.norm(self._model.components_, axis=1)
        return (activations * scale).T


@dataclass(frozen=True)
class Event:
    """One note of a dry loop, in frames: the attack from onset to peak, then the release."""

    onset: int
    peak: int
    decayed: int  # 20 dB below the peak, or the last frame before the next onset
    end: int  # the next onset, or the number of frames


def find_events(onsets: np.ndarray, envelopes: Sequence[np.ndarray]) -> list[Event]:
    """Return the event of every onset, each found in its envelope of the dry loop, (frames,)."""
    events = []
    ends = np.append(onsets[1:], len(envelopes[0]))
    for onset, end, envelope in zip(onsets.tolist(), ends.tolist(), envelopes, strict=True):
        peak = onset + int(envelope[onset:end].argmax())
        low = np.flatnonzero(envelope[peak:end] <= DECAYED * envelope[peak])
        events.append(Event(onset, peak, peak + int(low[0]) if len(low) else end - 1, end))
    return events


def sounding_notes(onsets: np.ndarray, envelopes: np.ndarray) -> np.ndarray:
    """Return, for every onset, which of the notes, (notes, frames), is loudest until the next."""
    return np.maximum.reduceat(envelopes, onsets, axis=1).argmax(axis=0)
