"""The command around the recordings: other programs, the rewritten parameters, the table."""

import json
import shutil

import pytest

from recordings.debian import packages
from recordings.debian.__main__ import main
from recordings.debian.commands import run
from recordings.debian.experiment import EXPERIMENTS, LOOPS, name_recordings
from recordings.debian.results import README, error_table, update_readme
from stages.common.errors import InputError
from stages.common.params import load_params


def test_parameters_name_the_recordings_and_keep_the_rest(tmp_path):
    file = tmp_path / "params.yaml"
    shutil.copyfile("params.yaml", file)
    name_recordings(file)
    before, after = load_params("params.yaml"), load_params(file)
    assert all(material.source.recorded for material in after.materials.values())
    assert tuple(after.experiments) == EXPERIMENTS
    assert after.grids_of(EXPERIMENTS[0]) == ["ds1", "ds2", "dm2"]
    assert all(after.size.loops[material] == count for material, count in LOOPS.items())
    assert after.size.folds_run == after.size.folds
    for name in ("scale", "compressor", "grids", "representations", "models", "train", "evaluate"):
        assert getattr(after, name) == getattr(before, name)
    assert "# Every grid, size and hyperparameter" in file.read_text()


def test_packages_are_downloaded_once_and_unpacked(tmp_path, monkeypatch):
    commands = []

    def pretend(command, folder):
        commands.append(command[:2])
        if command[0] == "apt-get":
            (folder / f"{command[2]}_1.0_all.deb").touch()

    monkeypatch.setattr(packages, "run", pretend)
    root = packages.unpack_packages(tmp_path)
    assert root == tmp_path / "unpacked"
    assert commands == [["apt-get", "download"], ["dpkg-deb", "-x"]] * 2
    commands.clear()
    packages.unpack_packages(tmp_path)
    assert commands == [["dpkg-deb", "-x"]] * 2


def test_a_failed_program_is_one_message(tmp_path):
    with pytest.raises(InputError, match=r"^false: failed with exit code 1 in"):
        run(["false"], tmp_path)
    with pytest.raises(InputError, match=r"^no-such-program: there is no such program"):
        run(["no-such-program"], tmp_path)


def test_usage():
    with pytest.raises(InputError, match="usage"):
        main(["tables"])


def test_the_table_sets_recorded_and_rendered_errors_side_by_side(tmp_path):
    def write(folder, experiment, metrics):
        file = tmp_path / folder / "experiments" / f"{experiment}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(metrics))

    def results(paper, unseen):
        return {
            "paper": {"attack_ms": {"mae": paper}},
            "unseen_loops": {"attack_ms": {"mae": unseen}},
            "constant": {"attack_ms": {"mae": 24.0}},
            "closed_form": {"attack_ms": {"mae": 0.00123}},
        }

    drum, guitar = EXPERIMENTS
    write("recordings", drum, {"drum-dm2": results(5.5, 9.25)})
    write("recordings", guitar, {"guitar-dm2": results(6.0, 12.0)})
    write("laptop", drum, {"drum-dm2": results(4.0, 8.0), "drum-ds1": results(1.0, 2.0)})
    assert error_table(tmp_path / "recordings", tmp_path / "laptop").splitlines()[2:] == [
        "| drum-dm2 | attack (ms) | 5.5 | 9.25 | 4 | 8 | 24 | 0.00123 |",
        "| guitar-dm2 | attack (ms) | 6 | 12 |  |  | 24 | 0.00123 |",
    ]


def test_the_table_in_the_readme_is_that_of_the_committed_metrics(tmp_path):
    copy = tmp_path / "README.md"
    shutil.copyfile(README, copy)
    update_readme("nothing\n", copy)
    assert "nothing" in copy.read_text()
    update_readme(error_table(), copy)
    assert copy.read_text() == README.read_text(), "run python -m recordings.debian table"
