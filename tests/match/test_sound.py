"""Parts of long files, and settings applied to a loop: in blocks, one gain for all channels."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from siamese_drc.audio import open_sound
from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.core.errors import InputError
from siamese_drc.match.families import FAMILIES, LINKS, Family, FamilyCompressor
from siamese_drc.match.sound import process, read_inputs, read_part
from tests.compressor.textbook import drum_loop

RATE = 44100
FAMILY_OF: dict[str, Family] = {"peak": "branching", "rms": "rms"}
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
    found = process(loop, SETTINGS, sample_rate=RATE, family=FAMILY_OF[detector])
    np.testing.assert_allclose(found, expected[0], rtol=1e-6)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_blocks_change_no_bit(channels, family, link):
    loop = np.stack([np.roll(drum_loop(30001), 1000 * channel) for channel in range(channels)])

    def compressor():
        design = {"family": family, "link": link, "channels": channels}
        return FamilyCompressor(SETTINGS | {"knee_db": 2.0}, sample_rate=RATE, **design)

    at_once, by_blocks = compressor().process(loop), compressor()
    blocks = np.split(loop, [1, 8, 4103, 8199, 8200, 20000], axis=1)
    parts = [by_blocks.process(block) for block in blocks]
    np.testing.assert_array_equal(
        np.concatenate([part.signal for part in parts], axis=1), at_once.signal
    )
    np.testing.assert_array_equal(
        np.concatenate([part.reduction_db for part in parts]), at_once.reduction_db
    )


def test_a_setting_outside_its_range_is_refused():
    with pytest.raises(ValueError, match=r"ratio 0\.5: must be at least 1"):
        process(drum_loop(5000), SETTINGS | {"ratio": 0.5}, sample_rate=RATE)


def test_all_channels_get_the_gain_of_their_mean():
    loud = drum_loop(20000)
    loop = np.stack([loud, 0.25 * np.roll(loud, 300), np.zeros_like(loud)])
    processed = FamilyCompressor(SETTINGS, sample_rate=RATE).process(loop)
    mean = loop.mean(axis=0, dtype=np.float32)
    alone = FamilyCompressor(SETTINGS, sample_rate=RATE).process(mean[np.newaxis])
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


def test_of_a_long_file_the_loudest_part_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("siamese_drc.match.sound.LONGEST_PART_S", 30.0)
    rate, seconds = 8000, 100
    signal = 0.01 * np.random.default_rng(1).standard_normal(rate * seconds)
    signal[60 * rate : 70 * rate] *= 20
    soundfile.write(tmp_path / "long.wav", signal, rate)
    sound = open_sound(tmp_path / "long.wav")
    inputs = read_inputs(sound, [sound])
    part = read_part(sound)
    assert part.signal.shape == (1, 30 * rate)
    assert 40 * rate <= part.start <= 60 * rate
    same = soundfile.read(tmp_path / "long.wav", dtype="float32", start=part.start)[0]
    for read in (part.signal, inputs.loop, inputs.references[0]):
        np.testing.assert_array_equal(read[0], same[: 30 * rate])
    assert len(inputs.warnings) == 2
    said = f"long.wav: lasts 100 s, the settings are found in 30 s from {part.start / rate:.0f} s"
    assert said in inputs.warnings[0]


def test_of_many_channels_less_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("siamese_drc.match.sound._LARGEST_PART", 80_000)
    loop = np.tile(drum_loop(30001)[:, np.newaxis], 8)
    soundfile.write(tmp_path / "loop.wav", loop, RATE)
    assert read_part(open_sound(tmp_path / "loop.wav")).signal.shape == (8, 10_000)


def test_opposite_channels_are_no_silence_and_silence_is_refused(tmp_path):
    loop = np.stack([drum_loop(30001), -drum_loop(30001)], axis=1)
    soundfile.write(tmp_path / "loop.wav", loop, RATE)
    assert read_part(open_sound(tmp_path / "loop.wav")).signal.shape == (2, 30001)
    soundfile.write(tmp_path / "silent.wav", 1e-5 * loop, RATE)
    with pytest.raises(InputError, match=r"silent\.wav: is silent, its peak must exceed -80 dBFS"):
        read_part(open_sound(tmp_path / "silent.wav"))
