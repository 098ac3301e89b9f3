"""All that the report says, as values for the template."""

from __future__ import annotations

from typing import Any

from stages.common.params import Params
from stages.report.every_error import every_error
from stages.report.findings import distance, trend, verdicts
from stages.report.headline import headlines
from stages.report.metrics import Metrics
from stages.report.published import PublishedCell
from stages.report.sizes import sizes, sources
from stages.report.tables import build_tables


def report_content(
    cells: list[PublishedCell], params: Params, metrics: Metrics, pictures: dict[str, str]
) -> dict[str, Any]:
    """Collect tables, findings and sizes; `pictures` holds captions by the pictures' names."""
    return {
        "scale": params.scale,
        "sizes": sizes(params),
        "sources": sources(params),
        "compressor": params.compressor,
        "headlines": headlines(cells, params, metrics),
        "distance": distance(cells, metrics),
        "verdicts": verdicts(params, metrics),
        "spectrogram_over_mel": trend(cells, metrics, "VI", better="Spectrogram", worse="Melgram"),
        "short_over_long_frames": trend(cells, metrics, "VII", better="128", worse="512"),
        "tables": build_tables(cells, params, metrics),
        "pictures": pictures,
        "errors": every_error(params, metrics),
    }
