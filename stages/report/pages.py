"""The report as Markdown and as one HTML page, both from the same template."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from stages.report.names import PARAMETER_NAMES, comparison_text, error_text

TEMPLATES = Path(__file__).parent / "templates"


def render_markdown(content: dict[str, Any]) -> str:
    """Render the report as Markdown: pipe tables, links to the files in figures/."""
    return _environment().get_template("report.md.j2").render(content, layout="markdown.j2")


def render_html(content: dict[str, Any], figures: Path) -> str:
    """Render the report as one HTML page that carries its figures.

    Parameters
    ----------
    content : dict
        What the template fills in.
    figures : Path
        The folder with the SVG files that the report shows.
    """
    environment = _environment()

    def embedded(name: str) -> str:
        encoded = base64.b64encode((figures / f"{name}.svg").read_bytes()).decode("ascii")
        return f"data:image/svg+xml;base64,{encoded}"

    environment.filters["embedded"] = embedded
    text = environment.get_template("report.md.j2").render(content, layout="html.j2")
    body = MarkdownIt("commonmark").enable("table").render(text)
    return environment.get_template("page.html.j2").render(content, body=body)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["error"] = error_text
    environment.filters["comparison"] = comparison_text
    environment.filters["parameter"] = PARAMETER_NAMES.__getitem__
    return environment
