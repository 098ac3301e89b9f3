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
from siamese_drc.inputs.statistics import difference_statistics
from siamese_drc.networks.backend import prepare_backend
from stages import embed, train, unseen_loops
from stages.project import files
from stages.project.files import CLIP_COLUMNS
from stages.project.params import load_params

prepare_backend(seed=0)  # before any test starts TensorFlow's threads

from siamese_drc.networks.siamese import build_siamese  # noqa: E402 - imports Keras

PROJECT = Path(__file__).parents[2]
LOOPS, SETTINGS, SHAPE = 4, 5, (32, 32)
UNSEEN = "small-unseen-loops"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Make an experiment with and one without a network, on random inputs, up to `embed`.

    The networks of `unseen_loops` are trained before there is any loop of the tested corpus.
    """
    folder = tmp_path_factory.mktemp("project")
    yaml = YAML(typ="safe", pure=True)
    content = yaml.load((PROJECT / "params.yaml").read_text())
    content["scale"] = "smoke"
    content["scales"]["smoke"]["loops"] = dict.fromkeys(content["materials"], LOOPS)
    content["scales"]["smoke"]["settings"]["dm2"] = SETTINGS
    of_corpora = {"drum": "drum", "mix": "mix", "many": "guitar"}
    content["corpora"] = {
        name: {"material": material, "grids": ["dm2"], "drawn": name == "many"}
        for name, material in of_corpora.items()
    }
    content["closed_form"] = {name: {"material": name} for name in ("drum", "mix")}
    for scale in content["scales"].values():
        scale["drawn_settings"] = {"many": SETTINGS}
    content["inputs"] = {
        f"{name}-stft128": {"material": material, "corpus": name, "representation": "stft128"}
        for name, material in of_corpora.items()
    }
    content["inputs"]["drum-stft128"]["changed"] = ["delayed"]
    of_both = {"corpus": "drum", "representation": "stft128"}
    content["experiments"] = {
        "small": {"model": "cnn", **of_both},
        "bare": {"model": "none", **of_both},
    }
    content["unseen_loops"] = {
        "small": {"model": "cnn", "representation": "stft128", "corpus": "many", "tested": "drum"}
    }
    content["pretrained"], content["transfers"] = {}, {}
    with (folder / "params.yaml").open("w") as file:
        yaml.dump(content, file)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DRC_STATE", str(folder / "state"))
        params = load_params()
        make_inputs("many", 2)
        train.main(params, UNSEEN)
        make_inputs("drum", 0)
        make_inputs("mix", 1)
        for name in ("small", "bare"):
            train.main(params, name)
            embed.main(params, name)
            embed.embed(params, name, "mix", ["dm2"], folder / f"moved-{name}")
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
    rows.to_csv(files.settings_table(corpus), columns=CLIP_COLUMNS, index=False)
    files.dry_file(f"{corpus}-stft128").parent.mkdir(parents=True)
    np.save(
        files.dry_file(f"{corpus}-stft128"),
        generator.normal(-40, 10, (LOOPS, *SHAPE)).astype(np.float16),
    )
    for grid in ("dm2", "dm2-delayed"):
        files.input_file(f"{corpus}-stft128", grid, 0).parent.mkdir(parents=True)
        for loop in range(LOOPS):
            np.save(
                files.input_file(f"{corpus}-stft128", grid, loop),
                generator.normal(-40, 10, (SETTINGS, *SHAPE)).astype(np.float16),
            )


def test_every_network_and_its_twin_have_weights_curve_and_facts(project):
    folder = files.MODELS / "small"
    networks = json.loads((folder / "networks.json").read_text())
    assert list(networks) == ["dm2", "dm2-untrained"]
    assert (networks["dm2"]["epochs"], networks["dm2-untrained"]["epochs"]) == (2, 0)
    assert all(entry["grid"] == "dm2" for entry in networks.values())
    for key in ("mean", "deviation"):
        assert networks["dm2"][key] == networks["dm2-untrained"][key]
    history = pd.read_csv(folder / "history.csv")
    assert list(history) == ["grid", "epoch", "loss", "val_loss"]
    assert history["epoch"].tolist() == [1, 2]
    weights = {f"{name}.weights.h5" for name in networks}
    assert {path.name for path in folder.iterdir()} == {*weights, "history.csv", "networks.json"}
    assert list((project / "state").iterdir()) == []  # a finished training leaves no state


def embedded(name: str) -> np.ndarray:
    return np.load(files.EMBEDDINGS / "small" / f"{name}.npy")


def test_embeddings_hold_every_row(project):
    networks = ["dm2", "dm2-untrained"]
    late = [f"{name}-delayed" for name in networks]
    bare = ["dm2-no-network"]
    for folder, made, without in (
        (files.EMBEDDINGS / "small", networks + late, [*bare, "dm2-no-network-delayed"]),
        (project / "moved-small", networks, bare),
    ):
        stored = {path.name for path in folder.iterdir()}
        outputs = {f"{name}-output.npy" for name in made}
        assert stored == {*outputs, *(f"{name}.npy" for name in [*made, *without])}
        for name in made:
            embeddings, output = (
                np.load(folder / f"{name}.npy"),
                np.load(folder / f"{name}-output.npy"),
            )
            assert embeddings.shape == (LOOPS * SETTINGS, 50)
            assert output.shape == (LOOPS * SETTINGS, 2)
            assert embeddings.dtype == output.dtype == np.float32


def test_the_twin_is_a_network_of_other_weights(project):
    trained, untrained = (embedded(name) for name in ("dm2", "dm2-untrained"))
    assert np.abs(trained - untrained).max() > 1e-3
    assert np.corrcoef(trained.ravel(), untrained.ravel())[0, 1] > 0.5  # where training began


def test_without_a_network_there_are_statistics_of_the_inputs(project):
    dry = np.load(files.dry_file("drum-stft128"))
    for name, grid in (("dm2-no-network", "dm2"), ("dm2-no-network-delayed", "dm2-delayed")):
        features = embedded(name)
        expected = [
            difference_statistics(dry[loop], np.load(files.input_file("drum-stft128", grid, loop)))
            for loop in range(LOOPS)
        ]
        np.testing.assert_array_equal(features, np.concatenate(expected))
        assert features.shape == (LOOPS * SETTINGS, 2 * SHAPE[0])


def test_a_network_of_unseen_loops_is_validated_on_loops_that_it_is_not_trained_on(project):
    job = train.Job(load_params(), UNSEEN, "dm2")
    loop = job.rows["loop"].to_numpy()
    training, validation = (set(loop[rows]) for rows in (job.split.training, job.split.validation))
    assert (len(training), len(validation)) == (3, 1)
    assert not training & validation
    facts = json.loads((files.MODELS / UNSEEN / "networks.json").read_text())["dm2"]
    dry = np.load(files.dry_file("many-stft128")).astype(float)[sorted(training)]
    assert facts["mean"] == pytest.approx(dry.mean())
    assert facts["deviation"] == pytest.approx(dry.std())


def test_unseen_loops_are_embedded_fitted_and_tested(project):
    unseen_loops.main(load_params(), "small")
    found = json.loads(load_params().metrics[UNSEEN].read_text())
    assert list(found) == ["drum-dm2"]
    assert set(found["drum-dm2"]) == {
        *("unseen_loops", "unseen_loops_delayed", "network_unseen_loops"),
        *("untrained", "no_network", "learnt", "constant"),
    }
    assert found["drum-dm2"]["unseen_loops"]["attack_ms"]["n"] == LOOPS * SETTINGS
    folder = files.EMBEDDINGS / UNSEEN
    assert {path.name for path in folder.iterdir()} == {"many", "drum"}
    network = "dm2"  # of the training corpus, not the experiment's own
    own = embedded(network)
    assert not np.array_equal(np.load(folder / "drum" / f"{network}.npy"), own)


def test_the_output_is_the_dense_layer_on_the_embedding_in_real_units(project):
    model = load_params().models["cnn"].model_dump()
    network = build_siamese(input_shape=SHAPE, outputs=2, **model)
    network.load_weights(files.weights_file("small", "dm2"))
    kernel, bias = network.regression.get_weights()
    scaled = embedded("dm2") @ kernel + bias
    low, high = np.array([1.0, 10.0]), np.array([95.5, 955.0])  # Table III
    output = embedded("dm2-output")
    np.testing.assert_allclose(output, low + scaled * (high - low), rtol=1e-4, atol=1e-2)


def test_the_same_network_embeds_the_delayed_clips(project):
    in_time, late = (embedded(name) for name in ("dm2", "dm2-delayed"))
    hidden = files.input_file("drum-stft128", "dm2-delayed", 0)
    place = files.input_file("drum-stft128", "dm2", 0)
    assert not np.array_equal(in_time, late)
    stored = place.read_bytes(), hidden.read_bytes()
    place.write_bytes(stored[1])
    try:
        embed.main(load_params(), "small")
        found = embedded("dm2")[:SETTINGS]
        np.testing.assert_array_equal(found, late[:SETTINGS])
    finally:
        place.write_bytes(stored[0])
        embed.main(load_params(), "small")


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
            embed.main(load_params(), "small")
    finally:
        hidden.rename(path)
    assert (files.EMBEDDINGS / "small" / "dm2.npy").exists()
    assert load_params().scale == "smoke"


def test_without_a_network_the_features_are_the_inputs(project):
    networks = json.loads((files.MODELS / "bare" / "networks.json").read_text())
    assert networks == {"dm2": {"grid": "dm2"}}
    assert [path.name for path in (files.MODELS / "bare").iterdir()] == ["networks.json"]
    own = files.EMBEDDINGS / "bare"
    for folder, source, name in (
        (own, "drum-stft128", "dm2"),
        (own, "drum-stft128", "dm2-delayed"),
        (project / "moved-bare", "mix-stft128", "dm2"),
    ):
        features = np.load(folder / f"{name}.npy")
        inputs = [np.load(files.input_file(source, name, loop)) for loop in range(LOOPS)]
        expected = np.concatenate(inputs).reshape(LOOPS * SETTINGS, -1)
        np.testing.assert_array_equal(features, expected.astype(np.float32))
        assert features.dtype == np.float32
    assert len(list((files.EMBEDDINGS / "bare").iterdir())) == 2


def test_without_a_network_keras_is_not_imported(project):
    program = (
        "import sys; from stages import embed, train\n"
        "from stages.project.params import load_params\n"
        "train.main(load_params(), 'bare'); embed.main(load_params(), 'bare')\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", program]
    subprocess.run(command, check=True, env={"PYTHONPATH": str(PROJECT), "DRC_JOBS": "1"})


def test_a_finished_network_is_not_trained_again(project, monkeypatch):
    """A run that ends after a training, before the outputs are whole, leaves its state."""
    params = load_params()
    job = train.Job(params, "small", "dm2")
    state, found = train.train(job)
    before = {path: path.stat().st_mtime_ns for path in state.iterdir()}
    assert train.train(job) == (state, found)
    assert {path: path.stat().st_mtime_ns for path in state.iterdir()} == before
    changed = params.model_copy(update={"train": params.train.model_copy(update={"rho": 0.9})})
    other, _ = train.train(train.Job(changed, "small", "dm2"))
    assert other != state
    train.main(params, "small")
    assert not state.exists()
    shutil.rmtree(other)
