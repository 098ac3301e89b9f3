"""Tables of the committed errors for README.md, the tool's page and the model card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.results import UNITS, distances, markdown_table, update_page
from siamese_drc.report.learning import distance, trainings
from siamese_drc.report.published import PublishedCell, read_published
from siamese_drc.report.results import DASH, Results, error_text, read_json, read_results
from siamese_drc.report.tables import Value, heading, opening_table
from stages.project import files
from stages.project.params import load_params

PAGE = Path("README.md")
TOOL_PAGE = Path("docs/tool.md")
MODEL_CARD = files.MODELS / "README.md"


def write_tables() -> None:
    """Write the verdict into README.md and the errors of match into its page and model card."""
    update_page(PAGE, "verdict", verdict())
    update_page(TOOL_PAGE, "match", match_distances())
    update_page(MODEL_CARD, "match", match_errors())


def verdict(metrics: Path = files.METRICS) -> str:
    """Return sentences on all errors, and the table that opens the report."""
    params = load_params()
    names = (params.evaluated, list(params.unseen_loops))
    by_scale = {
        title: read_results(metrics / scale, *names, complete=False).with_twins()
        for title, scale in (
            ("the paper's sizes", "paper"),
            (f"{params.scale} scale", params.scale),
        )
    }
    cells = read_published()
    return summary(cells, by_scale) + "\n" + table(cells, by_scale)


def summary(cells: list[PublishedCell], by_scale: Mapping[str, Results]) -> str:
    """Return what training adds and how far our errors are from the published ones, by scale."""
    sentences = []
    for title, results in by_scale.items():
        trained = trainings(results)
        if trained:
            counts = [f"{of.learnt} of {of.trained} by `{of.protocol}`" for of in trained]
            sentences.append(
                f"At {title}, these errors of trained networks are learnt: {', '.join(counts)}."
            )
        far = distance(cells, results)
        if far is not None:
            sentences.append(
                f"At {title} and by the paper's protocol, the networks' errors are"
                f" **{far.median:.1f} times** the published ones, the median of {far.count}"
                f" ({far.lowest:.1f} to {far.highest:.1f} times); {far.below} are below the"
                f" published error, {far.better} of them also below the untrained and the"
                " no-network error."
            )
    return " ".join(sentences) + "\n"


def table(cells: list[PublishedCell], by_scale: Mapping[str, Results]) -> str:
    """Return the errors of the tuned Model 1 on drums, each beside its baselines."""
    opening = opening_table(cells, by_scale)
    if opening is None:
        return ""
    header = [heading(source) for sources in opening.columns.values() for source in sources]
    rows = []
    for title, lines in opening.blocks.items():
        rows.append([f"**{title}**", *[""] * len(header)])
        rows += [[line.label, *(text(v) for vs in line.values for v in vs)] for line in lines]
    return markdown_table(["", *header], rows)


def text(value: Value | None) -> str:
    """Return a number as the report writes it: learnt or not, and in bold where it is best."""
    if value is None:
        return DASH
    number = value.mae if isinstance(value.mae, str) else error_text(value.mae)
    mark = {True: " \N{CHECK MARK}", False: " *not learnt*", None: ""}[value.learnt]
    return (f"**{number}**" if value.best else number) + mark


def match_distances(metrics: Path = files.METRICS) -> str:
    """Return how far match is from the reference's own settings, by material."""
    rows = [
        [material, name, *(f"{value:.2f}" for value in values)]
        for material, name, values in distances(_another_recording(metrics))
    ]
    header = ["material", "distance", "match", "nothing", "best preset"]
    return markdown_table(header, rows, texts=2)


def match_errors(metrics: Path = files.METRICS) -> str:
    """Return the errors of match's estimated settings, and how often its intervals hold them."""
    rows = []
    for material, found in _another_recording(metrics).items():
        settings = found["settings"]
        cells = [f"{by['mae']:.3g} / {100 * by['inside']:.0f} %" for by in settings.values()]
        rows.append([material, *cells])
    header = ["material", *(UNITS[name] for name in settings)]
    return markdown_table(header, rows)


def _another_recording(metrics: Path) -> dict[str, Any]:
    """Return the errors of match from other recordings, by material."""
    found = read_json(metrics / load_params().scale / "match.json")["materials"]
    return {material: errors["another_recording"] for material, errors in found.items()}
