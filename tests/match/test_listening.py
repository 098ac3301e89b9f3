"""Copies to listen to are equally loud."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
import soundfile

from stages.match.page.listening import equal_loudness_db, write_copy
from tests.compress.textbook import drum_loop

RATE = 44100


def test_copies_with_their_gains_are_equally_loud_and_do_not_clip(tmp_path):
    drums = drum_loop(RATE)
    steady = 3 * np.sin(np.arange(RATE) / 7)
    signals = {"drums": np.stack([drums, drums / 4]), "steady": steady[np.newaxis]}
    loudness = {
        name: write_copy(tmp_path / name, signal.astype(np.float32), RATE)
        for name, signal in signals.items()
    }
    gains = equal_loudness_db(loudness)
    assert max(gains.values()) == 0
    heard = []
    for name, gain_db in gains.items():
        frames, rate = soundfile.read(tmp_path / name)
        assert np.abs(frames).max() == pytest.approx(1, abs=1e-4)
        loud = 10 ** (gain_db / 20) * frames
        heard.append(pyloudnorm.Meter(rate).integrated_loudness(loud))
    assert heard[0] == pytest.approx(heard[1], abs=0.01)
