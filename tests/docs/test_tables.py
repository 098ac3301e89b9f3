"""The tables of results in README.md and docs/ are those of the committed metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments import paper, recorded_dynamics, recordings, results, studies
from experiments.__main__ import main
from tests.pipeline.working_copy import PROJECT

PLACES = [
    (results.PAGE, "verdict", results.verdict),
    (results.TOOL_PAGE, "match", results.match_distances),
    (results.MODEL_CARD, "match", results.match_errors),
    (paper.PAGE, "paper scale", paper.errors_table),
    (paper.NETWORKS_PAGE, "paper scale", paper.where_errors_are),
    (recordings.PAGE, "errors", recordings.error_table),
    (recorded_dynamics.PAGE, "match", recorded_dynamics.match_table),
    *(
        (studies.PAGE, f"study {name}", lambda name=name: studies.table(name))
        for name in studies.read_studies()
    ),
]


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch):
    monkeypatch.chdir(PROJECT)


@pytest.mark.parametrize(
    ("page", "place", "table"), PLACES, ids=[f"{page}-{place}" for page, place, _ in PLACES]
)
def test_a_page_has_the_committed_results(page, place, table):
    _, _, rest = page.read_text(encoding="utf-8").partition(f"<!-- {place}: begin -->\n")
    written, end, _ = rest.partition(f"<!-- {place}: end -->\n")
    assert end
    assert written == table(), f"{page} is out of date: run `python -m experiments tables`"


def test_the_command_writes_the_tables_into_all_pages(monkeypatch, tmp_path, capsys):
    pages = {page for page, _, _ in PLACES}
    for page in pages:
        empty = "".join(
            f"text\n<!-- {place}: begin -->\nold\n<!-- {place}: end -->\n"
            for of_page, place, _ in PLACES
            if of_page == page
        )
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / page).write_text(empty)
    for name in ("metrics", "params.yaml", "reports"):
        (tmp_path / name).symlink_to(PROJECT / name)
    monkeypatch.chdir(tmp_path)
    main(["tables"])
    said = capsys.readouterr().err
    for page, place, table in PLACES:
        assert f"{page}: table `{place}` written" in said
        assert table() in Path(page).read_text()
        assert "\nold\n" not in Path(page).read_text()
