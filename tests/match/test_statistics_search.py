"""The search by the statistics of the dynamics, where the reference is the loop itself."""

import numpy as np

from siamese_drc.compressor.compressor import compress
from siamese_drc.match.dynamics import as_settings, dynamics, loudness_lufs, relative
from siamese_drc.match.model import read_model, scaled
from siamese_drc.match.statistics_search import closest_settings
from siamese_drc.match.training_examples import draw_settings
from tests.match.references import hits

RATE = 44100


def test_the_loop_itself_compressed_is_closest_near_its_settings():
    loop = hits(2.0, seed=1)
    loudness = loudness_lufs(loop, sample_rate=RATE)
    candidates = draw_settings(loop, 40, np.random.default_rng(0))
    own = np.tile([[-25.0, 4.0, 10.0, 100.0]], (8, 1))
    reference = compress(loop, as_settings(own[:1]), sample_rate=RATE)[0]
    found = closest_settings(
        loop,
        dynamics(reference, sample_rate=RATE)[np.newaxis],
        relative(np.concatenate([candidates, own]), loudness),
        loudness=loudness,
        sample_rate=RATE,
        model=read_model(),
    )
    np.testing.assert_allclose(scaled(found), scaled(relative(own[:1], loudness)), atol=0.02)
