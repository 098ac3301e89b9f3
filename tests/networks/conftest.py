"""A small data set that a network can learn: the compressed input is the dry one, shifted."""

import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.networks.backend import prepare_backend
from siamese_drc.networks.batches import DataSet

prepare_backend(seed=0)  # before any test starts TensorFlow's threads


def has_bfloat16():
    from siamese_drc.networks.siamese import require_bfloat16

    try:
        require_bfloat16()
    except InputError:
        return False
    return True


BFLOAT16 = pytest.mark.skipif(not has_bfloat16(), reason="no bfloat16 on this processor")

LOOPS, SETTINGS, SHAPE = 6, 10, (32, 32)


def make_data_set(folder):
    """Return the data set, whose files lie in `folder`, and the shift of each row, 0.1 to 9.9."""
    generator = np.random.default_rng(0)
    dry = generator.normal(-40, 10, (LOOPS, *SHAPE)).astype(np.float16)
    shift = generator.uniform(0.1, 9.9, (LOOPS, SETTINGS))
    files = [folder / f"{loop:03d}.npy" for loop in range(LOOPS)]
    for path, of_loop, by in zip(files, dry, shift, strict=True):
        np.save(path, (of_loop - by[:, None, None]).astype(np.float16))
    loop, position = np.divmod(np.arange(LOOPS * SETTINGS), SETTINGS)
    return DataSet(dry, files, loop, position, mean=-40.0, deviation=10.0), shift.ravel()


@pytest.fixture
def shifted(tmp_path):
    return make_data_set(tmp_path)


@pytest.fixture
def data_set(shifted):
    return shifted[0]
