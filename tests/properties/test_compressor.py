"""Properties of the compressor: level, threshold, ratio, and many settings at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from siamese_drc.compressor.compressor import compress, gain_reduction_db
from siamese_drc.compressor.settings import PARAMETERS, Settings

RATE = 8000
EXAMPLES = settings(max_examples=200, deadline=None)


@st.composite
def loops(draw: st.DrawFn) -> np.ndarray:
    """Draw up to 50 ms of decaying noise, of any level down to -60 dBFS, with silent samples."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    samples = draw(st.integers(1, 400))
    decay = np.exp(-np.arange(samples) / draw(st.floats(10, 1000)))
    loop = random.uniform(-1, 1, samples) * decay * 10 ** draw(st.floats(-3, 0))
    loop[random.random(samples) < draw(st.floats(0, 0.5))] = 0
    return loop.astype(np.float32)


ROWS = st.tuples(
    st.floats(-50, 0), st.floats(1, 1000), st.floats(0.01, 10_000), st.floats(0.01, 10_000)
)
OPTIONS = st.fixed_dictionaries(
    {
        "detector": st.sampled_from(["peak", "rms"]),
        "smoothing": st.sampled_from(["branching", "decoupled"]),
        "knee_db": st.sampled_from([0.0, 6.0, 24.0]),
    }
)


def of(*rows: tuple[float, ...], **changes: float) -> Settings:
    columns = dict(zip(PARAMETERS, np.array(rows).T, strict=True))
    return Settings(**{name: changes.get(name, column) for name, column in columns.items()})


@EXAMPLES
@given(loops(), ROWS, st.integers(1, 6), OPTIONS)
def test_a_level_moves_with_the_threshold(loop, row, halvings, options):
    """Half the signal with a threshold 6 dB lower is half of what came out."""
    threshold, *others = row
    quiet = (threshold - 20 * np.log10(2) * halvings, *others)
    found = compress(loop / 2**halvings, of(quiet), sample_rate=RATE, **options)
    expected = compress(loop, of(row), sample_rate=RATE, **options) / 2**halvings
    # The detector's floor of -120 dBFS adds up to 0.1 % to what exceeds -50 - 36 dBFS.
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=1e-7)


@EXAMPLES
@given(loops(), ROWS, st.floats(-50, 0), st.floats(1, 1000), OPTIONS)
def test_less_threshold_and_more_ratio_reduce_the_gain_more(loop, row, threshold, ratio, options):
    low, high = sorted([threshold, row[0]])
    few, many = sorted([ratio, row[1]])
    strong, gentle = (low, many, *row[2:]), (high, few, *row[2:])
    reduction = gain_reduction_db(loop, of(strong, gentle), sample_rate=RATE, **options)
    assert (reduction[0] >= reduction[1] - 1e-4).all()
    assert (reduction >= 0).all()


@EXAMPLES
@given(loops(), st.lists(ROWS, min_size=2, max_size=9), OPTIONS)
def test_a_batch_has_the_bytes_of_single_settings(loop, rows, options):
    batch = compress(loop, of(*rows), sample_rate=RATE, **options)
    for row, found in zip(rows, batch, strict=True):
        np.testing.assert_array_equal(
            found, compress(loop, of(row), sample_rate=RATE, **options)[0]
        )


@EXAMPLES
@given(loops(), ROWS, OPTIONS, st.floats(-30, 30))
def test_silence_stays_silent_and_makeup_is_a_factor(loop, row, options, makeup_db):
    plain = compress(loop, of(row), sample_rate=RATE, **options)[0]
    assert (np.abs(plain) <= np.abs(loop)).all()
    assert (plain[loop == 0] == 0).all()
    made_up = compress(loop, of(row), sample_rate=RATE, makeup_db=makeup_db, **options)[0]
    np.testing.assert_allclose(made_up, plain * 10 ** (makeup_db / 20), rtol=1e-5, atol=1e-12)
