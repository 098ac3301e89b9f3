"""Runs at paper scale: what they are made from, what they land, and their table."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from experiments import paper
from experiments.__main__ import main
from experiments.clone import make_clone, rewrite_params, run
from experiments.paper import restrict, run_at_paper_scale, stages_of
from experiments.results import land, write_json
from siamese_drc.core.errors import InputError
from stages.project.params import Params, load_params

ROOT = Path(__file__).parents[2]


def test_params_hold_one_experiment_at_the_papers_sizes(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text((ROOT / "params.yaml").read_text())
    known = load_params(file)
    rewrite_params(file, lambda content: restrict(content, known, ["drum-cnn-stft512"], ["dm2"]))
    params = load_params(file)
    assert params.scale == "paper"
    assert list(params.experiments) == ["drum-cnn-stft512"]
    assert params.grids_of("drum-cnn-stft512") == ["dm2"]
    assert (params.size.loops["drum"], params.settings_of("drum", "dm2")) == (64, 64)
    assert "# Every grid, size and hyperparameter" in file.read_text()


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        (
            "drum-d4p-dense-gain",
            "render@drum compress@drum-d4p closed-form@drum-d4p inputs@drum-d4p-gain"
            " train@drum-d4p-dense-gain embed@drum-d4p-dense-gain evaluate@drum-d4p-dense-gain",
        ),
        (
            "mix-d4p-cnn-stft128",
            "render@mix compress@mix-d4p closed-form@mix-d4p inputs@mix-d4p-stft128"
            " transfer@mix-d4p-cnn-stft128",
        ),
    ],
)
def test_every_run_has_its_stages_in_order(name, stages):
    assert list(stages_of(load_params(ROOT / "params.yaml"), name)) == stages.split()


def test_the_stages_of_a_run_are_those_of_the_pipeline():
    """dvc.lock knows them by these names, with these outputs."""
    params = load_params(ROOT / "params.yaml")
    lock = yaml.safe_load((ROOT / "dvc.lock").read_text())["stages"]
    for name in params.evaluated:
        for stage, output in stages_of(params, name).items():
            assert str(output) in [out["path"] for out in lock[stage]["outs"]]


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "params"]):
        subprocess.run([*git, *command], check=True)
    return folder


def test_a_transfer_continues_in_the_clone_of_its_experiment(checkout, tmp_path):
    clone = tmp_path / "clone"
    known = load_params(ROOT / "params.yaml")
    names = ["drum-d4p-handcrafted", "mix-d4p-handcrafted"]
    make_clone(checkout, clone, lambda content: restrict(content, known, names, ["d4p"]))
    params = load_params(clone / "params.yaml")
    assert params.evaluated == names
    assert list(params.materials) == ["drum", "mix"]
    assert params.corpora["drum-d4p"].grids == ["d4p"]


def test_a_run_is_of_the_recipe_in_params_and_of_its_experiment_first(checkout, monkeypatch):
    def stopped(clone, stage, output):
        ran.append(stage)
        if stage.startswith("transfer"):
            raise KeyboardInterrupt
        return {}

    monkeypatch.chdir(checkout)
    monkeypatch.setattr(paper, "run_stage_once", stopped)
    clone = Path("build/paper/drum-d4p-dense-gain-d4p").absolute()
    for made in ("new", "kept", "anew"):
        ran: list[str] = []
        if made == "anew":
            text = (clone / "params.yaml").read_text()
            assert "layers: [1024, 512, 256]" in text
            (clone / "params.yaml").write_text(text.replace("[1024, 512, 256]", "[16]"))
        with pytest.raises(KeyboardInterrupt):
            run_at_paper_scale("mix-d4p-dense-gain", ["d4p"])
        assert ran.index("embed@drum-d4p-dense-gain") < ran.index("compress@mix-d4p")
        assert "evaluate@drum-d4p-dense-gain" not in ran  # nor its closed form: only its networks
        assert (clone / "kept").exists() == (made == "kept")
        (clone / "kept").touch()
    params = checkout / "params.yaml"
    params.write_text(params.read_text().replace("layers: [1024, 512, 256]", "layers: [16]"))
    with pytest.raises(InputError, match="commit the changes of mix-d4p-dense-gain first"):
        run_at_paper_scale("mix-d4p-dense-gain", ["d4p"])


def test_an_experiment_or_a_grid_that_is_not_there_is_named(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError, match="it has: guitar-cnn-mel512, drum-cnn-mel512"):
        run_at_paper_scale("drum-cnn-stft64", ["dm2"])
    with pytest.raises(InputError, match="name some grids of its corpus: d4p"):
        run_at_paper_scale("drum-d4p-cnn-stft128", ["dm2"])
    with pytest.raises(SystemExit) as ended:
        main(["study", "drum-dense"])
    assert ended.value.code == 2
    assert "drum-dense: no study" in capsys.readouterr().err


def test_cost_is_that_of_all_processes(tmp_path):
    script = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"
    )
    eater = "import time; held = bytearray(b'x') * 300_000_000; time.sleep(1.5)"
    seconds, gigabytes = run(["python", "-c", script, eater], tmp_path)
    assert seconds > 1.5
    assert gigabytes == pytest.approx(0.3, abs=0.1)


def test_what_lands_is_joined_with_earlier_results_and_names_its_commit(tmp_path):
    clone, results = tmp_path / "clone", tmp_path / "metrics/paper"
    metrics = Path("metrics/paper/experiments/drum.json")
    (clone / metrics).parent.mkdir(parents=True)
    (results / "experiments").mkdir(parents=True)
    for name in ("params.yaml", "dvc.lock"):
        (clone / name).write_text(f"{name}\n")
    of_dm2 = {"paper": {"attack_ms": {"mae": 2.0}}, "constant": {"attack_ms": {"mae": 24.0}}}
    (clone / metrics).write_text(json.dumps({"drum-dm2": of_dm2}))
    landed = results / "experiments/drum.json"
    landed.write_text(json.dumps({"drum-ds1": {}, "drum-dm2": "older"}))
    stages = {
        "inputs@drum": {"minutes": 1.5, "memory_gb": 0.2, "disk_gb": 1.5},
        "inputs@training": {"minutes": 2.5, "memory_gb": 0.1, "disk_gb": 4.25},
        "train@drum": {"minutes": 59.0, "memory_gb": 1.62, "disk_gb": 0.005},
        "evaluate@drum": {"minutes": 0.5, "memory_gb": 1.0, "disk_gb": 0.001},
    }
    run = {"metrics": str(metrics), "commit": "abcdef0123", "data_sets": ["drum-dm2"]}
    land(clone, "drum", results, results / "runs/drum-dm2", run | {"stages": stages})
    assert json.loads(landed.read_text()) == {"drum-ds1": {}, "drum-dm2": of_dm2}
    assert (results / "runs/drum-dm2/dvc.lock").exists()
    errors, costs = (part.splitlines() for part in paper.tables(results).split("\n\n"))
    assert errors[2].startswith("| drum-dm2 | `abcdef0` | drum-dm2 | attack (ms) | 2 |")
    assert costs[0] == "| run | inputs | train | evaluate |"
    sums = "4 / 0.2 / 5.75"  # the largest memory
    assert costs[2] == f"| drum-dm2 | {sums} | 59 / 1.62 / 0.005 | 0.5 / 1 / 0.001 |"


def test_the_page_shows_what_has_landed(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert paper.tables() in paper.PAGE.read_text(), "run python -m experiments tables"


def test_a_run_counts_as_landed_until_its_recipe_changes(tmp_path, monkeypatch):
    params = load_params(ROOT / "params.yaml")
    monkeypatch.setattr(paper, "RESULTS", tmp_path)
    name, grids = "drum-cnn-stft128", ["dm2"]
    assert not paper.landed(params, name, grids)
    record = paper.run_folder(name, grids) / "run.json"
    write_json(record, {"recipe": paper.recipe(params, name)})
    assert paper.landed(params, name, grids)

    changed = params.model_dump()
    changed["scales"]["paper"]["precision"] = "mixed_bfloat16"  # decides about the time alone
    changed["match"]["seed"] += 1
    assert paper.landed(Params.model_validate(changed), name, grids)
    changed["train"]["batch_size"] *= 2
    assert not paper.landed(Params.model_validate(changed), name, grids)


def test_another_seed_is_another_recipe():
    params = load_params()
    ours, other = (
        paper.recipe(params, f"drum-cnn-stft128{end}")["train"]["seed"] for end in ("", "-seed2")
    )
    assert ours != other
