"""params.yaml is checked before anything runs: each fault is one message with key, value, rule."""

import copy
from pathlib import Path

import pytest
import yaml
from ruamel.yaml import YAML

from stages.common.errors import InputError
from stages.common.params import MultiKernel, SampleLevel, check_params, load_params

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def content():
    return YAML(typ="safe", pure=True).load((PROJECT / "params.yaml").read_text())


def test_committed_params_are_valid():
    params = load_params(PROJECT / "params.yaml")
    assert params.size == params.scales[params.scale]


def test_both_yaml_versions_read_the_same(content):
    """DVC reads YAML 1.2 and other tools 1.1, where 1e-3 is a string and `on` a truth value."""
    assert yaml.safe_load((PROJECT / "params.yaml").read_text()) == content


def set_at(content, place, value):
    changed = copy.deepcopy(content)
    *path, last = place.split(".")
    part = changed
    for key in path:
        part = part[key]
    part[last] = value
    return changed


FAULTS = [
    ("train.batchsize", 8, "train.batchsize", "Extra inputs"),
    ("train.batch_size", "8", "train.batch_size = '8'", "valid integer"),
    ("train.batch_size", 0, "train.batch_size = 0", "greater than or equal to 1"),
    ("train.loops_per_batch", 3, "loops_per_batch 3", "must divide"),
    ("train.validation_fraction", 1.5, "train.validation_fraction = 1.5", "less than 1"),
    ("scale", "huge", "scale = 'huge'", "smoke"),
    ("sample_rate", 100, "sample_rate = 100", "8000"),
    ("grids.defaults.ratio", 0.5, "ratio 0.5", "at least 1"),
    ("grids.defaults.attack_ms", 0.0, "attack_ms 0", "above 0"),
    ("grids.defaults.threshold_db", 3.0, "threshold_db 3", "between -120 and 0"),
    ("grids.ds1", {}, "grids.ds1", "empty grid"),
    ("grids.ds1.threshold_db.count", 0, "count = 0", "greater than or equal to 1"),
    ("grids.ds2.ratio.start", 0.0, "ratio 0", "at least 1"),
    ("grids.dm2.attack_ms.offset_per_loop", -1.0, "attack_ms", "above 0"),
    ("grids.ds3.attack_ms.stop", 99.0, "grids.ds3.attack_ms", "either step or stop"),
    ("corpora.drum.grids", [], "corpora.drum.grids = []", "at least 1 item"),
    ("corpora.drum.grids", ["ds9"], "corpora.drum.grids", "no grid named 'ds9'"),
    ("corpora.drum.material", "bass", "corpora.drum.material", "no material named 'bass'"),
    ("experiments.guitar-cnn-mel512.representation", "stft64", "guitar-stft64", "no input"),
    ("experiments.drum-cnn-stft512.only", ["ds1"], "drum-cnn-stft512.only", "no grid in input"),
    ("inputs.drum-stft512.only", ["d4p"], "inputs.drum-stft512.only", "no grid in its corpus"),
    ("inputs.drum-stft512.material", "mix", "inputs.drum-stft512.material", "corpus's material"),
    ("models.sample-level.kernel", 0, "models.sample-level.kernel = 0", "greater than or equal"),
    ("models.sample-level.kind", "rnn", "models.sample-level", "'cnn', 'sample_level'"),
    ("models.sample-level.filters", [], "models.sample-level.filters = []", "at least 1 item"),
    ("models.cnn-time1.time_only", 6, "models.cnn-time1", "time_only 6 must be at most 5"),
    ("models.multi-kernel.temporal.frames", [8], "temporal", "1 frames and 4 filters"),
    ("models.multi-kernel.timbre.bands", [1.2], "timbre.bands.0 = 1.2", "less than or equal to 1"),
    ("models.cnn.kernel", 5, "models.cnn.kernel", "Extra inputs"),
    ("experiments.drum-cnn-stft128.model", "sample-level", "drum-cnn-stft128", "takes a waveform"),
    ("experiments.drum-sample-level-waveform.model", "cnn", "waveform", "takes a waveform"),
    ("experiments.drum-cnn-stft128-seed2.seed", -1, "seed2.seed = -1", "greater than or equal"),
    ("scales.laptop.width.multi_kernel", 0.0, "width.multi_kernel = 0.0", "greater than 0"),
    ("transfers.mix-d4p-cnn-stft128.source", "drum", "source", "its experiment's corpus"),
    ("experiments.Bad Name", {}, "experiments.Bad Name", "lower-case"),
    ("transfers.mix-d4p-cnn-stft128.experiment", "nothing", "transfers", "no experiment"),
    ("experiments.drum-cnn-stft128.model", "dense", "drum-cnn-stft128", "takes a representation"),
    ("experiments.drum-d4p-dense-gain.model", "cnn", "dense-gain", "takes a representation gain"),
    ("experiments.drum-d4p-dense-gain.targets", "log", "targets = 'log'", "'linear' or 'sound'"),
    ("experiments.drum-d4p-dense-gain.regressor", "tree", "'tree'", "'forest' or 'ridge'"),
    ("experiments.drum-d4p-dense-gain.max_epochs", {"big": 1}, "max_epochs", "'smoke', 'laptop'"),
    (
        "experiments.drum-d4p-dense-gain.train.loops_per_batch",
        5,
        "experiments.drum-d4p-dense-gain.train",
        "loops_per_batch 5 must divide batch_size 64",
    ),
    ("experiments.drum-d4p-dense-gain.train.rho", 0.9, "train.rho", "Extra inputs"),
    ("train.optimizer", "sgd", "optimizer = 'sgd'", "'adadelta' or 'adamw'"),
    ("representations.gain.gain.ratio", 1.0, "gain.ratio = 1.0", "greater than 1"),
    ("representations.gain.gain.attack_ms.start", 0.0, "gain.gain", "attack_ms 0: must be above"),
    ("representations.gain.n_fft", 512, "representations.gain", "one of n_fft, samples and gain"),
    ("inputs.drum-d4p-gain.delayed_ms", 0.0, "delayed_ms = 0.0", "greater than 0"),
    ("handcraft.mfcc", 13, "handcraft.mfcc", "Extra inputs"),
    ("handcraft.hop", 300, "hop 300", "must divide frame 1024"),
    ("handcraft.mfccs", 41, "mfccs 41", "at most mel_bands 40"),
    ("handcraft.components", 0, "handcraft.components = 0", "greater than or equal to 1"),
    ("handcrafted.drum-handcrafted.corpus", "bass", "drum-handcrafted.corpus", "no corpus named"),
    ("handcrafted.drum-handcrafted.model", "cnn", "drum-handcrafted.model", "Extra inputs"),
    (
        "handcrafted_transfers.mix-d4p-handcrafted.source",
        "drum",
        "handcrafted_transfers.mix-d4p-handcrafted.corpus",
        "no grid of source named 'd4p'",
    ),
    ("handcrafted_transfers.mix-d4p-handcrafted.corpus", "x", "mix-d4p-handcrafted", "no corpus"),
    ("handcrafted.drum-cnn-mel512", {"corpus": "drum"}, "drum-cnn-mel512", "two entries"),
    (
        "inputs.other",
        {"material": "drum", "corpus": "drum", "representation": "stft128"},
        "inputs.other",
        "named",
    ),
    ("materials.drum.source.folder", "/tmp/x", "/tmp/x", "recordings/<name>"),
    ("scales.laptop.folds_run", 9, "folds_run 9", "at most folds"),
    ("scales.laptop.clip_seconds", 0.1, "clip_seconds = 0.1", "0.25"),
    ("scales.laptop.settings", {"ds1": 4}, "scales.laptop.settings", "no number of settings"),
    ("compressor.knee_db", -1.0, "compressor.knee_db = -1.0", "greater than or equal to 0"),
    ("compressor.detector", "mean", "compressor.detector = 'mean'", "'peak' or 'rms'"),
    ("evaluate.test_fraction", float("nan"), "test_fraction = nan", "finite"),
    ("representations.stft128.n_fft", 144, "n_fft = 144", "power of two"),
]


@pytest.mark.parametrize(("place", "value", "named", "rule"), FAULTS)
def test_fault_is_named(content, place, value, named, rule):
    with pytest.raises(InputError) as caught:
        check_params(set_at(content, place, value))
    message = str(caught.value)
    assert named in message
    assert rule in message
    assert "\n" not in message


def test_unreadable_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.yaml"):
        load_params(tmp_path / "absent.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("scale: [")
    with pytest.raises(InputError, match=r"broken\.yaml: cannot be read as YAML"):
        load_params(broken)


def test_values_of_an_axis_are_the_papers():
    grids = load_params(PROJECT / "params.yaml").grids.named

    def values(grid, parameter, loop):
        return getattr(grids[grid], parameter).values(loop)

    # Section III-B: the thresholds of guitar 1 and guitar 2 ("44.0" is a slip for 44.2).
    assert values("dm1", "threshold_db", 0) == [
        -10.0, -14.8, -19.6, -24.4, -29.2, -34.0, -38.8, -43.6,
    ]  # fmt: skip
    assert values("dm1", "threshold_db", 1)[-1] == -44.2
    # Section V: drum 1 and drum 2.
    assert values("d4p", "ratio", 0) == [1.28, 5.12, 8.96, 12.80, 16.64]
    assert values("d4p", "attack_ms", 1) == [3.5, 23.5, 43.5, 63.5, 83.5]
    assert values("d4p", "release_ms", 1) == [35.0, 235.0, 435.0, 635.0, 835.0]
    assert values("ds2", "ratio", 0)[-1] == 20.0


def test_sizes_follow_from_scale_and_grids(content):
    """Table III: 50 and 8 x 8 settings, Table XI: 5^4; fewer where the scale says so."""
    paper = check_params(content | {"scale": "paper"})
    assert [paper.settings_of(grid) for grid in ("ds1", "dm1", "d4p")] == [50, 64, 625]
    assert [paper.loops_of(corpus, "d4p") for corpus in ("drum-d4p", "mix-d4p")] == [64, 50]
    assert paper.networks_of("drum-cnn-stft128") == 1 + 5
    laptop = check_params(content | {"scale": "laptop"})
    assert [laptop.settings_of(grid) for grid in ("ds1", "dm1")] == [8, 64]
    assert [laptop.loops_of("drum", grid) for grid in ("ds1", "dm1")] == [64, 8]
    assert laptop.networks_of("drum-cnn-mel512") == 1


def test_an_experiment_may_train_in_another_way(content):
    params = check_params(content | {"scale": "paper"})
    assert params.training_of("drum-d4p-cnn-stft128") == params.train
    other = params.training_of("drum-d4p-dense-gain")
    assert (other.optimizer, other.batch_size, other.rho) == ("adamw", 64, params.train.rho)
    changed = set_at(content, "experiments.drum-d4p-dense-gain.max_epochs", {"paper": 7})
    epochs = [
        check_params(changed | {"scale": scale}).max_epochs_of("drum-d4p-dense-gain", "d4p")
        for scale in ("paper", "laptop")
    ]
    assert epochs == [7, params.scales["laptop"].max_epochs["d4p"]]


def test_a_scale_narrows_models_2_and_3_and_paper_nothing(content):
    """Table II's and Fig. 2's numbers of filters, and an eighth of them."""
    paper = check_params(content | {"scale": "paper"})
    assert all(
        paper.model_of(name) == paper.models[e.model] for name, e in paper.experiments.items()
    )
    changed = set_at(content | {"scale": "laptop"}, "scales.laptop.width.sample_level", 0.125)
    changed = set_at(changed, "scales.laptop.width.multi_kernel", 0.03)
    laptop = check_params(changed)
    sample_level = laptop.model_of("drum-sample-level-waveform")
    assert isinstance(sample_level, SampleLevel)
    assert (sample_level.filters, sample_level.back_end) == ([8, 8, 8, 16, 16, 32, 32], 64)
    multi_kernel = laptop.model_of("drum-multi-kernel-mel512")
    assert isinstance(multi_kernel, MultiKernel)
    assert multi_kernel.timbre.filters == [1, 1, 2]  # never none
    assert (multi_kernel.temporal.filters, multi_kernel.back_end) == ([1, 1, 2, 4], 15)
    assert {sample_level.embedding, multi_kernel.embedding} == {50}
