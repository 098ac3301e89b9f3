"""Which part of a long loop the settings of another compressor are fitted to."""

import numpy as np
import pytest

from siamese_drc.export.fitting import LONGEST_S, Wanted

RATE = 1000


@pytest.mark.parametrize("start", [0, 1, 1234])
def test_the_loudest_part_of_a_long_loop_is_fitted(start):
    samples = round(LONGEST_S * RATE)
    magnitude = np.full((1, samples + 2000), 0.1)
    magnitude[:, start : start + samples] = 1.0
    part, counts = Wanted(magnitude, np.zeros_like(magnitude), RATE).for_fit()
    assert part.magnitude.shape == (1, samples)
    assert (part.magnitude == 1.0).all()
    assert counts[0, 0] == (start == 0)  # elsewhere the compressor is not at rest at first
