"""All that the report says, as values for the template."""

from __future__ import annotations

from collections import Counter
from typing import Any

from stages.common.params import PARAMETERS, Params
from stages.report.beyond import beyond
from stages.report.claims import read_claims
from stages.report.coverage import coverage
from stages.report.every_error import every_error
from stages.report.findings import count_learnt, distance
from stages.report.headline import headlines
from stages.report.judgement import NOT_RUN, judge, seed_spread
from stages.report.metrics import Metrics
from stages.report.published import PublishedCell, table_cells
from stages.report.sizes import sizes, sizes_beside, sources
from stages.report.tables import TITLES, build_tables

MATCH_DISTANCES = {
    "gain_curve_db": "gain curve, rms (dB)",
    "crest_factor_db": "crest factor (dB)",
    "reference_crest_factor_db": "crest factor, to the reference (dB)",
    "reference_loudness_range_lu": "loudness range, to the reference (LU)",
    "reference_mfcc": "MFCC, to the reference",
}


def report_content(
    cells: list[PublishedCell],
    params: Params,
    metrics: Metrics,
    full_size: Metrics,
    match: dict[str, Any],
    pictures: dict[str, str],
) -> dict[str, Any]:
    """Collect all that the template shows.

    Parameters
    ----------
    cells : list of PublishedCell
    params : Params
    metrics, full_size : Metrics
        At the scale in force, and what there is at paper scale.
    match : dict
        Errors and distances of the match tool, by material.
    pictures : dict of str to str
        Captions by the pictures' names.
    """
    spread = seed_spread(metrics)
    beside = full_size if params.scale != "paper" else Metrics({})  # else they are `metrics`
    claims = [judge(claim, cells, metrics, spread) for claim in read_claims()]
    return {
        "scale": params.scale,
        "sizes": sizes(params),
        "sources": sources(params),
        "compressor": params.compressor,
        "headlines": headlines(cells, params, metrics),
        "beyond": beyond(cells, metrics, beside),
        "distance": distance(cells, metrics),
        "learnt": count_learnt(metrics),
        "parameters": PARAMETERS,
        "spread": spread,
        "claims": claims,
        "verdicts": Counter(judged.verdict for judged in claims),
        "coverage": coverage(cells, params.scale, metrics, full_size),
        "tables": build_tables(cells, metrics),
        "beside": {name: sizes_beside(params, table_cells(cells, name)) for name in TITLES},
        "full_size": _at_full_size(cells, beside, spread),
        "match": match,
        "match_distances": MATCH_DISTANCES,
        "pictures": pictures,
        "errors": every_error(metrics),
    }


def _at_full_size(
    cells: list[PublishedCell], metrics: Metrics, spread: float | None
) -> dict[str, Any]:
    """Collect the tables that have errors at paper scale, and the claims that these decide."""
    filled = {cell.table for cell in cells if cell.experiment in metrics.experiments}
    claims = [
        judge(claim, cells, metrics, seed_spread(metrics) or spread) for claim in read_claims()
    ]
    return {
        "tables": [table for table in build_tables(cells, metrics) if table.number in filled],
        "claims": [judged for judged in claims if judged.verdict != NOT_RUN],
    }
