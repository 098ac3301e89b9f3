"""The notes of a loop, separated by non-negative matrix factorisation of its spectrogram.

Attack and release are properties of single notes, and in a loop they overlap: a snare falls into
the decay of a cymbal. The magnitude spectrogram is therefore factorised into spectra, a dictionary
learnt on the dry loop, and their activations over time; a note's activation is its envelope, free
of what else sounds. For a compressed clip the dictionary stays and only the activations are
estimated, so that the same note is measured before and after the compressor. The whole loop's RMS
curve is measured beside the notes, because the compressor acts on the whole.

References
----------
Sheng and Fazekas, "Feature design using audio decomposition for intelligent control of the dynamic
range compressor", ICASSP 2018: that it decomposes; how it does could not be read.
"""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import NMF

from stages.handcraft.spectral import hann


class Notes:
    """The dictionary of one dry loop.

    Parameters
    ----------
    magnitude : ndarray, shape (frames, bins), float32
        Of the dry loop.
    components : int
        How many notes.
    iterations : int
        Of the multiplicative updates: always so many, so that a clip's activations do not depend
        on when others converge.
    seed : int
    """

    def __init__(
        self, magnitude: np.ndarray, *, components: int, iterations: int, seed: int
    ) -> None:
        self.components = components
        self._model = NMF(
            components,
            init="nndsvda",
            solver="mu",
            max_iter=iterations,
            tol=0.0,
            random_state=seed,
        )
        self._silent = not magnitude.any()
        if not self._silent:
            self._model.fit(magnitude)

    def envelopes(self, magnitude: np.ndarray) -> np.ndarray:
        """Return the envelope of every note in a clip of the loop.

        Parameters
        ----------
        magnitude : ndarray, shape (frames, bins), float32

        Returns
        -------
        ndarray, shape (components, frames), float64
            The root mean square that the note alone has in each frame.
        """
        if self._silent:
            return np.zeros((self.components, len(magnitude)))
        activations = self._model.transform(magnitude).astype(np.float64)
        # By Parseval, the energy of a windowed frame is that of its one-sided spectrum twice.
        frame = 2 * (magnitude.shape[1] - 1)
        energy = 2 / (frame * np.square(hann(frame), dtype=np.float64).sum())
        scale = np.sqrt(energy) * np.linalg.norm(self._model.components_, axis=1)
        return (activations * scale).T
