"""Audio files to be matched, and the command line run on them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile

from siamese_drc.app.cli import main
from tests.compressor.textbook import drum_loop

RATE = 44100


def write_sound(
    path: Path,
    *,
    seconds: float = 1.0,
    rate: int = RATE,
    channels: int = 1,
    encoding: str = "PCM_16",
    gain: float = 1.0,
) -> Path:
    signal = gain * drum_loop(round(seconds * rate), rate)
    stacked = np.stack([signal * 0.9**channel for channel in range(channels)], axis=1)
    soundfile.write(path, stacked, rate, subtype=encoding)
    return path


class Ran(NamedTuple):
    code: int | str | None
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of an error: nothing else may stand beside it but a progress bar."""
        lines = [line for line in self.err.splitlines() if line and "block" not in line]
        assert len(lines) == 1, self.err
        assert self.code == 2
        assert self.out == ""
        return lines[0]


class CommandLine:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Ran:
        return Ran(main([*map(str, arguments)]), *self._capsys.readouterr())


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's right to read and write everything, for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
