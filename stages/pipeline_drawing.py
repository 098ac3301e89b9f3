"""Drawing of the pipeline for docs/: a box per stage of dvc.yaml, with the folder of its outputs.

`python -m stages.pipeline_drawing` writes docs/pipeline.svg.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import networkx as nx
from dvc.repo import Repo
from dvc.stage import PipelineStage
from matplotlib.figure import Figure

from siamese_drc.core.outputs import replaced
from siamese_drc.report.pictures import COLOURS, save_svg, style

DRAWING = Path("docs/pipeline.svg")
HALF = 0.39  # of a box's width; columns and rows are 1 apart


def pipeline_graph(root: str = ".") -> nx.DiGraph:
    """Return the stages of dvc.yaml, those of a `foreach` as one, and the flow of data."""
    graph = nx.DiGraph()
    with Repo(root) as repo:
        for stage in repo.index.stages:
            if isinstance(stage, PipelineStage):  # not files added by `dvc add`
                outputs = Path(stage.outs[0].def_path).parent.as_posix()
                graph.add_node(_template(stage), outputs=outputs)
        for stage, needed in repo.index.graph.edges:
            if isinstance(needed, PipelineStage):
                graph.add_edge(_template(needed), _template(stage))
    return graph


def _template(stage: PipelineStage) -> str:
    return stage.name.split("@")[0]


def draw_pipeline(graph: nx.DiGraph) -> Figure:
    """Return the graph drawn from left to right, without edges that a longer path implies."""
    columns = {n: i for i, group in enumerate(nx.topological_generations(graph)) for n in group}
    rows: dict[str, int] = {}
    for name in nx.lexicographical_topological_sort(
        graph, key=lambda name: (-len(nx.descendants(graph, name)), name)
    ):
        before = [rows[needed] for needed in graph.predecessors(name)]
        row = min(before) if before else max(rows.values(), default=-1) + 1
        while any(rows[other] == row and columns[other] == columns[name] for other in rows):
            row += 1
        rows[name] = row
    size = max(columns.values()) + 1, max(rows.values()) + 1
    figure = Figure(figsize=(1.5 * size[0], 0.9 * size[1]))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(-0.5, size[0] - 0.5), ylim=(size[1] - 0.5, -0.5))
    axis.set_axis_off()
    for start, end in nx.transitive_reduction(graph).edges:  # along the row, then to the box
        bend = (columns[end] - 1 + HALF, rows[start])
        axis.plot([columns[start] + HALF, bend[0]], [bend[1]] * 2, color="black", lw=0.8, zorder=0)
        axis.annotate("", (columns[end] - HALF, rows[end]), bend, arrowprops={"arrowstyle": "->"})
    for name, outputs in graph.nodes(data="outputs"):
        x, y = columns[name], rows[name]
        axis.barh(y, 2 * HALF, 0.5, x - HALF, color="#eaf2f8", edgecolor=COLOURS[0])
        axis.text(x, y - 0.08, name, ha="center", va="center", weight="bold")
        axis.text(x, y + 0.12, outputs, ha="center", va="center", size=6.5)
    return figure


if __name__ == "__main__":
    with style(), matplotlib.rc_context({"svg.fonttype": "none"}), replaced(DRAWING) as path:
        save_svg(draw_pipeline(pipeline_graph()), path)
