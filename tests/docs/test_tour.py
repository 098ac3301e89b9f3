"""The notebook docs/tour.ipynb runs from top to bottom, in reasonable time and without data."""

from __future__ import annotations

import os
import time

import nbclient
import nbformat
import pytest

from tests.pipeline.working_copy import PROJECT

TOUR = PROJECT / "docs" / "tour.ipynb"
LONGEST_S = 240.0  # a minute on an idle machine


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(TOUR, as_version=4)


def test_it_is_committed_without_outputs(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.timeout(LONGEST_S + 30)
def test_it_runs(notebook, tmp_path, monkeypatch):
    path = os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    started = time.monotonic()
    client = nbclient.NotebookClient(
        notebook,
        timeout=LONGEST_S,
        kernel_name="python3",
        resources={"metadata": {"path": tmp_path}},
    )
    client.execute()
    assert time.monotonic() - started < LONGEST_S
    texts = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stdout"
    ]
    printed = "".join(texts)
    assert "same performance" in printed
    assert "another recording" in printed
    assert "unseen loops: constant" in printed
