"""The stage as a whole, on made-up results: what it writes, and that it writes the same again."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.report.pages import heading_id
from stages import plot_data, report
from stages.project.params import load_params
from tests.report.made_up_project import (
    EXPERIMENTS,
    NETWORKS,
    build_project,
    made_up_errors,
    made_up_params,
)

WRITTEN = [
    "metrics/smoke/summary.json",
    "reports/smoke/figures/frame-length.svg",
    "reports/smoke/figures/learning-curves.svg",
    "reports/smoke/figures/loop-counts.svg",
    "reports/smoke/figures/predicted-drum-d4p.svg",
    "reports/smoke/figures/predicted-drum-dm2.svg",
    "reports/smoke/plots/frame-length.csv",
    "reports/smoke/plots/learning-curves.csv",
    "reports/smoke/plots/loop-counts.csv",
    "reports/smoke/plots/predicted.csv",
    "reports/smoke/report.html",
    "reports/smoke/report.md",
]


def run(folder: Path) -> dict[str, bytes]:
    """Run `plot-data` and `report` in `folder`; return what they wrote."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        plot_data.main(load_params())
        report.main(load_params())
    paths = [*folder.glob("reports/**/*"), *folder.glob("metrics/*/summary.json")]
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths if p.is_file()}


def project(folder: Path) -> Path:
    """Build a project in which D4P on drums has been run at the paper's sizes too."""
    params = made_up_params()
    build_project(folder, params)
    landed = folder / "metrics" / "paper" / "experiments"
    landed.mkdir(parents=True)
    for name in ("drum-d4p-cnn-stft128", "drum-d4p-handcrafted"):
        (landed / f"{name}.json").write_text(json.dumps(made_up_errors(params, name)))
    run_folder = folder / "metrics" / "paper" / "runs" / "drum-d4p-cnn-stft128-d4p"
    run_folder.mkdir(parents=True)
    (run_folder / "run.json").write_text(json.dumps(RUN))
    study = folder / "metrics" / "studies" / "loops.json"
    study.parent.mkdir()
    study.write_text(json.dumps(LOOP_COUNTS))
    return folder


RUN = {
    "experiment": "drum-d4p-cnn-stft128",
    "data_sets": ["drum-d4p"],
    "commit": "82acb725438553c019b59201830b3b8caf38b200",
    "backend": "tensorflow 2.21.0",
    "processor": "AMD EPYC",
}

LOOP_COUNTS = {
    str(loops): {
        "errors": {
            "unseen_loops": {"attack_ms": 2000 / loops, "release_ms": 20000 / loops},
            "constant": {"attack_ms": 24.0, "release_ms": 240.0},
        }
    }
    for loops in (640, 80, 2560)
}


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> dict[str, bytes]:
    return run(project(tmp_path_factory.mktemp("first")))


def test_writes_all_of_its_outputs(written):
    assert sorted(written) == WRITTEN


def test_bytes_are_the_same_elsewhere_and_over_old_ones(written, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    folder = project(tmp_path)
    stale = folder / "reports" / "smoke" / "figures" / "stale.svg"
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    assert run(folder) == written


def test_the_errors_by_number_of_loops_are_in_their_order(written):
    rows = written["reports/smoke/plots/loop-counts.csv"].decode().splitlines()
    assert rows[1:4] == [f"{n},attack_ms,trained,{2000 / n:.6g}" for n in (80, 640, 2560)]
    assert len(rows) == 1 + 2 * 2 * 3


def test_figures_carry_no_date(written):
    figures = [content.decode() for name, content in written.items() if name.endswith(".svg")]
    assert not any("<dc:date>" in figure for figure in figures)


class Page(HTMLParser):
    """What a page refers to, and the width of every row of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.alternatives: list[str | None] = []
        self.tables: list[list[int]] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.references += [given[name] for name in ("src", "href") if name in given]
        if tag == "img":
            self.alternatives.append(given.get("alt"))
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append(0)
        elif tag in ("td", "th"):
            self.tables[-1][-1] += int(given.get("colspan", 1))


def test_page_carries_all_that_it_shows(written):
    text = written["reports/smoke/report.html"].decode()
    page = Page(text)
    images = [link for link in page.references if not link.startswith(("#", "../../metrics/"))]
    assert len(images) == 5
    assert all(link.startswith("data:image/svg+xml;base64,") for link in images)
    assert all(page.alternatives)
    assert not re.search(r"url\(|@import|<script|<link", text)
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text


def test_rows_of_a_table_are_equally_wide(written):
    tables = Page(written["reports/smoke/report.html"].decode()).tables
    # The opening, headlines; claim 0, verdicts, ratios; nine of the paper's; one and the claims at
    # full size; three of the match tool; not learnt, sizes, scales, runs; two of every error.
    assert len(tables) == 2 + 3 + 9 + 2 + 3 + 4 + 2
    assert all(len(set(rows)) == 1 for rows in tables)

    lines = written["reports/smoke/report.md"].decode().splitlines()
    blocks = "\n".join(line if line.startswith("|") else "" for line in lines).split("\n\n")
    pipes = [[row.count("|") for row in block.split("\n") if row] for block in blocks]
    pipes = [counts for counts in pipes if counts]
    assert len(pipes) == len(tables)
    assert all(len(set(counts)) == 1 for counts in pipes)
    # Table IV: ours, the network and no network, the baselines by instrument
    assert len(pipes[5]) == 1 + 1 + 8 + 2 * (1 + 6) + 2 * (1 + 2)


def test_markdown_shows_every_figure(written):
    text = written["reports/smoke/report.md"].decode()
    linked = re.findall(r"\]\((figures/.*?)\)", text)
    figures = [name for name in written if name.startswith("reports/smoke/figures/")]
    assert sorted(f"reports/smoke/{link}" for link in linked) == sorted(figures)


def test_markdown_says_what_a_reader_must_know(written):
    text = written["reports/smoke/report.md"].decode()
    assert "| loops | drum 6, " in text
    known, new = "5.00 ✓ | 7.50 | 6.25", "20.0 *not learnt* | 17.5 | 18.8"
    assert f"| drum-dm2: Attack (ms) | 3.141 | {known} | {new} | 25.0 | 0.025 |" in text
    known, dashes = "**5.00** ✓ | 7.50 | 6.25", "– | – | –"  # noqa: RUF001
    assert f"| drum-d4p: Attack (ms) | 10.868 | {known} | {new} | 25.0 | 0.025 |" in text
    assert f"| drum-d4p: Attack (ms) | 10.868 | {known} | {dashes} | 25.0 | 0.025 |" in text
    assert "| learnt errors of trained networks, by `unseen_loops` | – | 0 of 12 |" in text  # noqa: RUF001
    assert "| smoke scale | `paper` | **holds** | 100 | 100 | 0.67 | 0.80 | 0 |" in text
    assert "| drum-cnn-stft128 | drum-ds2 | Ratio | `unseen_loops` | 3.84 | 3.36 | 4.80 |" in text
    assert "| 20.0 | 17.5 | 25.0 | **2 to 3** | -5.5 to -4.5 |" in text  # attack: not learnt
    assert "| [drum-d4p-cnn-stft128-d4p](../../metrics/paper/runs/drum-d4p-cnn-stft128-d4p)" in text
    assert "| drum-d4p | `82acb72` | [params.yaml](../../metrics/paper/runs/" in text
    assert re.search(
        r"conclusions that hold / do not hold / are undecided \| .* \| 1 / \d+ / \d+ \|", text
    )
    assert "| drum-d4p-handcrafted |  |  |  |  |  |  | **paper scale** |" in text
    assert "8 of the 124 errors in the paper's tables were measured at paper scale" in text
    assert "### Table XII at paper scale" in text
    assert "### Table X at paper scale" not in text
    assert "differ by up to 0 %" in text  # the made-up seeds are all alike
    assert "3.35 / 4.40 = 0.76 \N{CHECK MARK}" in text  # spectrogram over Mel, attack
    assert "| epochs at most | 2 |" in text
    assert "2.024 for the attack" in text
    assert "| drum | gain curve, rms (dB) | 1.50 | 6.00 | 3.00 | 0.500 | 0.25 | 0.50 |" in text
    assert "time to 63 % of a step" in text
    assert "{{" not in text
    assert "None" not in text


def test_at_paper_scale_the_tables_stand_once(tmp_path):
    build_project(tmp_path, made_up_params(scale="paper"))
    text = run(tmp_path)["reports/paper/report.md"].decode()
    assert "124 of the 124 errors in the paper's tables were measured at paper scale" in text
    assert "All of this report is at paper scale" in text
    assert "## At the paper's sizes\n" not in text
    assert text.count("### Table XII") == 2  # XII and XIII


def test_plot_data(written, tmp_path):
    for name, content in written.items():
        (tmp_path / Path(name).name).write_bytes(content)
    curves = pd.read_csv(tmp_path / "learning-curves.csv")
    tuned = ("drum-cnn-stft128", "drum-d4p-cnn-stft128")
    assert set(curves["experiment"]) == {*NETWORKS, *(f"{name}-unseen-loops" for name in tuned)}
    assert {"ds1", "dm2", "d4p"} <= set(curves["grid"])

    points = pd.read_csv(tmp_path / "predicted.csv")
    panels = points.groupby(["data_set", "protocol", "parameter"]).size()
    assert panels.to_list() == [300] * 12

    errors = pd.read_csv(tmp_path / "frame-length.csv")
    attack = errors[(errors["data_set"] == "drum-ds3") & (errors["source"] == "published")]
    assert dict(zip(attack["frame_length"], attack["mae"], strict=True)) == {
        512: 2.415,
        256: 2.197,
        128: 2.042,
    }
    assert set(errors[errors["source"] == "unseen_loops"]["frame_length"]) == {128}
    assert len(json.loads((tmp_path / "summary.json").read_text())) == 12


@pytest.mark.parametrize("kept", [["guitar-cnn-mel512"], []])
def test_few_experiments_make_a_report_too(tmp_path, kept):
    experiments = {name: {"model": "cnn", **EXPERIMENTS[name]} for name in kept}
    build_project(tmp_path, made_up_params(experiments=experiments, transfers={}))
    written = run(tmp_path)
    assert json.loads(written["metrics/smoke/summary.json"])["cells_trained"] == 8 * len(kept)
    assert "4.338" in written["reports/smoke/report.md"].decode()


@pytest.mark.parametrize(
    "lost",
    [
        "metrics/smoke/experiments/drum-cnn-mel512.json",
        "metrics/smoke/unseen_loops/drum-cnn-stft128.json",
        "models/drum-cnn-stft512/history.csv",
        "data/predictions/drum-d4p-cnn-stft128.csv",
        "data/predictions/drum-d4p-cnn-stft128-unseen-loops.csv",
    ],
)
def test_missing_input_is_named_and_no_report_is_written(tmp_path, lost):
    (project(tmp_path) / lost).unlink()
    with pytest.raises(InputError, match=re.escape(lost)):
        run(tmp_path)
    assert not list(tmp_path.glob("reports/*/report.*"))


def test_the_report_needs_no_data(written, tmp_path, monkeypatch):
    folder = project(tmp_path)
    run(folder)
    shutil.rmtree(folder / "models")
    shutil.rmtree(folder / "data" / "predictions")
    (folder / "reports/smoke/report.md").unlink()
    monkeypatch.chdir(folder)
    report.main(load_params())
    assert (folder / "reports/smoke/report.md").read_bytes() == written["reports/smoke/report.md"]


def test_contents_link_to_every_section(written):
    text = written["reports/smoke/report.md"].decode()
    titles = re.findall(r"^##+ (.+)$", text, re.MULTILINE)
    links = re.findall(r"\]\(#(.+?)\)", text)
    assert links == [heading_id(title) for title in titles]
    assert len(set(links)) == len(links)

    html = written["reports/smoke/report.html"].decode()
    assert [link[1:] for link in Page(html).references if link.startswith("#")] == links
    assert all(f' id="{link}"' in html for link in links)


def test_it_opens_with_the_verdict(written):
    text = written["reports/smoke/report.md"].decode()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[0] == "Verdict"
    assert text.index("| drum-dm2: Attack (ms) |") < text.index("**Contents**") < 7000
    assert text.index("| | published |") < 700


def test_long_lists_are_folded_and_printed_in_full(written):
    text = written["reports/smoke/report.html"].decode()
    assert text.count("<details>") == text.count("</details>") == 5
    assert (
        "details::details-content { content-visibility: visible;" in text.split("@media print")[1]
    )


ERRORS = "metrics/smoke/experiments"
LEFTOVERS = [
    f"{ERRORS}/drum-cnn-stft64.json",
    f"{ERRORS}/piano-handcrafted.json",
    "metrics/smoke/unseen_loops/drum-cnn-mel512.json",
    "models/drum-cnn-stft64",
    "models/mix-d4p-cnn-stft128",  # a transfer has no models of its own
    "data/predictions/drum-cnn-stft64.csv",
    "data/predictions/drum-cnn-stft128.txt",
]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    build_project(tmp_path, made_up_params())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check() -> None:
    plot_data.check_leftovers(made_up_params())


def test_finished_experiments_leave_nothing_over(folder):
    check()


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_each_leftover_is_named_with_the_command_that_removes_it(folder, leftover):
    Path(leftover).mkdir()
    with pytest.raises(InputError, match=re.escape(f"`rm -rf {leftover}`")):
        check()


def test_all_leftovers_are_named_at_once(folder):
    for leftover in LEFTOVERS:
        Path(leftover).mkdir()
    with pytest.raises(InputError, match="rm -rf") as error:
        check()
    command = str(error.value).split("`")[1]
    assert sorted(command.removeprefix("rm -rf ").split()) == sorted(LEFTOVERS)


@pytest.mark.parametrize("name", [".gitignore", "drum-cnn-stft64.json.tmp"])
def test_what_dvc_ignores_is_no_leftover(folder, name):
    for place in (ERRORS, "metrics/smoke/unseen_loops", "models", "data/predictions"):
        (Path(place) / name).touch()
    check()


def test_folders_need_not_exist(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check()


@pytest.mark.parametrize("stage", [plot_data, report])
def test_the_stages_stop_before_they_write(folder, stage):
    (folder / "models/drum-cnn-stft64").mkdir()
    with pytest.raises(InputError, match="rm -rf models/drum-cnn-stft64"):
        stage.main(load_params())
    assert not (folder / "reports").exists()
