"""Experiments at another scale than the commit's, whose data is not in the cache.

DVC then must not need what the committed dvc.lock describes. The stages are stand-ins that write
the outputs which dvc.yaml declares: what is tested is dvc.yaml.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from dvc.repo import Repo

from tests.pipeline.working_copy import WorkingCopy, copy_project

KEPT = {
    "materials": ["drum", "drum-training"],
    "corpora": ["drum-d4p", "drum-d4p-training"],
    "closed_form": ["drum-d4p"],
    "inputs": ["drum-d4p-stft128", "drum-d4p-training-stft128"],
    "experiments": ["drum-d4p-cnn-stft128"],
    "unseen_loops": ["drum-d4p-cnn-stft128"],
    "pretrained": [],
    "transfers": [],
    # The rest makes dvc.lock long, which DVC rewrites after every stage.
    "models": ["cnn"],
    "representations": ["stft128"],
    "grids": ["defaults", "d4p"],
    "scales": ["smoke", "laptop"],
}
STAND_IN = """\
import json
import re
import sys
from pathlib import Path

scale = re.search(r"^scale: (.*)$", Path("params.yaml").read_text(), re.MULTILINE)[1]
command = " ".join(["python -m", __spec__.name, *sys.argv[1:]])
for name in json.loads(Path("outputs.json").read_text())[command]:
    output = Path(name.replace("SCALE", scale))
    if not output.suffix:
        output.mkdir(parents=True)
        output /= "file.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"stage": command, "scale": scale}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkingCopy]:
    """Yield a repository whose dvc.lock describes the scale `smoke`."""
    copy = copy_project(tmp_path_factory.mktemp("scales") / "project")
    copy.run("git", "rm", "-r", "-q", "dvc.lock", "metrics/laptop", "reports/laptop")
    with copy.edited_params() as params:
        params["scale"] = "smoke"
        for section, names in KEPT.items():
            for name in [name for name in params[section] if name not in names]:
                del params[section][name]
    with Repo(str(copy.folder)) as repo:
        outputs = {
            stage.cmd: [out.def_path.replace("smoke", "SCALE") for out in stage.outs]
            for stage in repo.index.stages
        }
    (copy.folder / "outputs.json").write_text(json.dumps(outputs))
    for command in outputs:
        module = command.split()[2]
        copy.folder.joinpath(*module.split(".")).with_suffix(".py").write_text(STAND_IN)
    try:
        copy.run("dvc", "repro")
        copy.commit("Make it all at the scale smoke")
        yield copy
    finally:
        copy.end()


def clear(copy: WorkingCopy) -> None:
    """Return to the commit, without any data."""
    copy.run("git", "reset", "-q", "--hard")
    for folder in (".dvc/cache", "data", "models"):
        shutil.rmtree(copy.folder / folder, ignore_errors=True)
    copy.run("git", "checkout", "-q", "data", "models")


def in_workspace(copy: WorkingCopy, seed: int) -> None:
    copy.run("git", "reset", "-q", "--hard")
    copy.run("dvc", "exp", "run", "-S", "scale=laptop", "-S", f"evaluate.seed={seed}")


def in_the_queue(copy: WorkingCopy, seed: int) -> None:
    seeds = f"evaluate.seed={seed},{seed + 1}"
    fill = ("dvc", "exp", "run", "--queue", "-S", "scale=laptop", "-S", seeds)
    copy.run(*fill)
    copy.run_queue(jobs=2, again=fill)


@pytest.mark.parametrize("way", [in_workspace, in_the_queue])
def test_it_runs_from_an_empty_and_from_a_full_cache(project, way):
    clear(project)
    way(project, 2)
    way(project, 4)
