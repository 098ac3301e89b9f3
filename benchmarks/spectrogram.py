"""Network inputs on one core: this project, librosa clip by clip, SciPy and PyTorch all at once.

Usage: python -m benchmarks.spectrogram
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time

import librosa
import numpy as np
import scipy.fft
import scipy.signal
import torch
from threadpoolctl import threadpool_limits

from benchmarks.compress import settings_of
from benchmarks.interleaved import interleaved_medians
from benchmarks.loops import rendered_loops
from benchmarks.machine import copy_rate
from benchmarks.table import Row, markdown
from stages.common.audio import read_audio
from stages.common.params import Representation, load_params
from stages.compress.clips import write_clips
from stages.spectrogram.cached_inputs import cache_inputs
from stages.spectrogram.representations import represent

SAMPLE_RATE = 44100
CLIPS = 8
SECONDS = 4.0
ROUNDS = 9
FRAMES_AT_ONCE = 256  # of the FFT alone: they and their spectra stay in a core's cache
STORED_CLIPS = 24


def measure() -> list[Row]:
    """Time every representation beside its peers, then the stage from stored to stored."""
    torch.set_num_threads(1)
    representations = {
        name: each for name, each in load_params().representations.items() if each.n_fft
    }
    clips = np.stack(rendered_loops("drum", CLIPS, seconds=SECONDS))
    rate = 1e9 * copy_rate()
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Empty filters detected")
        return [
            *(transform(clips, name, each, rate) for name, each in representations.items()),
            *(whole_stage(clips[0], name, each) for name, each in representations.items()),
        ]


def transform(
    clips: np.ndarray, name: str, representation: Representation, bytes_per_second: float
) -> Row:
    """Time one representation, milliseconds a clip."""
    ways: dict[str, Callable[[], object]] = {
        "ours": partial(represent, clips, representation, sample_rate=SAMPLE_RATE),
        "librosa": partial(librosa_one_by_one, clips, representation),
        "SciPy": partial(scipy_all_at_once, clips, representation),
        "PyTorch": partial(torch_all_at_once, clips, representation),
        "SciPy's FFT alone": partial(fft_alone, clips, representation),
    }
    times = interleaved_medians(ways, rounds=ROUNDS, clock=process_time)
    found = {way: 1000 * seconds / len(clips) for way, seconds in times.items()}
    mine = found.pop("ours")
    moved = clips.nbytes + represent(clips, representation, sample_rate=SAMPLE_RATE).nbytes
    return Row(
        f"{name}, {SECONDS:g} s",
        mine,
        found,
        "ms a clip",
        floor=1000 * moved / 2 / bytes_per_second / len(clips),
        floor_is="copying as many bytes",
        goals={"spectrogram_vs_librosa": found["librosa"] / mine},
    )


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
    power = np.abs(scipy.fft.rfft(windowed_frames(clips, representation))) ** 2
    power = power.swapaxes(1, 2)
    if representation.mel_bands is not None:
        power = _filters(representation) @ power
    return (10 * np.log10(np.maximum(power, 1e-10))).astype(np.float16)


def torch_all_at_once(clips: np.ndarray, representation: Representation) -> np.ndarray:
    """Transform all clips by one call of PyTorch's STFT, in float32."""
    n_fft = representation.n_fft
    assert n_fft is not None
    spectrum = torch.stft(
        torch.from_numpy(clips),
        n_fft,
        n_fft // 2,
        window=torch.hann_window(n_fft),
        pad_mode="constant",
        return_complex=True,
    )
    power = spectrum.abs() ** 2
    if representation.mel_bands is not None:
        power = torch.from_numpy(_filters(representation)) @ power
    return (10 * torch.log10(power.clamp_min(1e-10))).half().numpy()


def fft_alone(clips: np.ndarray, representation: Representation) -> None:
    """Transform frames that are ready, the same few over and over, so that memory costs nothing."""
    frames = windowed_frames(clips[:1], representation)[0]
    some = np.ascontiguousarray(frames[:FRAMES_AT_ONCE])
    for _ in range(round(len(clips) * len(frames) / len(some))):
        scipy.fft.rfft(some)


def windowed_frames(clips: np.ndarray, representation: Representation) -> np.ndarray:
    """Return all frames of all clips under their window, shape (clips, frames, n_fft)."""
    n_fft = representation.n_fft
    assert n_fft is not None
    window = scipy.signal.get_window("hann", n_fft).astype(np.float32)
    padded = np.pad(clips, [(0, 0), (n_fft // 2, n_fft // 2)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=1)[:, :: n_fft // 2]
    return frames * window


def _filters(representation: Representation) -> np.ndarray:
    assert representation.n_fft is not None
    assert representation.mel_bands is not None
    return librosa.filters.mel(
        sr=SAMPLE_RATE, n_fft=representation.n_fft, n_mels=representation.mel_bands
    )


def whole_stage(loop: np.ndarray, name: str, representation: Representation) -> Row:
    """Time reading, transforming and storing the clips of one file beside decoding it alone."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "clips.flac", Path(folder) / "inputs.npy"
        settings = settings_of("dm2")[:STORED_CLIPS]
        write_clips(
            source,
            loop,
            settings,
            sample_rate=SAMPLE_RATE,
            options=load_params().compressor,
        )
        times = interleaved_medians(
            {
                "ours": partial(
                    cache_inputs,
                    source,
                    target,
                    representation=representation,
                    clips=len(settings),
                    clip_samples=loop.size,
                    sample_rate=SAMPLE_RATE,
                ),
                "decoding": partial(read_audio, source, sample_rate=SAMPLE_RATE),
            },
            rounds=ROUNDS,
            clock=process_time,
        )
    each = {way: 1000 * seconds / len(settings) for way, seconds in times.items()}
    return Row(
        f"{name}, from FLAC to the cache",
        each["ours"],
        {},
        "ms a clip",
        floor=each["decoding"],
        floor_is="decoding alone",
    )


if __name__ == "__main__":
    print(markdown(measure()))
