"""The drawing of the pipeline has a box for every stage of dvc.yaml, and arrows along the data."""

from __future__ import annotations

import re
from pathlib import Path

import networkx as nx
import pytest
from ruamel.yaml import YAML

from siamese_drc.report.pictures import save_svg, style
from stages.pipeline_drawing import DRAWING, draw_pipeline, pipeline_graph

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def graph() -> nx.DiGraph:
    return pipeline_graph(str(ROOT))


def test_every_stage_of_dvc_yaml_is_in_it_once(graph):
    stages = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
    assert set(graph) == set(stages)
    drawn = re.findall(r">([^<>]+)</text>", (ROOT / DRAWING).read_text())
    assert {name for name in drawn if name in stages} == set(stages), (
        "docs/pipeline.svg is out of date: run `python -m stages.pipeline_drawing`"
    )


def test_arrows_follow_the_data(graph):
    assert {("render", "compress"), ("train", "embed"), ("embed", "evaluate")} <= set(graph.edges)
    assert nx.is_directed_acyclic_graph(graph)
    assert graph.nodes["compress"]["outputs"] == "data/compressed"


def test_the_same_graph_gives_the_same_bytes(graph, tmp_path):
    for name in ("first.svg", "second.svg"):
        with style():
            save_svg(draw_pipeline(graph), tmp_path / name)
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()


def test_an_edge_that_a_longer_path_implies_is_left_out():
    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("a", "c")])
    nx.set_node_attributes(graph, "data", "outputs")
    (axis,) = draw_pipeline(graph).axes
    assert len(axis.lines) == 2


def test_boxes_do_not_overlap():
    graph = nx.DiGraph([("a", "b"), ("a", "c"), ("x", "c")])
    nx.set_node_attributes(graph, "data", "outputs")
    (axis,) = draw_pipeline(graph).axes
    places = {text.get_text(): text.get_position() for text in axis.texts if text.get_text()}
    assert len({places[name] for name in graph}) == 4
