"""The errors on recordings beside those on rendered loops, as a Markdown table."""

from __future__ import annotations

import json
from pathlib import Path

from recordings.debian.experiment import EXPERIMENTS
from stages.common.files import METRICS
from stages.common.params import PARAMETERS

RESULTS = METRICS / "recordings"
README = Path("recordings/README.md")

_UNITS = {
    "threshold_db": "threshold (dB)",
    "ratio": "ratio",
    "attack_ms": "attack (ms)",
    "release_ms": "release (ms)",
}
_COLUMNS = [
    ("recorded, `paper`", "recorded", "paper"),
    ("recorded, `unseen_loops`", "recorded", "unseen_loops"),
    ("rendered, `paper`", "rendered", "paper"),
    ("rendered, `unseen_loops`", "rendered", "unseen_loops"),
    ("constant", "recorded", "constant"),
    ("closed form", "recorded", "closed_form"),
]


def error_table(recorded: Path = RESULTS, rendered: Path = METRICS / "laptop") -> str:
    """Make the table of mean absolute errors.

    Parameters
    ----------
    recorded, rendered : Path
        Folders that hold `experiments/<name>.json`. A cell without a result stays empty.
    """
    lines = [
        " | ".join(["| data set", "parameter", *(title for title, _, _ in _COLUMNS)]) + " |",
        "|---|---|" + "---:|" * len(_COLUMNS),
    ]
    for experiment in EXPERIMENTS:
        sources = {
            "recorded": _read(recorded / "experiments" / f"{experiment}.json"),
            "rendered": _read(rendered / "experiments" / f"{experiment}.json"),
        }
        for data_set, results in sources["recorded"].items():
            for parameter in [name for name in PARAMETERS if name in results["paper"]]:
                cells = [
                    _error(sources[source], data_set, result, parameter)
                    for _, source, result in _COLUMNS
                ]
                lines.append(" | ".join([f"| {data_set}", _UNITS[parameter], *cells]) + " |")
    return "\n".join(lines) + "\n"


def update_readme(table: str, readme: Path = README, place: str = "errors") -> None:
    """Put the table in its place in the README, between two comments that name the place."""
    begin, end = f"<!-- {place}: begin -->\n", f"<!-- {place}: end -->\n"
    before, rest = readme.read_text(encoding="utf-8").split(begin)
    _, after = rest.split(end)
    readme.write_text(before + begin + table + end + after, encoding="utf-8")


def _read(file: Path) -> dict:
    return json.loads(file.read_text()) if file.exists() else {}


def _error(metrics: dict, data_set: str, result: str, parameter: str) -> str:
    error = metrics.get(data_set, {}).get(result, {}).get(parameter, {}).get("mae")
    return "" if error is None else f"{error:.3g}"
