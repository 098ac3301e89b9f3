"""Full-size runs: what they are made from, what lands, and whether their code is today's."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from full_size import results
from full_size.chain import source_of, stages_of
from full_size.cost import run_measured
from full_size.project import make_project, restrict
from stages.common.errors import InputError
from stages.common.params import load_params

ROOT = Path(__file__).parents[2]


def test_params_hold_one_experiment_at_the_papers_sizes(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text((ROOT / "params.yaml").read_text())
    restrict(file, ["drum-cnn-stft512"], ["dm2"])
    params = load_params(file)
    assert params.scale == "paper"
    assert list(params.experiments) == ["drum-cnn-stft512"]
    assert params.grids_of("drum-cnn-stft512") == ["dm2"]
    assert (params.loops_of("drum", "dm2"), params.settings_of("dm2")) == (64, 64)


@pytest.mark.parametrize(
    ("name", "source", "stages"),
    [
        (
            "drum-d4p-dense-gain",
            None,
            "render@drum compress@drum-d4p closed-form@drum-d4p spectrogram@drum-d4p-gain"
            " train@drum-d4p-dense-gain embed@drum-d4p-dense-gain evaluate@drum-d4p-dense-gain",
        ),
        (
            "mix-d4p-cnn-stft128",
            "drum-d4p-cnn-stft128",
            "render@mix compress@mix-d4p closed-form@mix-d4p spectrogram@mix-d4p-stft128"
            " embed-transfer@mix-d4p-cnn-stft128 evaluate-transfer@mix-d4p-cnn-stft128",
        ),
        (
            "drum-handcrafted",
            None,
            "render@drum compress@drum closed-form@drum handcraft@drum"
            " evaluate-handcrafted@drum-handcrafted",
        ),
        (
            "mix-d4p-handcrafted",
            "drum-d4p-handcrafted",
            "render@mix compress@mix-d4p closed-form@mix-d4p handcraft@mix-d4p"
            " evaluate-handcrafted-transfer@mix-d4p-handcrafted",
        ),
    ],
)
def test_every_run_has_its_stages_in_order(name, source, stages):
    params = load_params(ROOT / "params.yaml")
    assert source_of(params, name) == source
    assert list(stages_of(params, name)) == stages.split()


def test_the_stages_of_a_run_are_those_of_the_pipeline():
    """What `dvc stage list` knows by these names, and where each one's output is declared."""
    params = load_params(ROOT / "params.yaml")
    lock = yaml.safe_load((ROOT / "dvc.lock").read_text())["stages"]
    outputs = {
        stage: str(output)
        for name in params.evaluated
        for stage, output in stages_of(params, name).items()
    }
    known = {
        stage: [out["path"] for out in entry["outs"]]
        for stage, entry in lock.items()
        if stage != "report" and not stage.startswith("match")  # all, and a tool of its own
    }
    assert outputs.keys() >= known.keys()
    assert all(outputs[stage] in paths for stage, paths in known.items())


def test_a_transfer_is_added_to_the_clone_of_its_source(tmp_path):
    checkout, project = tmp_path / "checkout", tmp_path / "clone"
    checkout.mkdir()
    (checkout / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    git = ["git", "-C", str(checkout), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "params"]):
        subprocess.run([*git, *command], check=True)
    source, transfer = "drum-d4p-handcrafted", "mix-d4p-handcrafted"
    make_project(checkout, project, [source], ["d4p"])
    of_source = load_params(project / "params.yaml")
    make_project(checkout, project, [source, transfer], ["d4p"])
    of_both = load_params(project / "params.yaml")
    assert of_source.evaluated == [source]
    assert of_both.evaluated == [source, transfer]
    assert of_both.scale == "paper"
    assert list(of_both.materials) == ["drum", "mix"]
    assert of_both.corpora["drum-d4p"] == of_source.corpora["drum-d4p"]


def test_a_transfer_waits_for_its_source(tmp_path, monkeypatch):
    from full_size.__main__ import main

    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="first run `python -m full_size drum-d4p-dense-gain d4p`"):
        main(["mix-d4p-dense-gain", "d4p"])


def test_an_experiment_or_a_grid_that_is_not_there_is_named():
    from full_size.__main__ import main

    with pytest.raises(InputError, match="names: guitar-cnn-mel512, drum-cnn-mel512"):
        main(["drum-cnn-stft64", "dm2"])
    with pytest.raises(InputError, match="name some of its corpus's grids, d4p"):
        main(["drum-d4p-cnn-stft128", "dm2"])


def test_cost_is_that_of_all_processes(tmp_path):
    script = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"
    )
    eater = "import time; held = bytearray(b'x') * 300_000_000; time.sleep(1.5)"
    seconds, gigabytes = run_measured(["python", "-c", script, eater], tmp_path)
    assert seconds > 1.5
    assert gigabytes == pytest.approx(0.3, abs=0.1)


def error(value):
    return {"mae": value}


def write_lock(path, digest):
    deps = [
        {"path": "stages/train", "md5": digest},
        {"path": "data/loops", "md5": "other" + digest},
    ]
    path.write_text(yaml.safe_dump({"stages": {"train@drum": {"deps": deps}}}))


def test_what_lands_joins_what_was_there_and_code_that_changed_is_marked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project = tmp_path / "clone"
    (project / "metrics/paper/experiments").mkdir(parents=True)
    (tmp_path / "metrics/paper/experiments").mkdir(parents=True)
    (project / "params.yaml").write_text("scale: paper\n")
    write_lock(project / "dvc.lock", "a")
    write_lock(tmp_path / "dvc.lock", "a")
    of_dm2 = {"paper": {"attack_ms": error(2.0)}, "constant": {"attack_ms": error(24.0)}}
    (project / "metrics/paper/experiments/drum.json").write_text(json.dumps({"drum-dm2": of_dm2}))
    landed = tmp_path / "metrics/paper/experiments/drum.json"
    landed.write_text(json.dumps({"drum-ds1": {}, "drum-dm2": "older"}))

    stages = {
        "train@drum": {"minutes": 59.0, "memory_gb": 1.62, "disk_gb": 0.005},
        "evaluate-transfer@drum": {"minutes": 0.5, "memory_gb": 1.0, "disk_gb": 0.001},
    }
    run = {"experiment": "drum", "data_sets": ["drum-dm2"], "stages": stages}
    results.land(project, "drum-dm2", "drum", run)

    assert json.loads(landed.read_text()) == {"drum-ds1": {}, "drum-dm2": of_dm2}
    errors, costs = (part.splitlines() for part in results.table().split("\n\n"))
    assert errors[0] == "| run | data set | parameter | `paper` | `constant` |"
    assert errors[2:] == ["| drum-dm2 | drum-dm2 | attack_ms | 2 | 24 |"]
    assert costs[0] == "| run | train | evaluate | code |"
    assert costs[2:] == ["| drum-dm2 | 59.0 / 1.62 / 0.005 | 0.5 / 1.0 / 0.001 | as committed |"]
    write_lock(tmp_path / "dvc.lock", "b")
    assert results.changed_code(Path("metrics/paper/runs/drum-dm2")) == ["stages/train"]
    assert results.table().rstrip().endswith("| changed since: stages/train |")


def test_the_readme_shows_what_has_landed_and_whether_its_code_is_todays(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert results.table() in results.README.read_text()
