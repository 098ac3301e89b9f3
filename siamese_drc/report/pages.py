"""The report as Markdown and as one HTML page, both from the same template."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.report import claims, learning, tables
from siamese_drc.report.published import PublishedCell
from siamese_drc.report.results import DASH, EVERY_PROTOCOL, PARAMETER_NAMES, Results, error_text

TEMPLATES = Path(__file__).parent / "templates"
CONTENTS = "[contents]"  # in the template: where the table of contents goes

MATCH_DISTANCES = {
    "gain_curve_db": "gain curve, rms (dB)",
    "crest_factor_db": "crest factor (dB)",
    "reference_crest_factor_db": "crest factor, to the reference (dB)",
    "reference_loudness_range_lu": "loudness range, to the reference (LU)",
    "reference_mfcc": "MFCC, to the reference",
}


@dataclass(frozen=True)
class Project:
    """How the results were made."""

    scale: str  # its name; at `paper`, nothing is cut
    sizes: Mapping[str, str]  # how much is made at this scale, by the name of the size
    paper_sizes: Mapping[str, str]  # and at paper scale
    recordings: Mapping[str, str | None]  # folder that each material comes from; None: composed
    compressor: Mapping[str, Any]  # `detector`, `smoothing`, `knee_db`, `identifiable_db`
    runs: Mapping[str, Mapping[str, Any]]  # run.json of each folder in metrics/paper/runs


def report_content(
    project: Project,
    cells: list[PublishedCell],
    results: Results,
    full_size: Results,
    match: dict[str, Any],
    pictures: dict[str, str],
) -> dict[str, Any]:
    """Return all values that the template shows.

    `full_size` are the results at paper scale, `match` the errors and distances of the match tool
    by material, and `pictures` the captions by the pictures' names.
    """
    scale = project.scale
    beside = full_size if scale != "paper" else Results({})  # at paper scale `results` has them
    spread = claims.seed_spread(results)
    large = claims.seed_spread(beside)
    by_scale = {
        "the paper's sizes": beside.with_twins(),
        f"{scale} scale": results.with_twins(),
    }
    filled = {cell.table for cell in cells if cell.experiment in beside.experiments}
    judged = [claims.judge(claim, cells, results, spread) for claim in claims.read_claims()]
    decided = [
        claims.judge(claim, cells, beside, large or spread) for claim in claims.read_claims()
    ]
    trainings = {
        title: found for title, of in by_scale.items() if (found := learning.trainings(of))
    }
    verdicts = {
        title: Counter(claim.ours.verdict for claim in of)
        for (title, known), of in zip(by_scale.items(), (decided, judged), strict=True)
        if known.experiments
    }
    distances = {title: learning.distance(cells, of) for title, of in by_scale.items()}
    names = dict.fromkeys([*project.sizes, *project.paper_sizes])
    return {
        "project": project,
        "scale": scale,
        "sizes": [
            (n, *(of.get(n, "") for of in (project.sizes, project.paper_sizes))) for n in names
        ],
        "opening": tables.opening_table(cells, by_scale),
        "others": tables.other_table(cells, by_scale),
        "changed": tables.changed_clips(results.with_twins()),
        "headlines": _headlines(trainings, distances, verdicts),
        "trainings": trainings,
        "not_learnt": learning.not_learnt(results),
        "parameters": PARAMETERS,
        "spread": spread,
        "claims": dict(enumerate(judged, 1)),
        "coverage": tables.coverage(cells, scale, results, full_size),
        "tables": tables.build_tables(cells, results),
        "full_size": {
            "tables": [t for t in tables.build_tables(cells, beside) if t.number in filled],
            "spread": large,
            "claims": dict(enumerate(decided, 1)),
            "compared": {n: of for n, of in enumerate(decided, 1) if of.ours.ratios},
        },
        "match": match,
        "match_distances": MATCH_DISTANCES,
        "pictures": pictures,
        "results": results,
        "measured": tables.measured_places(results),
    }


def _headlines(
    trainings: dict[str, list[learning.Training]],
    distances: dict[str, learning.Distance | None],
    verdicts: dict[str, Counter[str]],
) -> list[list[str]]:
    """Return the rows of the table of what the results say, the scales' names first."""
    rows = [["", *verdicts]]
    learnt = {title: {of.protocol: of for of in found} for title, found in trainings.items()}
    for protocol in EVERY_PROTOCOL:
        found = [learnt.get(title, {}).get(protocol) for title in verdicts]
        if any(found):
            cells = [f"{of.learnt} of {of.trained}" if of else DASH for of in found]
            rows.append([f"learnt errors of trained networks, by `{protocol}`", *cells])
    far = [distances[title] for title in verdicts]
    if any(far):
        ratios = [
            f"{of.median:.1f} ({of.lowest:.1f} to {of.highest:.1f})" if of else DASH for of in far
        ]
        below = [f"{of.below} of {of.count}" if of else DASH for of in far]
        better = [f"{of.better} of {of.count}" if of else DASH for of in far]
        rows += [
            ["a network's error / the published one, by `paper`: median (range)", *ratios],
            ["errors below the published ones, by `paper`", *below],
            ["... and below the untrained and the no-network error", *better],
        ]
    kinds = (claims.HOLDS, claims.FAILS, claims.UNDECIDED)
    counts = [" / ".join(str(of[kind]) for kind in kinds) for of in verdicts.values()]
    return [*rows, ["the paper's conclusions that hold / do not hold / are undecided", *counts]]


def render_markdown(content: dict[str, Any]) -> str:
    """Return the report as Markdown: pipe tables, links to the files in figures/."""
    return _render(_environment(), content, "markdown.j2")


def render_html(content: dict[str, Any], figures: Path) -> str:
    """Return the report as one HTML page that contains its figures, SVG files in a folder."""
    environment = _environment()

    def embedded(name: str) -> str:
        encoded = base64.b64encode((figures / f"{name}.svg").read_bytes()).decode("ascii")
        return f"data:image/svg+xml;base64,{encoded}"

    environment.filters["embedded"] = embedded
    text = _render(environment, content, "html.j2")
    markdown = MarkdownIt("commonmark").enable("table")
    tokens = markdown.parse(text)
    for opened, title in pairwise(tokens):
        if opened.type == "heading_open":
            opened.attrSet("id", heading_id(title.content))
    body = markdown.renderer.render(tokens, markdown.options, {})
    return environment.get_template("page.html.j2").render(content, body=body)


def heading_id(title: str) -> str:
    """Return the anchor of a heading, as GitHub names it.

    Examples
    --------
    >>> heading_id("Table VI: Mel spectrogram or spectrogram (drums)")
    'table-vi-mel-spectrogram-or-spectrogram-drums'
    """
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _render(environment: Environment, content: dict[str, Any], layout: str) -> str:
    """Fill the template and list its sections, each followed by its subsections, as contents."""
    text = environment.get_template("report.md.j2").render(content, layout=layout)
    sections: dict[str, list[str]] = {}
    for level, title in re.findall(r"^(###?) (.+)$", text, re.MULTILINE):
        link = f"[{title.split(':')[0]}](#{heading_id(title)})"
        if level == "##":
            sections[link] = []
        else:
            sections[list(sections)[-1]].append(link)
    lines = [f"- {': '.join([link, ', '.join(below)])}" for link, below in sections.items()]
    return text.replace(CONTENTS, "\n".join(line.removesuffix(": ") for line in lines))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["error"] = error_text
    environment.filters["ratio"] = lambda ratio: DASH if ratio is None else f"{ratio:.2f}"
    environment.filters["heading"] = tables.heading
    environment.filters["code"] = lambda text: re.sub("`(.*?)`", r"<code>\1</code>", text)
    environment.filters["parameter"] = PARAMETER_NAMES.__getitem__
    return environment
