"""params.yaml is checked before anything runs: each fault is one message with key, value, rule."""

import copy
from pathlib import Path

import pytest
import yaml
from ruamel.yaml import YAML

from siamese_drc.core.errors import InputError
from stages.project.networks import Cnn, MultiKernel, SampleLevel
from stages.project.params import Params, check_params, load_params

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def content():
    return YAML(typ="safe", pure=True).load((PROJECT / "params.yaml").read_text())


def test_committed_params_are_valid():
    params = load_params(PROJECT / "params.yaml")
    assert params.size == params.scales[params.scale]


@pytest.mark.parametrize("name", ["drum-cnn-mel512", "drum-sample-level-waveform"])
def test_no_network_is_needed_for_any_representation(content, name):
    assert check_params(set_at(content, f"experiments.{name}.model", "none"))


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


FEATURES = "representations.handcrafted.handcrafted"
FAULTS = [
    ("train.batchsize", 8, "train: there is no key 'batchsize'", "did you mean batch_size?"),
    ("train.batch_size", "8", "train.batch_size = '8'", "valid integer"),
    ("train.batch_size", 0, "train.batch_size = 0", "greater than or equal to 1"),
    ("train.loops_per_batch", 9999, "loops_per_batch 9999", "must divide batch_size"),
    (
        "train.validation_fraction",
        1.5,
        "train.validation_fraction = 1.5",
        "less than or equal to 0.5",
    ),
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
    ("models.cnn-time1.time_only", 99, "models.cnn-time1", "time_only 99 must be at most"),
    ("models.multi-kernel.temporal.frames", [8], "temporal", "1 frames and 4 filters"),
    ("models.multi-kernel.timbre.bands", [1.2], "timbre.bands.0 = 1.2", "less than or equal to 1"),
    ("models.cnn.kernel", 5, "models.cnn: there is no key 'kernel'", "here"),
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
        "experiments.drum-d4p-dense-gain.train",
        {"batch_size": 64, "loops_per_batch": 5},
        "experiments.drum-d4p-dense-gain.train",
        "loops_per_batch 5 must divide batch_size 64",
    ),
    ("experiments.drum-d4p-dense-gain.train.rate", 1, "gain.train: there is", "no key 'rate'"),
    ("experiments.drum-d4p-dense-gain.train.rho", 9, "dense-gain.train.rho = 9", "less than 1"),
    ("unseen_loops.drum-cnn-stft128.train", {"loss": 1}, "stft128.train.loss = 1", "'squared'"),
    ("train.optimizer", "sgd", "optimizer = 'sgd'", "should be 'adadelta'"),
    ("representations.gain.gain.ratio", 1.0, "gain.ratio = 1.0", "greater than 1"),
    ("representations.gain.gain.attack_ms.start", 0.0, "gain.gain", "attack_ms 0: must be above"),
    ("representations.gain.n_fft", 512, "representations.gain", "one of n_fft, samples, gain"),
    ("changes.delayed.delay_ms", -1.0, "delay_ms = -1", "greater than or equal to 0"),
    ("inputs.drum-d4p-gain.changed", ["late"], "changed", "there is no change named 'late'"),
    ("inputs.drum-d4p-gain.changed", ["mp3", "mp3"], "changed", "would have one name"),
    ("changes.output", {"delay_ms": 1.0}, "changes.output", "must not have the word"),
    ("sample_rate", 11025, "sample_rate", "where `changes` has MP3"),
    (f"{FEATURES}.mfcc", 13, f"{FEATURES}: there is no key 'mfcc'", "did you mean mfccs?"),
    (f"{FEATURES}.hop", 9999, "hop 9999", "must divide frame"),
    (f"{FEATURES}.mfccs", 999, "mfccs 999", "at most mel_bands"),
    (f"{FEATURES}.components", 0, f"{FEATURES}.components = 0", "greater than or equal to 1"),
    ("experiments.drum-handcrafted.model", "cnn", "drum-handcrafted", "no network takes"),
    ("experiments.drum-handcrafted.model", "dense", "drum-handcrafted", "takes a representation"),
    ("models.none.embedding", 50, "models.none: there is no", "key 'embedding'"),
    ("transfers.mix-d4p-handcrafted.source", "drum", "mix-d4p-handcrafted", "its experiment's"),
    (
        "transfers.drum-cnn-mel512",
        {
            "experiment": "drum-d4p-handcrafted",
            "source": "drum-d4p",
            "corpus": "mix-d4p",
            "representation": "handcrafted",
        },
        "drum-cnn-mel512",
        "two entries",
    ),
    (
        "inputs.other",
        {"material": "drum", "corpus": "drum", "representation": "stft128"},
        "inputs.other",
        "named",
    ),
    ("materials.drum.source.folder", "/tmp/x", "/tmp/x", "recordings/<name>"),
    ("scales.laptop.clip_seconds", 0.1, "clip_seconds = 0.1", "0.25"),
    (
        "scales.laptop.settings",
        {"ds1": 4},
        "scales.laptop.settings",
        "no value for a grid named 'ds2'",
    ),
    ("compressor.knee_db", -1.0, "compressor.knee_db = -1.0", "greater than or equal to 0"),
    ("compressor.detector", "mean", "compressor.detector = 'mean'", "'peak' or 'rms'"),
    ("evaluate.test_fraction", float("nan"), "test_fraction = nan", "finite"),
    ("representations.stft128.n_fft", 129, "n_fft = 129", "multiple of 2"),
    ("representations.waveform.mel_bands", 40, "representations.waveform", "mel_bands needs n_fft"),
    ("experiments.drum-cnn-stft128.corpus", "bass", "corpus", "no corpus named 'bass'"),
    ("inputs.drum-stft128.representation", "stft64", "representation", "named 'stft64'"),
    ("transfers.mix-d4p-cnn-stft128.representation", "gain", "representation", "its experiment's"),
    ("transfers.mix-d4p-cnn-stft128.corpus", "drum", "corpus", "no trained grid"),
    ("scales.paper.loops", {"drum": 4}, "scales.paper.loops", "no number of loops for material"),
    ("scales.laptop.max_epochs.cnn", 0, "scales.laptop.max_epochs.cnn = 0", "or equal to 1"),
    ("scales.smoke.loop", {"drum": 8}, "scales.smoke: there is no key", "did you mean loops?"),
    ("scales.smoke.drawn_settings", {}, "scales.smoke.drawn_settings", "drum-training"),
    ("unseen_loops.drum-cnn-stft128.tested", "drums", "drum-cnn-stft128.tested", "mean drum?"),
    ("unseen_loops.drum-cnn-stft128.tested", "mix-d4p", "drum-cnn-stft128.only", "grid in input"),
    ("unseen_loops.drum-cnn-stft128.tested", "drum-training", "tested", "must have other loops"),
    ("inputs.drum-d4p-gain.augmented", ["mp3"], "drum-d4p-gain.augmented", "are tested on"),
    (
        "pretrained.drum-d4p",
        {
            "experiment": "drum-d4p-dense-gain",
            "corpus": "drum-d4p-training",
            "tested": "drum-d4p",
            "grid": "d4p",
            "trees": 20,
            "max_leaf_nodes": 400,
        },
        "pretrained.drum-d4p.experiment",
        "must be a network on spectrograms",
    ),
    ("experiments.drum-cnn-stft512.only", {"paper": ["d4p"]}, "stft512.only", "grid in input"),
    ("evaluate.bootstrap", 1, "evaluate.bootstrap = 1", "greater than or equal to 100"),
    ("unseen_loops.drum-cnn-stft128.corpus", "guitar", "unseen_loops.drum-cnn-stft128", "no input"),
    (
        "experiments.drum-cnn-stft128-unseen-loops",
        {"model": "cnn", "corpus": "drum", "representation": "stft128"},
        "drum-cnn-stft128-unseen-loops",
        "two entries",
    ),
    (
        "experiments.drum-sample-level-waveform.train",
        {"level_db": 6.0},
        "drum-sample-level-waveform.train.level_db",
        "only spectrograms",
    ),
    (
        "experiments.drum-d4p-dense-gain.train",
        {"random_start": 1.0},
        "drum-d4p-dense-gain.train.random_start",
        "no time axis",
    ),
    ("experiments.drum-cnn-stft512.only", {"laptop": ["ds1"]}, "stft512.only", "grid in input"),
    ("match.sizes", {}, "match.sizes", "no entry named 'laptop'"),
    ("experiments.drum-cnn-stft128.corpus", "drums", "corpus", "did you mean drum?"),
    ("grids.a/b", {}, "grids.a/b", "lower-case letters"),
    ("materials.a; b", {"source": {"folder": "recordings/x"}}, "materials.a; b", "lower-case"),
    ("models.cnn.embedding", 10**9, "models.cnn.embedding = 1000000000", "or equal to 10000"),
    ("scales.laptop.loops.drum", 10**400, "scales.laptop.loops.drum", "1000000"),
    ("representations.stft512.n_fft", 2**30, "n_fft = 1073741824", "65536"),
    ("grids.ds1.threshold_db.start", 1e300, "threshold_db.start = 1e+300", "10000"),
    ("grids.d4p.ratio", {"start": 1.0, "stop": 2.0, "count": 10000}, "grids.d4p", "1000000"),
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
    for text in ("scale: [", "[" * 100_000):
        broken.write_text(text)
        with pytest.raises(InputError, match=r"broken\.yaml: cannot be read as YAML [^\n]+$"):
            load_params(broken)


def test_every_number_has_both_bounds():
    schema = Params.model_json_schema()

    def numbers(part, place):
        if isinstance(part, dict):
            if part.get("type") in ("integer", "number"):
                lower = {"minimum", "exclusiveMinimum"} & set(part)
                upper = {"maximum", "exclusiveMaximum"} & set(part)
                yield place, bool(lower and upper)
            if part.get("type") == "array":
                yield place, "maxItems" in part
            for key, value in part.items():
                yield from numbers(value, f"{place}/{key}")
        elif isinstance(part, list):
            for value in part:
                yield from numbers(value, place)

    found = dict(numbers(schema, ""))
    assert len(found) > 80
    assert [place for place, bounded in found.items() if not bounded] == []


def test_many_faults_are_one_short_line(content):
    content["materials"] = {f"Bad {n}": {} for n in range(1000)}
    content["scale"] = "x" * 100_000
    with pytest.raises(InputError) as caught:
        check_params(content)
    assert "and 1" in str(caught.value)
    assert len(str(caught.value)) < 2000


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
    assert [paper.settings_of("drum", grid) for grid in ("ds1", "dm1", "d4p")] == [50, 64, 625]
    fewer = set_at(content | {"scale": "laptop"}, "scales.laptop.settings.ds1", 3)
    fewer = set_at(fewer, "scales.laptop.settings.dm1", None)
    fewer = set_at(fewer, "scales.laptop.drawn_settings.drum-training", 1000)
    laptop = check_params(fewer)
    assert [laptop.settings_of("drum", grid) for grid in ("ds1", "dm1")] == [3, 64]
    assert laptop.settings_of("drum-training", "dm1") == 1000  # drawn: not those of the grid


def test_an_experiment_may_train_in_another_way(content):
    name = "experiments.drum-d4p-dense-gain"
    changed = set_at(content, f"{name}.train", {"optimizer": "adamw", "batch_size": 64})
    changed = set_at(changed, f"{name}.max_epochs", {"paper": 7})
    paper = check_params(changed | {"scale": "paper"})
    assert paper.training_of("drum-d4p-cnn-stft128") == paper.train
    other = paper.training_of("drum-d4p-dense-gain")
    assert (other.optimizer, other.batch_size, other.rho) == ("adamw", 64, paper.train.rho)
    assert paper.max_epochs_of("drum-d4p-dense-gain") == 7
    laptop = check_params(changed | {"scale": "laptop"})
    epochs = laptop.max_epochs_of("drum-d4p-dense-gain")
    assert epochs == laptop.scales["laptop"].max_epochs.dense


def test_an_experiment_may_have_other_grids_at_each_scale(content):
    changed = set_at(content, "experiments.drum-cnn-stft128.only", {"laptop": ["ds4", "ds1"]})
    changed = set_at(changed, "inputs.drum-stft512.only", ["ds3", "dm2"])
    changed = set_at(changed, "experiments.drum-cnn-stft512.only", ["dm2"])
    laptop, paper = (check_params(changed | {"scale": scale}) for scale in ("laptop", "paper"))
    assert laptop.grids_of("drum-cnn-stft128") == ["ds4", "ds1"]
    assert paper.grids_of("drum-cnn-stft128") == paper.corpora["drum"].grids
    assert laptop.grids_of_input("drum-stft512") == ["ds3", "dm2"]
    assert laptop.grids_of("drum-cnn-stft512") == paper.grids_of("drum-cnn-stft512") == ["dm2"]


def test_the_variant_as_printed_has_the_recipe_of_the_paper(content):
    """Table I: a dropout of 0.1; Adadelta with early stopping."""
    params, name = check_params(content), "drum-cnn-as-printed-stft128"
    printed, ours = (params.model_of(each) for each in (name, "drum-cnn-stft128"))
    assert isinstance(printed, Cnn)
    assert isinstance(ours, Cnn)
    assert (printed.dropout, ours.dropout) == (0.1, 0.0)
    assert printed.filters == ours.filters
    train = params.training_of(name)
    assert (train.optimizer, train.learning_rate, train.schedule) == ("adadelta", 1.0, "constant")
    assert train.patience


def test_networks_of_unseen_loops_are_trained_under_a_name_of_their_own(content):
    params = check_params(content | {"scale": "laptop"})
    assert set(params.trained) - set(params.experiments) == {
        f"{name}-unseen-loops" for name in params.unseen_loops
    }
    changed = set_at(content, "unseen_loops.drum-cnn-stft128.max_epochs", {"laptop": 3})
    name = "drum-cnn-stft128-unseen-loops"
    assert check_params(changed | {"scale": "laptop"}).max_epochs_of(name) == 3
    smoke = check_params(changed | {"scale": "smoke"})
    assert smoke.max_epochs_of(name) == smoke.size.max_epochs.cnn


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
