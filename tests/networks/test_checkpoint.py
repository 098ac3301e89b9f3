"""When a training stops, and what names its state."""

import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.networks.checkpoint import LearningCurve, fingerprint


def test_early_stopping_counts_from_the_best_epoch():
    curve = LearningCurve([1.0, 0.5, 0.4, 0.3], [1.0, 0.6, 0.7, 0.8])
    assert curve.best_epoch == 2
    assert not curve.should_stop(max_epochs=10, patience=3)
    assert not curve.should_stop(max_epochs=10, patience=None)
    assert curve.should_stop(max_epochs=10, patience=2)
    assert curve.should_stop(max_epochs=4, patience=3)


def test_a_training_that_has_not_begun_goes_on():
    assert LearningCurve().best_epoch == 0
    assert not LearningCurve().should_stop(max_epochs=1, patience=1)


def test_a_fingerprint_follows_from_the_description_and_the_files(tmp_path):
    file = tmp_path / "input.npy"
    file.write_bytes(b"one")
    names = {fingerprint("a", [file]), fingerprint("b", [file])}
    file.write_bytes(b"two")
    names.add(fingerprint("a", [file]))
    assert len(names) == 3
    file.write_bytes(b"one")
    assert fingerprint("a", [file]) in names


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"000\.npy: missing"):
        fingerprint("a", [tmp_path / "000.npy"])
