"""The four parameters recovered from clips whose parameters are known."""

from __future__ import annotations

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.solver.closed_form import fit_pair
from tests.compressor.textbook import drum_loop
from tests.solver.clips import RATE, SETTINGS, TRUE, stored


@pytest.mark.parametrize("seconds", [0.5, 1.0])
def test_parameters_are_recovered_from_24_bits(seconds):
    dry = stored(drum_loop(int(seconds * RATE)))
    for true, clip in zip(TRUE, compress(dry, SETTINGS, sample_rate=RATE), strict=True):
        fit = fit_pair(dry, stored(clip), sample_rate=RATE)
        assert fit is not None
        # Noise alone is 1; a clip that is often not reduced at all has samples without noise.
        assert 0.5 < fit.misfit < 1.1
        assert (np.abs(fit.values - true) < [1e-4, 1e-3, 1e-3, 3e-3]).all()
        # The standard errors are those of the noise: neither far too small nor far too large.
        assert (np.abs(fit.values - true) < 6 * fit.standard_errors).all()
        assert (fit.standard_errors < [1e-4, 1e-3, 1e-3, 3e-3]).all()


def test_clips_that_are_not_compressed_have_no_fit():
    dry = stored(drum_loop(20000))
    assert fit_pair(dry, dry, sample_rate=RATE) is None
    silence = np.zeros(20000, np.float32)
    assert fit_pair(silence, silence, sample_rate=RATE) is None
