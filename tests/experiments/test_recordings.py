"""Recordings from packages: the folders, the rewritten parameters, the tables."""

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments import recorded_dynamics, recordings
from experiments.clone import rewrite_params, run
from experiments.recordings import (
    CHORD,
    CHORD_SECONDS,
    DRUMKITS,
    EXPERIMENTS,
    GROOVES,
    KIT_SECONDS,
    KITS,
    LOOPS,
    PHRASES,
    SAMPLE_RATE,
    SAMPLES,
    error_table,
    use_recordings,
    write_folders,
)
from experiments.results import update_page
from siamese_drc.core.errors import InputError
from siamese_drc.loops.recordings import import_loops
from stages.project.params import load_params

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", KITS)
def test_a_kit_has_every_voice_of_its_groove(name):
    groove, voices = KITS[name]
    assert set(GROOVES[groove].tabs) <= set(voices)


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    root = tmp_path_factory.mktemp("packages")
    rng = np.random.default_rng(3)
    for name in ["beats/a.ogg", "beats/b.ogg", *PHRASES, *CHORD]:
        file = root / SAMPLES / name
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, rng.normal(0, 0.1, 3 * SAMPLE_RATE), SAMPLE_RATE)
    for name, (_, voices) in KITS.items():
        kit = root / DRUMKITS / name
        kit.mkdir(parents=True)
        soundfile.write(kit / "hit.wav", rng.normal(0, 0.1, 1000), SAMPLE_RATE)
        instruments = "".join(
            f"<instrument><id>{number}</id><filename>hit.wav</filename></instrument>"
            for number in voices.values()
        )
        (kit / "drumkit.xml").write_text(f"<drumkit_info>{instruments}</drumkit_info>")
    return root


def test_each_performance_is_one_recording(packages, tmp_path):
    write_folders(packages, tmp_path)
    windows = {}
    for material in ("drum", "guitar"):
        loops = import_loops(
            tmp_path / material,
            count=200,
            samples=SAMPLE_RATE,
            sample_rate=SAMPLE_RATE,
            silence_db=-60.0,
        )
        windows[material] = sorted(Counter(loop.file for loop in loops).values())
    assert windows["drum"] == [3] * 2 + [KIT_SECONDS] * len(KITS)
    assert windows["guitar"] == [3] * len(PHRASES) + [len(CHORD) * CHORD_SECONDS]


def test_folders_are_written_anew_and_alike(packages, tmp_path):
    write_folders(packages, tmp_path)
    first = {file.name: file.read_bytes() for file in (tmp_path / "drum").iterdir()}
    (tmp_path / "drum" / "left over.wav").touch()
    write_folders(packages, tmp_path)
    assert {file.name: file.read_bytes() for file in (tmp_path / "drum").iterdir()} == first


def test_parameters_name_the_recordings_and_keep_the_rest(tmp_path):
    file = tmp_path / "params.yaml"
    shutil.copyfile(ROOT / "params.yaml", file)
    rewrite_params(file, use_recordings)
    before, after = load_params(ROOT / "params.yaml"), load_params(file)
    assert all(after.materials[material].source.recorded for material in LOOPS)
    assert list(after.experiments) == list(EXPERIMENTS.values())
    assert after.grids_of(EXPERIMENTS["drum"]) == ["ds1", "ds2", "dm2"]
    assert all(after.size.loops[material] == count for material, count in LOOPS.items())
    for name, entry in after.unseen_loops.items():  # composed loops
        assert entry.tested == after.experiments[name].corpus
        assert not after.materials[after.corpora[entry.corpus].material].source.recorded
    for name in ("scale", "compressor", "grids", "representations", "models", "train", "evaluate"):
        assert getattr(after, name) == getattr(before, name)
    assert "# Every grid, size and hyperparameter" in file.read_text()


def test_packages_are_downloaded_once_and_unpacked(tmp_path, monkeypatch):
    commands = []

    def pretend(command, folder):
        commands.append(command[:2])
        if command[0] == "apt-get":
            (folder / f"{command[2]}_1.0_all.deb").touch()

    monkeypatch.setattr(recordings, "run", pretend)
    root = recordings.unpack_packages(tmp_path)
    assert root == tmp_path / "unpacked"
    assert commands == [["apt-get", "download"], ["dpkg-deb", "-x"]] * 2
    commands.clear()
    recordings.unpack_packages(tmp_path)
    assert commands == [["dpkg-deb", "-x"]] * 2


def test_a_failed_program_is_one_message(tmp_path):
    with pytest.raises(InputError, match=r"^false: failed with exit code 1 in"):
        run(["false"], tmp_path)
    with pytest.raises(InputError, match=r"^no-such-program: there is no such program"):
        run(["no-such-program"], tmp_path)


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
            "untrained": {"paper": {"attack_ms": {"mae": 20.0}}},
            "learnt": {"paper": {"attack_ms": {"learnt": paper < 6}}},
        }

    drum, guitar = EXPERIMENTS.values()
    write("recordings", drum, {"drum-dm2": results(5.5, 9.25)})
    write("recordings", guitar, {"guitar-dm2": results(6.0, 12.0)})
    write("laptop", drum, {"drum-dm2": results(4.0, 8.0), "drum-ds1": results(1.0, 2.0)})
    known = "5.5 \N{CHECK MARK} | 20 |"
    assert error_table(tmp_path / "recordings", tmp_path / "laptop").splitlines()[2:] == [
        f"| drum-dm2 | attack (ms) | {known}  | 9.25 |  |  | 24 | 0.00123 | 4 \N{CHECK MARK} | 8 |",
        "| guitar-dm2 | attack (ms) | 6 | 20 |  | 12 |  |  | 24 | 0.00123 |  |  |",
    ]


def test_the_page_has_the_tables_of_the_committed_metrics(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    copy = tmp_path / "page.md"
    shutil.copyfile(recordings.PAGE, copy)
    update_page(copy, "errors", "nothing\n")
    assert "nothing" in copy.read_text()
    update_page(copy, "errors", error_table())
    update_page(copy, "match", recorded_dynamics.match_table())
    assert copy.read_text() == recordings.PAGE.read_text(), "run python -m experiments tables"


def test_a_page_without_the_place_is_named(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("text\n")
    with pytest.raises(InputError, match=r"page\.md: has no place"):
        update_page(page, "errors", "")
