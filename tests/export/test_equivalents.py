"""Settings for other compressors, against pedalboard itself and against steps."""

from __future__ import annotations

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.export.equivalents import JUCE, TIMES_OF_A_TIME_CONSTANT, equivalents
from siamese_drc.export.juce import gain_db
from tests.match.references import RATE, hits

SETTINGS = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 12.0,
    "release_ms": 150.0,
    "makeup_db": 2.0,
}
LOOP = hits(2.0, seed=1)


def by_pedalboard(loop: np.ndarray, threshold: float, ratio: float, attack: float, release: float):
    pedalboard = pytest.importorskip("pedalboard")
    compressor = pedalboard.Compressor(threshold, ratio, attack, release)
    return compressor(loop, RATE)


@pytest.mark.parametrize(
    "setting", [(-20.0, 4.0, 10.0, 200.0), (-45.0, 20.0, 0.3, 30.0), (-6.0, 1.5, 100.0, 1000.0)]
)
def test_the_kernel_is_pedalboard_to_the_precision_of_float32(setting):
    gain = gain_db(LOOP, *(np.array([value]) for value in setting), sample_rate=RATE)[0]
    theirs = by_pedalboard(LOOP, *setting)
    np.testing.assert_allclose(LOOP * 10 ** (gain / 20), theirs, rtol=2e-5, atol=1e-7)


def test_times_are_those_of_a_step_of_the_gain():
    attack_ms = 20.0
    level = np.full(RATE // 2, 0.5, np.float32)
    settings = Settings([-40.0], [4.0], [attack_ms], [100.0])
    reduction = -20 * np.log10(compress(level, settings, sample_rate=RATE)[0] / np.float32(0.5))
    share = reduction / reduction[-1]

    def until(reached: float) -> float:
        return float(np.argmax(share >= reached)) / RATE * 1000

    own, rise, to_90, _ = TIMES_OF_A_TIME_CONSTANT.values()
    assert until(1 - np.exp(-1)) == pytest.approx(own * attack_ms, abs=0.05)
    assert until(0.9) - until(0.1) == pytest.approx(rise * attack_ms, abs=0.05)
    assert until(0.9) == pytest.approx(to_90 * attack_ms, abs=0.05)


def test_pedalboard_under_its_equivalent_settings_comes_close():
    rows = equivalents(SETTINGS, LOOP, sample_rate=RATE)
    assert [row.compressor for row in rows] == [*TIMES_OF_A_TIME_CONSTANT, JUCE]
    assert {name: getattr(rows[0], name) for name in SETTINGS} == SETTINGS
    wanted = compress(
        LOOP, Settings([-24.0], [4.0], [12.0], [150.0]), sample_rate=RATE, makeup_db=2.0
    )[0]

    def apart(threshold, ratio, attack, release, makeup) -> float:
        theirs = by_pedalboard(LOOP, threshold, ratio, attack, release) * 10 ** (makeup / 20)
        heard = np.abs(LOOP) > 0.01
        return float(np.sqrt(np.mean(np.square(20 * np.log10(theirs[heard] / wanted[heard])))))

    fitted = rows[-1]
    values = (fitted.threshold_db, fitted.ratio, fitted.attack_ms, fitted.release_ms)
    as_fitted = apart(*values, fitted.makeup_db)
    assert as_fitted < 0.4 * apart(-24.0, 4.0, 12.0, 150.0, 2.0)
    assert as_fitted < 1.5
    assert fitted.difference_db is not None
    assert as_fitted == pytest.approx(fitted.difference_db, rel=0.5)
