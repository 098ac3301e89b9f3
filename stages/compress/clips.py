"""A loop under all its settings of a grid, written to one lossless file, clip after clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from stages.common.audio import quantise
from stages.common.params import Compressor
from stages.compress.compressor import compress, max_gain_reduction_db
from stages.compress.settings import Settings

_CLIPS_AT_ONCE = 125  # 100 MB of four-second clips; one threshold of the four-parameter grid


def write_clips(
    path: Path, signal: np.ndarray, settings: Settings, *, sample_rate: int, options: Compressor
) -> np.ndarray:
    """Compress a loop under `settings` and write the clips back to back, as 24-bit FLAC.

    Parameters
    ----------
    path : Path
    signal : ndarray, shape (samples,), float32, full scale 1.0
    settings : Settings, n rows
    sample_rate : int, Hz
    options : Compressor
        What no grid varies: detector, smoothing, knee and make-up.

    Returns
    -------
    ndarray, shape (n,), dB
        The maximum gain reduction of each clip, make-up gain not counted.
    """
    buffer = np.empty((min(len(settings), _CLIPS_AT_ONCE), signal.size), np.float32)
    without_makeup = options.model_dump(include={"detector", "smoothing", "knee_db"})
    path.parent.mkdir(parents=True, exist_ok=True)
    # libsndfile's default FLAC level, 5: a level below is no faster, one above saves 2 % of the
    # size for half as much time again.
    with soundfile.SoundFile(path, "w", sample_rate, 1, "PCM_24", format="FLAC") as file:
        for start in range(0, len(settings), _CLIPS_AT_ONCE):
            some = settings[start : start + _CLIPS_AT_ONCE]
            clips = compress(
                signal,
                some,
                sample_rate=sample_rate,
                makeup_db=options.makeup_db,
                out=buffer[: len(some)],
                **without_makeup,
            )
            for clip in clips:
                file.write(quantise(clip))
    return max_gain_reduction_db(signal, settings, sample_rate=sample_rate, **without_makeup)
