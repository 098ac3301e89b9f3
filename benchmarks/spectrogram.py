"""Network inputs a second on one core: this project, librosa clip by clip, SciPy all at once.

Usage: python -m benchmarks.spectrogram
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from functools import partial
from statistics import median
from time import process_time

import librosa
import numpy as np
import scipy.fft
import scipy.signal
from threadpoolctl import threadpool_limits

from stages.common.params import Representation
from stages.spectrogram.representations import mel_filters, represent

SAMPLE_RATE = 44100
CLIP_SAMPLES = 4 * SAMPLE_RATE
CLIPS = 8
ROUNDS = 9
REPRESENTATIONS = {
    "mel512": Representation(n_fft=512, mel_bands=128),
    "stft512": Representation(n_fft=512),
    "stft256": Representation(n_fft=256),
    "stft128": Representation(n_fft=128),
}


def librosa_one_by_one(clips: np.ndarray, representation: Representation) -> np.ndarray:
    """Transform clip by clip, as librosa's documentation does, with a power spectrogram in dB."""
    n_fft = representation.n_fft
    assert n_fft is not None
    inputs = []
    for clip in clips:
        if representation.mel_bands is None:
            power = np.abs(librosa.stft(clip, n_fft=n_fft, hop_length=n_fft // 2)) ** 2
        else:
            power = librosa.feature.melspectrogram(
                y=clip,
                sr=SAMPLE_RATE,
                n_fft=n_fft,
                hop_length=n_fft // 2,
                n_mels=representation.mel_bands,
            )
        inputs.append(librosa.power_to_db(power, amin=1e-10, top_db=None).astype(np.float16))
    return np.stack(inputs)


def scipy_all_at_once(clips: np.ndarray, representation: Representation) -> np.ndarray:
    """Transform all frames of all clips by one call of SciPy's FFT, in float32."""
    n_fft = representation.n_fft
    assert n_fft is not None
    window = scipy.signal.get_window("hann", n_fft).astype(np.float32)
    padded = np.pad(clips, [(0, 0), (n_fft // 2, n_fft // 2)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=1)[:, :: n_fft // 2]
    power = np.abs(scipy.fft.rfft(frames * window)) ** 2
    if representation.mel_bands is not None:
        mel = mel_filters(SAMPLE_RATE, n_fft, representation.mel_bands)
        power = power @ mel.toarray().T
    return (10 * np.log10(np.maximum(power, 1e-10))).astype(np.float16).swapaxes(1, 2)


def milliseconds(function: Callable[[], object]) -> float:
    """Time one call, per clip, in time of the processor: other programs do not count."""
    start = process_time()
    function()
    return 1000 * (process_time() - start) / CLIPS


def main() -> dict[str, dict[str, float]]:
    """Return per representation the median milliseconds a clip of 4 s, and the ratios.

    The three take turns, so that a noisy machine is noisy for all of them.
    """
    decay = np.exp(-7 * (np.arange(CLIP_SAMPLES) % 22050) / 22050)
    noise = np.random.default_rng(0).standard_normal((CLIPS, CLIP_SAMPLES))
    clips = (0.2 * noise * decay).astype(np.float32)
    results = {}
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Empty filters detected")
        for name, representation in REPRESENTATIONS.items():
            ways: dict[str, Callable[[], object]] = {
                "ours_ms": partial(represent, clips, representation, sample_rate=SAMPLE_RATE),
                "librosa_ms": partial(librosa_one_by_one, clips, representation),
                "scipy_ms": partial(scipy_all_at_once, clips, representation),
            }
            for way in ways.values():
                way()
            rounds = [{key: milliseconds(way) for key, way in ways.items()} for _ in range(ROUNDS)]
            times = {key: median(each[key] for each in rounds) for key in ways}
            results[name] = times | {
                "times_faster_than_librosa": times["librosa_ms"] / times["ours_ms"],
                "times_faster_than_scipy": times["scipy_ms"] / times["ours_ms"],
            }
    return results


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
