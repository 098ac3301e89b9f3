"""Sounds in formats that libsndfile does not write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from siamese_drc.core.ffmpeg import encode

RATE = 44100


def write_by_ffmpeg(path: Path, signal: np.ndarray, codec: str, **options: Any) -> None:
    """Write a signal, shape (samples, channels), with PyAV."""
    encode(str(path), signal.T, codec, sample_rate=RATE, **options)


def start_ogg_before_0(data: bytes) -> bytes:
    """Move the time of all pages of an Ogg Vorbis file, so that the first with sound ends before 0.

    So it is in files that were cut from longer ones. libsndfile then states too many frames.
    """
    pages, places, place = bytearray(data), [], 0
    while place < len(pages):
        places.append(place)
        segments = pages[place + 26]
        place += 27 + segments + sum(pages[place + 27 : place + 27 + segments])
    times = [int.from_bytes(data[place + 6 : place + 14], "little") for place in places]
    first = next(time for time in times if time)
    for place, end, time in zip(places, [*places[1:], len(pages)], times, strict=True):
        if time:
            pages[place + 6 : place + 14] = (time - first - 104).to_bytes(8, "little", signed=True)
        pages[place + 22 : place + 26] = bytes(4)
        pages[place + 22 : place + 26] = _ogg_checksum(pages[place:end]).to_bytes(4, "little")
    return bytes(pages)


def _ogg_checksum(page: bytes | bytearray) -> int:
    """Return the CRC-32 of an Ogg page (RFC 3533): polynomial 0x04c11db7, not reflected."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x104C11DB7 if value & 0x80000000 else 0)
    return value
