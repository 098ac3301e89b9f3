"""Handcrafted features on one core: all clips of a loop together, and one by one with librosa."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import process_time

import librosa
import numpy as np
import scipy.fft
from threadpoolctl import threadpool_limits

from benchmarks.measuring import interleaved_medians, rendered_loops, settings_of
from benchmarks.table import Row
from siamese_drc.compressor.compressor import compress
from siamese_drc.handcrafted.features import DryLoop, Measured

SAMPLE_RATE = 44100
ROWS = 24
SECONDS = (1.0, 4.0)
ROUNDS = 5
FRAME, HOP = 1024, 256  # the defaults of DryLoop


class LibrosaLoop(DryLoop):
    """The same features of one clip after another, by librosa's own functions."""

    def features(self, clips: np.ndarray) -> dict[str, np.ndarray]:
        """Return the features of some clips, each measured and compared alone."""
        alone = [super(LibrosaLoop, self).features(clip[None]) for clip in clips]
        return {name: np.concatenate([each[name] for each in alone]) for name in alone[0]}

    def measure(self, signals: np.ndarray) -> Measured:
        """Measure one signal, shape (1, samples), as librosa's documentation does."""
        (signal,), rate, frame, hop = signals, self.sample_rate, self.frame, self.hop
        stft = librosa.stft(signal, n_fft=frame, hop_length=hop, pad_mode="constant")
        magnitude = np.abs(stft)
        centroid = librosa.feature.spectral_centroid(S=magnitude, sr=rate)
        bandwidth = librosa.feature.spectral_bandwidth(S=magnitude, sr=rate, centroid=centroid)
        curves = {
            "rms": librosa.feature.rms(
                y=signal, frame_length=frame, hop_length=hop, pad_mode="constant"
            ),
            "centroid": centroid,
            "spectral_variance": bandwidth**2,
        }
        mel = librosa.feature.melspectrogram(S=magnitude**2, sr=rate, n_mels=self.mel_bands)
        level = librosa.power_to_db(mel, amin=1e-10, top_db=None)
        mfccs = librosa.feature.mfcc(S=level, n_mfcc=self.mfccs).mean(axis=1)
        rms = np.sqrt(np.mean(signal**2, dtype=np.float64))
        scalars = {"crest_factor": np.abs(signal).max(keepdims=True) / rms}
        for name, curve in curves.items():
            scalars |= {f"{name}_mean": curve.mean(axis=1), f"{name}_variance": curve.var(axis=1)}
        scalars |= {f"mfcc{i}_mean": mean[None] for i, mean in enumerate(mfccs)}
        envelopes = self.notes.envelopes(np.ascontiguousarray(magnitude.T))
        return Measured(curves["rms"].astype(np.float64), envelopes[None], scalars)


def measure() -> list[Row]:
    """Time some rows of D4P at the laptop's and the paper's length."""
    with threadpool_limits(1):
        return [of_length(seconds) for seconds in SECONDS]


def of_length(seconds: float) -> Row:
    """Time the rows of one loop, what is done once for the loop included."""
    (loop,) = rendered_loops("drum", 1, seconds=seconds)
    clips = compress(loop, settings_of("d4p", count=ROWS), sample_rate=SAMPLE_RATE)
    ways: dict[str, Callable[[], object]] = {
        "ours": partial(analyse, DryLoop, loop, clips),
        "librosa": partial(analyse, LibrosaLoop, loop, clips),
        "FFT": partial(spectra_alone, clips),
    }
    times = interleaved_medians(ways, rounds=ROUNDS, clock=process_time)
    each = {way: 1000 * spent / len(clips) for way, spent in times.items()}
    return Row(
        f"{ROWS} rows of D4P, {seconds:g} s",
        each["ours"],
        {"librosa": each["librosa"]},
        "ms a row",
        floor=each["FFT"],
        floor_is="SciPy's FFT alone",
    )


def analyse(kind: type[DryLoop], loop: np.ndarray, clips: np.ndarray) -> dict[str, np.ndarray]:
    """Analyse a loop and all its clips."""
    return kind(loop, sample_rate=SAMPLE_RATE).features(clips)


def spectra_alone(clips: np.ndarray) -> None:
    """Transform all frames of all clips."""
    for clip in clips:
        frames = np.lib.stride_tricks.sliding_window_view(clip, FRAME)[::HOP]
        scipy.fft.rfft(frames)
