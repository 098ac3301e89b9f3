"""Every benchmark runs, on tiny sizes; those of programs that are not installed are skipped."""

import importlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from benchmarks import __main__ as command_line
from benchmarks.table import GOALS, Row
from siamese_drc.core.errors import InputError
from tests.pipeline.working_copy import PROJECT

TINY: dict[str, dict[str, Any]] = {
    "compress": {"LOOPS": 1, "SECONDS": 0.5, "ROUNDS": 1, "SETTINGS": 3, "OTHER_GRIDS": ("dm1",)},
    "spectrogram": {"CLIPS": 2, "SECONDS": 0.5, "ROUNDS": 1, "STORED_CLIPS": 2},
    "handcraft": {"ROWS": 2, "SECONDS": (0.5,), "ROUNDS": 1},
    "closed_form": {"ROWS": 2, "SECONDS": 0.5, "ROUNDS": 1},
    "embed": {"REPRESENTATIONS": ("stft128",), "ROUNDS": 1},
    "forests": {
        "LOOPS": 2,
        "TIMED_TREES": {"ours": 1, "defaults": 1, "per parameter": 1},
        "COMPARED_TREES": 1,
        "ROUNDS": 1,
    },
    "match": {"SECONDS": 2.0, "PAIRS": 1, "ROUNDS": 1},
    "training": {
        "CASES": [("laptop", "cnn", "mel512")],
        "EXAMPLES": {"laptop": 16},
        "ROUNDS": 1,
        "processes": lambda count: ThreadPoolExecutor(1),
    },
}
NEEDS = {"compress": "torchcomp", "spectrogram": "torch", "match": "matchering"}


def shrink(monkeypatch: pytest.MonkeyPatch, name: str, sizes: dict[str, Any]) -> Any:
    module = importlib.import_module(f"benchmarks.{name}")
    for constant, value in sizes.items():
        monkeypatch.setattr(module, constant, value)
    return module


@pytest.mark.parametrize("name", TINY)
def test_a_comparison_finds_times(name, monkeypatch):
    pytest.importorskip(NEEDS.get(name, "numpy"))
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("DRC_JOBS", "1")
    rows: list[Row] = shrink(monkeypatch, name, TINY[name]).measure()
    assert rows
    for row in rows:
        assert row.ours > 0 or row.unit == "MB" or "to the reference" in row.unit
        assert set(row.goals) <= set(GOALS)


def test_memory_of_stages_is_measured(monkeypatch):
    memory = importlib.import_module("benchmarks.peak_memory")
    few, many = memory.Size(6, 0.5, 2), memory.Size(7, 0.5, 2)
    sizes = {"STAGES": {"render": "drum"}, "FEW": few, "MANY": many, "LONG": few}
    monkeypatch.setenv("DRC_JOBS", "1")
    lines = shrink(monkeypatch, "peak_memory", sizes).table().splitlines()
    name, *megabytes, _ = lines[2].strip("| ").split(" | ")
    assert name == "render"
    assert all(float(peak) > 30 for peak in megabytes)


def test_memory_is_that_of_all_processes(tmp_path):
    memory = importlib.import_module("benchmarks.peak_memory")
    script = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"
    )
    eater = "import time; held = bytearray(b'x') * 300_000_000; time.sleep(1.5)"
    megabytes = memory.own_peak_mb([sys.executable, "-c", script, eater], tmp_path)
    assert megabytes == pytest.approx(300, abs=100)


def test_paper_scale_times_a_network(monkeypatch):
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("DRC_JOBS", "1")
    sizes = {"EXAMPLES": 8, "processes": lambda count: ThreadPoolExecutor(1)}
    paper_scale = shrink(monkeypatch, "paper_scale", sizes)
    params = paper_scale.paper_params()
    cost = paper_scale.measured(params, ("cnn", "mel512"))
    assert cost.milliseconds > 0


def test_a_run_of_all_writes_page_and_results(monkeypatch, tmp_path, capsys):
    page, results = tmp_path / "README.md", tmp_path / "results.json"
    page.write_text("<!-- comparisons: begin -->\nold\n<!-- comparisons: end -->\n")
    row = Row("a step", 2.0, {"pedalboard": 20.0}, "ms", goals={"compress_vs_pedalboard": 10.0})
    monkeypatch.setattr(command_line, "PAGE", page)
    monkeypatch.setattr(command_line, "RESULTS", results)
    monkeypatch.setattr(command_line, "COMPARISONS", {"compress": "Compressor"})
    monkeypatch.setattr(command_line, "in_own_process", lambda name, function: [row])
    monkeypatch.setattr(command_line, "machine_limits", lambda folder: {"cores": 2})
    command_line.main(["compress"])
    assert "| a step | ms | 2 | 20 (10.0x) |" in capsys.readouterr().out
    assert not results.exists()
    command_line.main([])
    assert json.loads(results.read_text())["compress_vs_pedalboard"] == 10.0
    text = page.read_text()
    assert "| `compress_vs_pedalboard` | 8 | 10.0 | yes |" in text
    assert "- cores: 2\n" in text
    assert "**Compressor**" in text


def test_a_study_writes_its_part_of_the_page(monkeypatch, tmp_path):
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- peak_memory: begin -->\n<!-- peak_memory: end -->\nafter\n")
    monkeypatch.setattr(command_line, "PAGE", page)
    monkeypatch.setattr(
        command_line, "in_own_process", lambda name, function: f"{name} {function}\n"
    )
    command_line.main(["peak_memory"])
    assert "begin -->\npeak_memory table\n<!--" in page.read_text()


def test_the_page_has_a_place_for_every_study():
    for name in ("comparisons", *command_line.STUDIES):
        page = command_line.PAGES.get(name, command_line.PAGE)
        assert f"<!-- {name}: begin -->\n" in page.read_text(encoding="utf-8")


def test_an_unknown_benchmark_is_one_line(capsys):
    with pytest.raises(InputError, match=r"speed: there is no such benchmark; there are: compress"):
        command_line.run(["speed"])
    with pytest.raises(SystemExit) as end:
        command_line.main(["speed"])
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
