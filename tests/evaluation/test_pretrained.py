"""Networks of the package: they survive the file, hear levels as they should, and name faults."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from siamese_drc.compressor import Settings, compress
from siamese_drc.core.errors import InputError
from siamese_drc.evaluation.forest import BinnedForestRegressor
from siamese_drc.evaluation.pretrained import Pretrained, load_pretrained, save_pretrained
from siamese_drc.inputs import represent
from siamese_drc.networks.backend import prepare_backend

RATE, SAMPLES = 8000, 8000
MODEL: dict[str, Any] = {"kind": "cnn", "filters": [2, 3], "embedding": 5}


@pytest.fixture(scope="module")
def model():
    prepare_backend(seed=1)
    from siamese_drc.networks.siamese import build_siamese

    network = build_siamese(input_shape=(33, 251), outputs=2, **MODEL)
    rng = np.random.default_rng(1)
    features, targets = rng.normal(size=(200, 5)), rng.uniform(size=(200, 2)) * [-40, 100]
    forest = BinnedForestRegressor(5, random_state=1).fit(features, targets).forest_
    facts = {
        "model": MODEL,
        "input": {"n_fft": 64, "mel_bands": None, "samples": None},
        "input_shape": [33, 251],
        "sample_rate": RATE,
        "clip_samples": SAMPLES,
        "mean": -30.0,
        "deviation": 12.0,
        "parameters": ["threshold_db", "attack_ms"],
    }
    return Pretrained(facts, network.get_weights(), forest)


@pytest.fixture(scope="module")
def sounds():
    rng = np.random.default_rng(2)
    loop = (rng.normal(size=SAMPLES) * np.exp(-np.arange(SAMPLES) % 2000 / 400)).astype(np.float32)
    loop /= np.abs(loop).max()
    settings = Settings([-20, -35, -30], ratio=[2, 4, 8], attack_ms=[5, 1, 9], release_ms=[90] * 3)
    return loop, compress(loop, settings, sample_rate=RATE)


def test_embedding_is_the_difference_of_the_branches(model, sounds):
    loop, clips = sounds
    levels = represent(np.stack([loop, *clips]), sample_rate=RATE, n_fft=64).astype(np.float32)
    features = np.asarray(model._network.branch((levels[..., None] + 30) / 12))
    expected = features[0] - features[1:]
    found = model.embed(loop, clips, sample_rate=RATE)
    assert found.shape == (3, 5)
    np.testing.assert_allclose(found, expected, atol=2e-4)
    np.testing.assert_allclose(model.embed(loop, clips[1], sample_rate=RATE), found[1], atol=1e-6)


def test_threshold_moves_with_the_level_of_the_loop(model, sounds):
    """compress(g x, T + g) = g compress(x, T), and the network hears loops of peak 1."""
    loop, clips = sounds
    loud = model.predict(loop, clips, sample_rate=RATE)
    soft = model.predict(loop / 4, clips / 4, sample_rate=RATE)
    np.testing.assert_allclose(soft["threshold_db"], loud["threshold_db"] - 12.0412, atol=1e-3)
    np.testing.assert_allclose(soft["attack_ms"], loud["attack_ms"], rtol=1e-6)


def test_it_is_the_same_from_its_file(model, sounds, tmp_path):
    loop, clips = sounds
    save_pretrained(model, tmp_path / "model.npz")
    again = load_pretrained(tmp_path / "model.npz")
    assert again.facts == model.facts
    before, after = (each.predict(loop, clips, sample_rate=RATE) for each in (model, again))
    for name, values in before.items():  # the leaves are stored in half precision
        np.testing.assert_allclose(after[name], values, atol=0.05)


def test_a_longer_or_shorter_loop_is_cut_or_repeated(model, sounds):
    loop, clips = sounds
    whole = model.embed(loop, clips, sample_rate=RATE)
    twice = model.embed(np.tile(loop, 2), np.tile(clips, 2), sample_rate=RATE)
    np.testing.assert_array_equal(whole, twice)


def test_faults_are_named(model, sounds, tmp_path):
    loop, clips = sounds
    with pytest.raises(InputError, match="sample_rate 44100: must be the network's, 8000 Hz"):
        model.embed(loop, clips, sample_rate=44100)
    with pytest.raises(InputError, match=r"compressed: has shape \(3, 7999\)"):
        model.embed(loop, clips[:, 1:], sample_rate=RATE)
    with pytest.raises(InputError, match="must be finite"):
        model.embed(loop, np.where(clips == clips.max(), np.nan, clips), sample_rate=RATE)
    with pytest.raises(InputError, match=r"its peak is 0\.0"):
        model.embed(0 * loop, clips, sample_rate=RATE)
    with pytest.raises(InputError, match="drum-bass: no such network; there are:"):
        load_pretrained("drum-bass")
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04cut")
    with pytest.raises(InputError, match=r"cut\.npz: cannot be read"):
        load_pretrained(tmp_path / "cut.npz")
