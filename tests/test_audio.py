"""24-bit audio comes back to the bit; bad files are named."""

import numpy as np
import pytest
import soundfile

from siamese_drc.audio import FULL_SCALE, read_audio, write_audio
from siamese_drc.core.errors import InputError

RATE = 44100


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_round_trip_is_exact_on_24_bits(tmp_path, ending):
    steps = np.random.default_rng(0).integers(-FULL_SCALE, FULL_SCALE, 1000)
    signal = (steps / FULL_SCALE).astype(np.float32)
    path = tmp_path / f"loop.{ending}"
    write_audio(path, signal, RATE)
    assert soundfile.info(path).subtype == "PCM_24"
    np.testing.assert_array_equal(read_audio(path, sample_rate=RATE), signal)
    part = read_audio(path, sample_rate=RATE, start=100, samples=50)
    np.testing.assert_array_equal(part, signal[100:150])


def test_full_scale_is_clipped_by_one_step_not_wrapped(tmp_path):
    path = tmp_path / "loop.wav"
    write_audio(path, np.array([1.0, -1.0], np.float32), RATE)
    stored = read_audio(path, sample_rate=RATE)
    np.testing.assert_array_equal(stored, np.array([1 - 1 / FULL_SCALE, -1.0], np.float32))


def test_bad_files_are_named(tmp_path):
    path = tmp_path / "loop.wav"
    with pytest.raises(InputError, match=r"loop\.wav: cannot be read as audio"):
        read_audio(path, sample_rate=RATE)
    path.write_bytes(b"not audio")
    with pytest.raises(InputError, match=r"loop\.wav: cannot be read as audio"):
        read_audio(path, sample_rate=RATE)
    soundfile.write(path, np.zeros((10, 2)), RATE)
    with pytest.raises(InputError, match="has 2 channels"):
        read_audio(path, sample_rate=RATE)
    soundfile.write(path, np.zeros(10), 48000)
    with pytest.raises(InputError, match="its rate is 48000 Hz, must be 44100 Hz"):
        read_audio(path, sample_rate=RATE)
    soundfile.write(path, np.zeros(10), RATE)
    with pytest.raises(InputError, match="has 10 samples, must have 15"):
        read_audio(path, sample_rate=RATE, start=5, samples=10)
