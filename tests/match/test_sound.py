"""Settings applied to a loop: as in the pipeline, in blocks, and with one gain for all channels."""

from __future__ import annotations

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.match.sound import compressor, process
from tests.compressor.textbook import drum_loop

RATE = 44100
SETTINGS = {
    "threshold_db": -30.0,
    "ratio": 4.0,
    "attack_ms": 5.0,
    "release_ms": 100.0,
    "makeup_db": 3.0,
}


@pytest.mark.parametrize("detector", ["peak", "rms"])
def test_a_mono_loop_is_compressed_as_by_the_pipeline(detector):
    loop = drum_loop(30001)
    expected = compress(
        *(loop, Settings([-30], [4], [5], [100])),
        sample_rate=RATE,
        detector=detector,
        makeup_db=3.0,
    )
    found = process(loop, SETTINGS, sample_rate=RATE, detector=detector)
    np.testing.assert_array_equal(found, expected[0])


@pytest.mark.parametrize("detector", ["peak", "rms"])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_blocks_change_no_bit(channels, detector):
    loop = np.stack([np.roll(drum_loop(30001), 1000 * channel) for channel in range(channels)])
    at_once = compressor(SETTINGS, sample_rate=RATE, detector=detector).process(loop)
    by_blocks = compressor(SETTINGS, sample_rate=RATE, detector=detector)
    blocks = np.split(loop, [1, 8, 4103, 8199, 8200, 20000], axis=1)
    parts = [by_blocks.process(block) for block in blocks]
    np.testing.assert_array_equal(
        np.concatenate([part.signal for part in parts], axis=1), at_once.signal
    )
    np.testing.assert_array_equal(
        np.concatenate([part.reduction_db for part in parts]), at_once.reduction_db
    )


def test_all_channels_get_the_gain_of_their_mean():
    loud = drum_loop(20000)
    loop = np.stack([loud, 0.25 * np.roll(loud, 300), np.zeros_like(loud)])
    processed = compressor(SETTINGS, sample_rate=RATE).process(loop)
    mean = loop.mean(axis=0, dtype=np.float32)
    alone = compressor(SETTINGS, sample_rate=RATE).process(mean[np.newaxis])
    np.testing.assert_array_equal(processed.reduction_db, alone.reduction_db)
    assert processed.reduction_db.max() > 6
    gain = 10 ** ((3.0 - processed.reduction_db.astype(float)) / 20)
    np.testing.assert_allclose(processed.signal, loop * gain, rtol=2e-6)


def test_settings_that_do_nothing_leave_the_loop_as_it_is():
    loop = drum_loop(5000)
    nothing = SETTINGS | {"ratio": 1.0, "makeup_db": 0.0}
    np.testing.assert_array_equal(process(loop, nothing, sample_rate=RATE), loop)


def test_samples_that_are_not_finite_are_refused():
    loop = drum_loop(5000)
    loop[100] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        process(loop, SETTINGS, sample_rate=RATE)
