"""Runs at paper scale: what they are made from, what they land, and their table."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from experiments import paper
from experiments.__main__ import main
from experiments.clone import make_clone, rewrite_params
from experiments.paper import restrict, run_at_paper_scale, target_of
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


def test_the_target_of_a_run_is_the_stage_that_writes_its_metrics():
    params = load_params(ROOT / "params.yaml")
    lock = yaml.safe_load((ROOT / "dvc.lock").read_text())["stages"]
    for name, metrics in params.metrics.items():
        assert str(metrics) in [out["path"] for out in lock[target_of(params, name)]["outs"]]


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


def test_a_run_is_of_the_recipe_in_params(checkout, monkeypatch):
    def stopped(command, folder):
        assert command[-3:] == ["dvc", "repro", "transfer@mix-d4p-dense-gain"]
        assert folder == clone
        raise KeyboardInterrupt

    monkeypatch.chdir(checkout)
    monkeypatch.setattr(paper, "run", stopped)
    clone = Path("build/paper/drum-d4p-dense-gain-d4p")
    for made in ("new", "kept", "anew"):
        if made == "anew":
            text = (clone / "params.yaml").read_text()
            assert "layers: [1024, 512, 256]" in text
            (clone / "params.yaml").write_text(text.replace("[1024, 512, 256]", "[16]"))
        with pytest.raises(KeyboardInterrupt):
            run_at_paper_scale("mix-d4p-dense-gain", ["d4p"])
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
    run = {"metrics": str(metrics), "commit": "abcdef0123", "data_sets": ["drum-dm2"]}
    land(clone, "drum", results, results / "runs/drum-dm2", run)
    assert json.loads(landed.read_text()) == {"drum-ds1": {}, "drum-dm2": of_dm2}
    assert (results / "runs/drum-dm2/dvc.lock").exists()
    errors = paper.errors_table(results).splitlines()
    assert errors[2].startswith("| drum-dm2 | `abcdef0` | drum-dm2 | attack (ms) | 2 |")


def test_the_page_shows_what_has_landed(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert paper.errors_table() in paper.PAGE.read_text(), "run python -m experiments tables"


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
