"""Network inputs on one core: this project, librosa clip by clip, NumPy and PyTorch all at once."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import librosa
import numpy as np
import scipy.fft
import torch
from threadpoolctl import threadpool_limits

from benchmarks.measuring import interleaved_medians, rendered_loops, settings_of
from benchmarks.table import Row
from siamese_drc.audio import read_audio, write_audio
from siamese_drc.compressor.compressor import compress
from siamese_drc.inputs.cache import write_inputs
from siamese_drc.inputs.spectrogram import hann_window, mel_filters, represent
from stages.project.params import load_params

SAMPLE_RATE = 44100
CLIPS = 8
SECONDS = 4.0
ROUNDS = 9
FRAMES_AT_ONCE = 256  # of the FFT alone: they and their spectra stay in a core's cache
STORED_CLIPS = 24
Options = dict[str, Any]  # n_fft, mel_bands


def measure() -> list[Row]:
    """Time every spectrogram beside other programs, then the stage from FLAC to the cache."""
    torch.set_num_threads(1)
    representations = {
        name: {"n_fft": each.n_fft, "mel_bands": each.mel_bands}
        for name, each in load_params().representations.items()
        if each.n_fft
    }
    clips = np.stack(rendered_loops("drum", CLIPS, seconds=SECONDS))
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Empty filters detected")
        return [
            *(transform(clips, name, options) for name, options in representations.items()),
            *(whole_stage(clips[0], name, options) for name, options in representations.items()),
        ]


def transform(clips: np.ndarray, name: str, options: Options) -> Row:
    """Time one representation, milliseconds a clip."""
    ways: dict[str, Callable[[], object]] = {
        "ours": partial(represent, clips, sample_rate=SAMPLE_RATE, **options),
        "librosa": partial(librosa_one_by_one, clips, **options),
        "NumPy": partial(numpy_all_at_once, clips, **options),
        "PyTorch": partial(torch_all_at_once, clips, **options),
        "FFT": partial(fft_alone, clips, options["n_fft"]),
    }
    times = interleaved_medians(ways, rounds=ROUNDS, clock=process_time)
    found = {way: 1000 * seconds / len(clips) for way, seconds in times.items()}
    mine, floor = found.pop("ours"), found.pop("FFT")
    return Row(
        f"{name}, {SECONDS:g} s",
        mine,
        found,
        "ms a clip",
        floor=floor,
        floor_is="SciPy's FFT alone",
        goals={"spectrogram_vs_librosa": found["librosa"] / mine},
    )


def librosa_one_by_one(clips: np.ndarray, n_fft: int, mel_bands: int | None) -> np.ndarray:
    """Transform clip by clip, as librosa's documentation does, with a power spectrogram in dB."""
    inputs = []
    for clip in clips:
        if mel_bands is None:
            power = np.abs(librosa.stft(clip, n_fft=n_fft, hop_length=n_fft // 2)) ** 2
        else:
            power = librosa.feature.melspectrogram(
                y=clip, sr=SAMPLE_RATE, n_fft=n_fft, hop_length=n_fft // 2, n_mels=mel_bands
            )
        inputs.append(librosa.power_to_db(power, amin=1e-10, top_db=None).astype(np.float16))
    return np.stack(inputs)


def numpy_all_at_once(clips: np.ndarray, n_fft: int, mel_bands: int | None) -> np.ndarray:
    """Transform all frames of all clips by one call of SciPy's FFT, the rest in NumPy, float32."""
    power = np.abs(scipy.fft.rfft(windowed_frames(clips, n_fft))) ** 2
    power = power.swapaxes(1, 2)
    if mel_bands is not None:
        power = mel_filters(SAMPLE_RATE, n_fft, mel_bands).toarray() @ power
    return (10 * np.log10(np.maximum(power, 1e-10))).astype(np.float16)


def torch_all_at_once(clips: np.ndarray, n_fft: int, mel_bands: int | None) -> np.ndarray:
    """Transform all clips by one call of PyTorch's STFT, in float32."""
    spectrum = torch.stft(
        torch.from_numpy(clips),
        n_fft,
        n_fft // 2,
        window=torch.hann_window(n_fft),
        pad_mode="constant",
        return_complex=True,
    )
    power = spectrum.abs() ** 2
    if mel_bands is not None:
        power = torch.from_numpy(mel_filters(SAMPLE_RATE, n_fft, mel_bands).toarray()) @ power
    return (10 * torch.log10(power.clamp_min(1e-10))).half().numpy()


def fft_alone(clips: np.ndarray, n_fft: int) -> None:
    """Transform frames that are ready, the same few over and over, so that memory costs nothing."""
    frames = windowed_frames(clips[:1], n_fft)[0]
    some = np.ascontiguousarray(frames[:FRAMES_AT_ONCE])
    for _ in range(round(len(clips) * len(frames) / len(some))):
        scipy.fft.rfft(some)


def windowed_frames(clips: np.ndarray, n_fft: int) -> np.ndarray:
    """Return all frames of all clips under their window, shape (clips, frames, n_fft)."""
    padded = np.pad(clips, [(0, 0), (n_fft // 2, n_fft // 2)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=1)[:, :: n_fft // 2]
    return frames * hann_window(n_fft)


def whole_stage(loop: np.ndarray, name: str, options: Options) -> Row:
    """Time reading, transforming and storing the clips of one file, and decoding it alone."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "clips.flac", Path(folder) / "inputs.npy"
        settings = settings_of("dm2", count=STORED_CLIPS)
        clips = compress(loop, settings, sample_rate=SAMPLE_RATE)
        write_audio(source, clips.ravel(), SAMPLE_RATE)
        ways: dict[str, Callable[[], object]] = {
            "ours": partial(
                write_inputs,
                source,
                target,
                partial(represent, sample_rate=SAMPLE_RATE, **options),
                clips=len(settings),
                clip_samples=loop.size,
                sample_rate=SAMPLE_RATE,
            ),
            "decoding": partial(read_audio, source, sample_rate=SAMPLE_RATE),
        }
        times = interleaved_medians(ways, rounds=ROUNDS, clock=process_time)
    each = {way: 1000 * seconds / len(settings) for way, seconds in times.items()}
    return Row(
        f"{name}, from FLAC to the cache",
        each["ours"],
        {},
        "ms a clip",
        floor=each["decoding"],
        floor_is="decoding alone",
    )
