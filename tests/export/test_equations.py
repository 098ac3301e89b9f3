"""The equations of other compressors against the programs themselves."""

from __future__ import annotations

import numpy as np
import pytest

from siamese_drc.export.equations import (
    REST_DB,
    chain_gain_db,
    magnitude_db,
    smoothed_level_db,
)
from tests.export.programs import by_ffmpeg
from tests.match.references import RATE, hits

LOOP = hits(1.0, seed=1)
LEVEL = magnitude_db(np.abs(LOOP))


def point(attack: float, release: float, threshold_db: float, ratio: float, knee_db: float = 0.0):
    """Return the point at rest of a compressor whose times are in samples."""
    times = np.log([attack, release])
    return np.array([threshold_db, 1 - 1 / ratio, *times, 0.0, REST_DB["level"], knee_db])


def juce_stages(*settings: tuple[float, float, float, float]) -> list[np.ndarray]:
    """Return the points of JUCE's compressors, whose times are 2 pi time constants, in ms."""
    per_ms = RATE / 2000 / np.pi
    return [
        point(attack * per_ms, release * per_ms, threshold_db, ratio)
        for threshold_db, ratio, attack, release in settings
    ]


@pytest.mark.parametrize(
    "setting", [(-20.0, 4.0, 10.0, 200.0), (-45.0, 20.0, 0.3, 30.0), (-6.0, 1.5, 100.0, 1000.0)]
)
def test_juce_is_pedalboard_to_the_precision_of_float32(setting):
    pedalboard = pytest.importorskip("pedalboard")
    gain = chain_gain_db(LEVEL, juce_stages(setting))
    theirs = pedalboard.Compressor(*setting)(LOOP, RATE)
    np.testing.assert_allclose(LOOP * 10 ** (gain / 20), theirs, rtol=2e-4, atol=1e-7)


@pytest.mark.parametrize(("detection", "family"), [("peak", "level"), ("rms", "power")])
@pytest.mark.parametrize("knee", [1.0, 8.0])
def test_a_stage_is_acompressor(detection, family, knee):
    line = f"acompressor=threshold=0.1:ratio=5:attack=12:release=180:knee={knee}"
    theirs = by_ffmpeg(LOOP[np.newaxis], f"{line}:detection={detection}", RATE)[0]
    times = -1 / np.log1p(-4000 / (np.array([12.0, 180.0]) * RATE))
    stage = point(times[0], times[1], -20.0, 5.0, 20 * np.log10(knee))
    gain = chain_gain_db(LEVEL, [stage], family)
    np.testing.assert_allclose(LOOP * 10 ** (gain / 20), theirs, rtol=1e-6, atol=1e-12)


def test_two_stages_are_one_after_the_other():
    pedalboard = pytest.importorskip("pedalboard")
    settings = [(-30.0, 2.0, 10.0, 200.0), (-25.0, 6.0, 60.0, 500.0)]
    board = pedalboard.Pedalboard([pedalboard.Compressor(*setting) for setting in settings])
    gain = chain_gain_db(LEVEL, juce_stages(*settings))
    np.testing.assert_allclose(LOOP * 10 ** (gain / 20), board(LOOP, RATE), rtol=2e-4, atol=1e-7)


def test_the_level_is_that_of_compand():
    line = "compand=attacks=0.01:decays=0.1:points=-90/-90|-30/-30|0/-20:volume=-200"
    theirs = by_ffmpeg(LOOP[np.newaxis].astype(float), line, RATE)[0]
    level = smoothed_level_db(LEVEL, np.log(np.array([0.01, 0.1]) * RATE))
    gain = np.interp(level, [-90, -30, 0], [0, 0, -20])
    np.testing.assert_allclose(LOOP * 10 ** (gain / 20), theirs, rtol=2e-3, atol=1e-9)
