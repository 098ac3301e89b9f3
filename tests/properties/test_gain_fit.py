"""Settings drawn at random, on loops drawn at random, come back from the gain that they make."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from siamese_drc.compressor.ballistics import level_db
from siamese_drc.compressor.compressor import compress, gain_reduction_db
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.solver.gain_fit import fit_gain, to_point, to_settings

RATE = 8000
OTHERS = {"makeup_db": 0.0, "start_db": 0.0, "knee_db": 0.0}
STARTS = [
    {"threshold_db": threshold, "ratio": 4.0, "attack_ms": 10.0, "release_ms": release} | OTHERS
    for threshold in (-40.0, -28.0, -18.0)
    for release in (50.0, 200.0)
]


@st.composite
def loops(draw: st.DrawFn) -> np.ndarray:
    """Draw one second of decaying noise on eight beats, of different loudness."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    beat = RATE // 8
    decay = np.exp(-np.arange(beat) / draw(st.floats(0.2, 0.5)) / beat)
    hits = random.uniform(-1, 1, (8, beat)) * decay * random.uniform(0.2, 1, (8, 1))
    return (hits.ravel() / np.abs(hits).max()).astype(np.float32)


@settings(max_examples=200, deadline=None)
@given(
    loops(),
    st.floats(-40, -12),
    st.floats(1.5, 20),
    st.floats(1, 40),
    st.floats(20, 400),
)
def test_settings_come_back(loop, threshold_db, ratio, attack_ms, release_ms):
    truth = Settings(threshold_db, ratio, attack_ms, release_ms)
    # Where hardly anything is reduced, other settings make the same gain.
    assume((gain_reduction_db(loop, truth, sample_rate=RATE) > 1).mean() > 0.1)
    wet = compress(loop, truth, sample_rate=RATE)[0]
    known = np.abs(loop) > 1e-4
    gain = np.zeros(loop.size)
    gain[known] = 20 * np.log10(wet[known].astype(float) / loop[known])
    level, weight = level_db(loop), known.astype(float)
    for start in STARTS:
        fit = fit_gain(level, gain, weight, to_point(start, sample_rate=RATE))
        if fit.cost < 1e-3:
            break
    found = to_settings(fit.point, sample_rate=RATE)
    for name in PARAMETERS:
        [expected] = getattr(truth, name)
        tolerance = 0.05 if name == "threshold_db" else 0.01 * expected
        assert abs(found[name] - expected) < tolerance, name
