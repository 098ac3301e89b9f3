"""Sounds in formats that libsndfile does not write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

RATE = 44100


def write_by_ffmpeg(path: Path, signal: np.ndarray, codec: str, **options: Any) -> None:
    """Write a signal, shape (samples, channels), with PyAV."""
    import av

    layout = "mono" if signal.shape[1] == 1 else "stereo"
    with av.open(str(path), "w", **options) as container:
        stream: Any = container.add_stream(codec, rate=RATE, layout=layout)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(signal.T), format="fltp", layout=layout
        )
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
