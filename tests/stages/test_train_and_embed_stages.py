"""The stages `train` and `embed` on a made-up project: every network, every row, the same bytes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from siamese_drc.core.errors import InputError
from siamese_drc.networks.backend import prepare_backend
from stages import embed, train
from stages.project import files
from stages.project.params import load_params
from stages.project.settings_table import COLUMNS

prepare_backend(seed=0)  # before any test starts TensorFlow's threads

from siamese_drc.networks.siamese import build_siamese  # noqa: E402 - imports Keras

PROJECT = Path(__file__).parents[2]
LOOPS, SETTINGS, SHAPE = 4, 5, (32, 32)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Make one experiment with a fold and its transfer, on random inputs, up to `embed`."""
    folder = tmp_path_factory.mktemp("project")
    yaml = YAML(typ="safe", pure=True)
    content = yaml.load((PROJECT / "params.yaml").read_text())
    content["scale"] = "smoke"
    content["scales"]["smoke"]["loops"] = dict.fromkeys(content["materials"], LOOPS)
    content["scales"]["smoke"]["settings"]["dm2"] = SETTINGS
    content["corpora"] = {
        "drum": {"material": "drum", "grids": ["dm2"]},
        "mix": {"material": "mix", "grids": ["dm2"]},
    }
    content["inputs"] = {
        f"{name}-stft128": {"material": name, "corpus": name, "representation": "stft128"}
        for name in ("drum", "mix")
    }
    content["inputs"]["drum-stft128"]["delayed_ms"] = 10.0
    of_both = {"corpus": "drum", "representation": "stft128", "unseen_loops": True}
    content["experiments"] = {
        "small": {"model": "cnn", **of_both},
        "bare": {"model": "none", **of_both},
    }
    content["transfers"] = {
        f"moved-{name}": {
            "experiment": name,
            "source": "drum",
            "corpus": "mix",
            "representation": "stft128",
        }
        for name in ("small", "bare")
    }
    with (folder / "params.yaml").open("w") as file:
        yaml.dump(content, file)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DRC_STATE", str(folder / "state"))
        for seed, corpus in enumerate(("drum", "mix")):
            make_inputs(corpus, seed)
        params = load_params()
        for name in ("small", "bare"):
            train.main(params, name)
            embed.embed(params, name)
            embed.embed(params, f"moved-{name}")
        yield folder


def make_inputs(corpus, seed):
    generator = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "grid": "dm2",
            "loop": np.repeat(np.arange(LOOPS), SETTINGS),
            "position": np.tile(np.arange(SETTINGS), LOOPS),
            "threshold_db": -37.5,
            "ratio": 2.0,
            "attack_ms": generator.uniform(1, 95.5, LOOPS * SETTINGS),
            "release_ms": generator.uniform(10, 955, LOOPS * SETTINGS),
            "max_gain_reduction_db": 10.0,
            "identifiable": True,
        }
    )
    rows["group"] = "recording " + rows["loop"].astype(str)
    files.settings_table(corpus).parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(files.settings_table(corpus), columns=list(COLUMNS), index=False)
    files.dry_file(f"{corpus}-stft128").parent.mkdir(parents=True)
    np.save(
        files.dry_file(f"{corpus}-stft128"),
        generator.normal(-40, 10, (LOOPS, *SHAPE)).astype(np.float16),
    )
    for place in (files.input_file, files.delayed_file):
        place(f"{corpus}-stft128", "dm2", 0).parent.mkdir(parents=True)
        for loop in range(LOOPS):
            np.save(
                place(f"{corpus}-stft128", "dm2", loop),
                generator.normal(-40, 10, (SETTINGS, *SHAPE)).astype(np.float16),
            )


def test_every_network_has_weights_curve_and_facts(project):
    networks = json.loads((files.MODELS / "small" / "networks.json").read_text())
    assert list(networks) == ["dm2", "dm2-fold0"]
    assert networks["dm2"]["test_loops"] == []
    assert len(networks["dm2-fold0"]["test_loops"]) in (1, 2)
    history = pd.read_csv(files.MODELS / "small" / "history.csv")
    assert list(history) == ["grid", "network", "epoch", "loss", "val_loss"]
    assert set(history["network"]) == set(networks)
    assert list((project / "state").iterdir()) == []  # a finished training leaves no state


def test_embeddings_hold_every_row(project):
    small = ["dm2", "dm2-delayed", "dm2-fold0", "dm2-fold0-delayed"]
    for name, networks in {"small": small, "moved-small": ["dm2"]}.items():
        stored = sorted(path.name for path in (files.EMBEDDINGS / name).iterdir())
        assert stored == sorted(f"{n}{end}.npy" for n in networks for end in ("", "-output"))
        for network in networks:
            embeddings = np.load(files.embedding_file(name, network))
            output = np.load(files.output_file(name, network))
            assert embeddings.shape == (LOOPS * SETTINGS, 50)
            assert output.shape == (LOOPS * SETTINGS, 2)
            assert embeddings.dtype == output.dtype == np.float32


def test_the_output_is_the_dense_layer_on_the_embedding_in_real_units(project):
    model = load_params().models["cnn"].model_dump()
    network = build_siamese(input_shape=SHAPE, outputs=2, **model)
    network.load_weights(files.weights_file("small", "dm2"))
    kernel, bias = network.regression.get_weights()
    scaled = np.load(files.embedding_file("small", "dm2")) @ kernel + bias
    low, high = np.array([1.0, 10.0]), np.array([95.5, 955.0])  # Table III
    output = np.load(files.output_file("small", "dm2"))
    np.testing.assert_allclose(output, low + scaled * (high - low), rtol=1e-4, atol=1e-2)


def test_the_same_network_embeds_the_delayed_clips(project):
    in_time, late = (
        np.load(files.embedding_file("small", name)) for name in ("dm2", "dm2-delayed")
    )
    hidden = files.delayed_file("drum-stft128", "dm2", 0)
    place = files.input_file("drum-stft128", "dm2", 0)
    assert not np.array_equal(in_time, late)
    stored = place.read_bytes(), hidden.read_bytes()
    place.write_bytes(stored[1])
    try:
        embed.embed(load_params(), "small")
        found = np.load(files.embedding_file("small", "dm2"))[:SETTINGS]
        np.testing.assert_array_equal(found, late[:SETTINGS])
    finally:
        place.write_bytes(stored[0])
        embed.embed(load_params(), "small")


def test_bytes_do_not_depend_on_the_number_of_processes(project, monkeypatch):
    paths = [*sorted((files.MODELS / "small").iterdir())]
    before = {path: path.read_bytes() for path in paths}
    monkeypatch.setenv("DRC_JOBS", "1")
    train.main(load_params(), "small")
    assert {
        path: path.read_bytes() for path in sorted((files.MODELS / "small").iterdir())
    } == before


def test_a_missing_input_is_named_and_the_old_output_kept(project):
    path = files.input_file("drum-stft128", "dm2", 2)
    hidden = path.rename(path.with_suffix(".hidden"))
    try:
        with pytest.raises(InputError, match=r"002\.npy"):
            embed.embed(load_params(), "small")
    finally:
        hidden.rename(path)
    assert files.embedding_file("small", "dm2").exists()
    assert load_params().scale == "smoke"


def test_without_a_network_the_features_are_the_inputs(project):
    networks = json.loads((files.MODELS / "bare" / "networks.json").read_text())
    assert networks == {"dm2": {"grid": "dm2", "test_loops": []}}
    assert [path.name for path in (files.MODELS / "bare").iterdir()] == ["networks.json"]
    for name, source, place, network in (
        ("bare", "drum-stft128", files.input_file, "dm2"),
        ("bare", "drum-stft128", files.delayed_file, "dm2-delayed"),
        ("moved-bare", "mix-stft128", files.input_file, "dm2"),
    ):
        features = np.load(files.embedding_file(name, network))
        inputs = [np.load(place(source, "dm2", loop)) for loop in range(LOOPS)]
        expected = np.concatenate(inputs).reshape(LOOPS * SETTINGS, -1)
        np.testing.assert_array_equal(features, expected.astype(np.float32))
        assert features.dtype == np.float32
    assert len(list((files.EMBEDDINGS / "bare").iterdir())) == 2


def test_without_a_network_keras_is_not_imported(project):
    program = (
        "import sys; from stages import embed, train\n"
        "from stages.project.params import load_params\n"
        "train.main(load_params(), 'bare'); embed.embed(load_params(), 'bare')\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", program]
    subprocess.run(command, check=True, env={"PYTHONPATH": str(PROJECT), "DRC_JOBS": "1"})


def test_a_finished_network_is_not_trained_again(project, monkeypatch):
    """A run that ends after a training, before the outputs are whole, leaves its state."""
    params = load_params()
    job = train.Job(params, "small", "dm2", None)
    state = train.train(job)
    before = {path: path.stat().st_mtime_ns for path in state.iterdir()}
    assert train.train(job) == state
    assert {path: path.stat().st_mtime_ns for path in state.iterdir()} == before
    changed = params.model_copy(update={"train": params.train.model_copy(update={"rho": 0.9})})
    other = train.train(train.Job(changed, "small", "dm2", None))
    assert other != state
    train.main(params, "small")
    assert not state.exists()
    shutil.rmtree(other)
