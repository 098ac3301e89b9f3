"""A damaged intermediate is one line that names the file and the stage that makes it anew."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.working_copy import copy_project
from tests.stages.made_up_corpus import make_up_corpus

CLOSED_FORM = "closed_form:\n  takes: {material: drum}\n"
EXPERIMENT = "drum-cnn-stft128"
READ_BY = {
    "data/loops/drum/loops.csv": ["compress drum"],
    "data/loops/drum/001.wav": ["compress drum"],
    "data/compressed/drum/dm2/001.flac": ["closed_form drum", "inputs drum-stft128"],
    "data/settings/drum.csv": [
        "closed_form drum",
        "inputs drum-stft128",
        f"train {EXPERIMENT}",
        f"embed {EXPERIMENT}",
        f"evaluate {EXPERIMENT}",
    ],
    "data/closed_form/drum.csv": [f"evaluate {EXPERIMENT}"],
    "data/inputs/drum-stft128/dm2/001.npy": [f"train {EXPERIMENT}", f"embed {EXPERIMENT}"],
    "data/inputs/drum-stft128/dry.npy": [f"train {EXPERIMENT}", f"embed {EXPERIMENT}"],
    f"models/{EXPERIMENT}/networks.json": [f"embed {EXPERIMENT}"],
    f"models/{EXPERIMENT}/dm2.weights.h5": [f"embed {EXPERIMENT}"],
    f"data/embeddings/{EXPERIMENT}/dm2.npy": [f"evaluate {EXPERIMENT}"],
    f"data/embeddings/{EXPERIMENT}/dm2-output.npy": [f"evaluate {EXPERIMENT}"],
    "data/match/examples.npz": ["match_fit"],
    "data/recorded_dynamics.npz": ["match_fit"],
}


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def end_gone(content: bytes) -> bytes:
    """Without the last bytes; a text without its last tenth, but with whole lines."""
    if b"\0" in content:
        return content[:-100]
    lines = content.splitlines(keepends=True)
    return b"".join(lines[: -max(1, len(lines) // 10)])


DAMAGES: dict[str, Callable[[bytes], bytes] | None] = {
    "missing": None,
    "empty": lambda content: b"",
    "half": half,
    "end gone": end_gone,
}


def test_damaged_audio_and_tables(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRC_JOBS", "1")
    make_up_corpus()
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("closed_form:\n", CLOSED_FORM, 1))
    assert run("compress takes", capsys)[0] == 0
    inject(
        {
            "data/loops/drum/loops.csv": ["compress takes"],
            "data/loops/drum/001.wav": ["compress takes", "closed_form takes"],
            "data/compressed/takes/ds1/001.flac": ["closed_form takes"],
            "data/settings/takes.csv": ["closed_form takes"],
        },
        capsys,
    )


@pytest.mark.timeout(7200)
def test_damaged_intermediates(tmp_path, monkeypatch, capsys, all_faults):
    if not all_faults:
        pytest.skip("only with --all-faults")
    copy = copy_project(tmp_path / "project")
    with copy.edited_params() as params:
        params["scale"] = "smoke"
    copy.run("dvc", "repro", f"evaluate@{EXPERIMENT}", "match-examples")
    monkeypatch.chdir(copy.folder)
    monkeypatch.setenv("DRC_JOBS", "1")
    inject(READ_BY, capsys)


def inject(read_by: dict[str, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    """Damage each file in every way and run the stages that read it."""
    wrong, tried = [], 0
    for name, stages in read_by.items():
        path = Path(name)
        for damage, change in DAMAGES.items():
            for stage in stages:
                tried += 1
                kept = path.with_name("kept")
                shutil.copy2(path, kept)
                path.unlink()  # DVC's cache has hard links to the same content
                if change:
                    path.write_bytes(change(kept.read_bytes()))
                code, said = run(stage, capsys)
                kept.replace(path)
                if not _is_clear(code, said, name):
                    wrong.append(f"{name}, {damage}, stages.{stage}: {code} {said[-500:]}")
    print(f"{tried} damaged files, {len(wrong)} not noticed or not told clearly")
    assert not wrong, "\n".join(wrong)


def run(stage: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run `python -m stages.<stage>` in this process; return exit code and standard error."""
    module, *arguments = f"stages.{stage}".split()
    code = 0
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [module, *arguments])
        try:
            runpy.run_module(module, run_name="__main__")
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        except Exception as error:
            return 1, f"Traceback: {error!r}"
    return code, capsys.readouterr().err


def _is_clear(code: int, said: str, name: str) -> bool:
    """Return whether the last line is the error, with the file and what brings it back."""
    last = said.rstrip().rpartition("\n")[2]
    return (
        code == 2
        and "Traceback" not in said
        and last.startswith("error: ")
        and name in last
        and ("`dvc repro` makes it anew (stage " in last or f"git checkout {name}" in last)
    )
