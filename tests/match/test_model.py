"""The learnt model's file, and the coverage of its intervals."""

import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.match.model import (
    MODEL_FILE,
    interval_margins,
    read_model,
    write_model,
)


def test_intervals_have_the_stated_coverage():
    random = np.random.default_rng(0)
    truth = random.standard_normal((4000, 2)) * [1.0, 0.1]
    low, high = np.full_like(truth, -0.5), np.full_like(truth, 0.5)  # too narrow, and too wide
    margins = interval_margins(low[:2000], high[:2000], truth[:2000], 0.9)
    assert margins[1] < 0 < margins[0]
    inside = (low - margins <= truth) & (truth <= high + margins)
    np.testing.assert_allclose(inside[2000:].mean(axis=0), 0.9, atol=0.02)


def test_few_rows_give_the_widest_interval():
    truth = np.array([[1.0], [3.0]])
    assert interval_margins(0 * truth, 0 * truth, truth, 0.9) == 3.0


def test_a_model_written_is_the_model_read(tmp_path):
    model = read_model()
    write_model(model, tmp_path / "model.npz")
    again = read_model(tmp_path / "model.npz")
    features = np.random.default_rng(0).normal(size=(2, 3, model.network.mean.size))
    for one, other in zip(model.estimate(*features), again.estimate(*features), strict=True):
        np.testing.assert_array_equal(one, other)
    assert MODEL_FILE.stat().st_size < 2e6


def test_a_file_of_another_format_is_refused_in_one_line(tmp_path):
    old, text = tmp_path / "old.npz", tmp_path / "text.npz"
    np.savez(old, mean=np.zeros(3), format=2)
    text.write_text("no model")
    with pytest.raises(InputError, match=f"{old}: is not a model of format 3, which this version"):
        read_model(old)
    cut = tmp_path / "cut.npz"
    cut.write_bytes(MODEL_FILE.read_bytes()[:1000])
    for unreadable in (text, cut):
        with pytest.raises(InputError, match=f"{unreadable}: cannot be read; is it damaged?"):
            read_model(unreadable)
    with pytest.raises(InputError, match=r"missing\.npz: missing"):
        read_model(tmp_path / "missing.npz")
