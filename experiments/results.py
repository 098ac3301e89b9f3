"""How results are kept in metrics/ and shown in pages; the tables of README.md and of match."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from siamese_drc.core.errors import InputError, reading
from siamese_drc.core.outputs import replaced
from siamese_drc.report.results import PARAMETER_NAMES, Results, read_json
from stages.project import files
from stages.project.params import load_params

PAGE = Path("README.md")
TOOL_PAGE = Path("docs/tool.md")
MODEL_CARD = files.MODELS / "README.md"
UNITS = {key: name[0].lower() + name[1:] for key, name in PARAMETER_NAMES.items()}
DISTANCES = {"gain_curve_db": "gain curve, rms (dB)", "crest_factor_db": "crest factor (dB)"}


def land(
    clone: Path, experiment: str, results: Path, run_folder: Path, run: dict[str, Any]
) -> None:
    """Copy the metrics of a run to `results`, and what made them to `run_folder`.

    The metrics are joined with those that earlier runs of the experiment found on other data sets.
    `run_folder` gets params.yaml, dvc.lock and run.json: the content of `run`, with at least the
    `provenance`, and `metrics`, the clone's file with the metrics.
    """
    found = read_json(clone / run["metrics"])
    record = {"experiment": experiment, **run}
    landed = landed_file(results, record)
    known = read_json(landed) if landed.exists() else {}
    write_json(landed, known | found)
    run_folder.mkdir(parents=True, exist_ok=True)
    for file in ("params.yaml", "dvc.lock"):
        shutil.copyfile(clone / file, run_folder / file)
    write_json(run_folder / "run.json", record)


def landed_file(results: Path, record: dict[str, Any]) -> Path:
    """Return where in `results` the metrics of a run lie: as in its clone, without the scale."""
    if "metrics" not in record:  # made before version 0.2
        return results / "experiments" / f"{record['experiment']}.json"
    return results / Path(*Path(record["metrics"]).parts[2:])


def validation_curves(history: Path | TextIO) -> dict[str, list[float]]:
    """Return the validation loss of each epoch, by grid, from a history.csv."""
    rows = pd.read_csv(history)
    return {str(grid): of["val_loss"].round(6).tolist() for grid, of in rows.groupby("grid")}


def errors_by_value(predictions: Path) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Return the mean absolute errors of the lowest, middle and highest third of the true values.

    They are in the file's order of data set, protocol and parameter. `predictions` is a CSV of
    stages `evaluate` or `unseen-loops`.
    """
    rows = pd.read_csv(predictions)
    rows["error"] = (rows["predicted"] - rows["true"]).abs()
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for keys, of in rows.groupby(["data_set", "protocol", "parameter"]):
        data_set, protocol, parameter = map(str, keys)
        third = (of["true"].rank(pct=True) * 3).clip(upper=2.999).astype(int)
        errors = of["error"].groupby(third).mean().round(6).tolist()
        found.setdefault(data_set, {}).setdefault(protocol, {})[parameter] = errors
    return found


def write_json(file: Path, content: object) -> None:
    """Write a JSON file, whole or not at all."""
    with replaced(file) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def distances(found: dict[str, Any]) -> Iterator[tuple[str, str, list[float]]]:
    """Yield material, name of a distance, and its values for match, nothing and the best preset."""
    for material, errors in found.items():
        for key, name in DISTANCES.items():
            by = errors["distances"][key]
            yield material, name, [by[way] for way in ("match", "nothing", "preset")]


def first_error(errors: dict[str, Any], parameter: str, entries: Iterable[str]) -> str:
    """Return the error by the first of the entries (as `untrained/paper`) that there is, or ""."""
    results = Results({"": {"": errors}})
    found = (rounded(results.mae(("", "", parameter), entry)) for entry in entries)
    return next(filter(None, found), "")


def rounded(value: float | None) -> str:
    """Return a number with three significant digits, or "" for None."""
    return "" if value is None else f"{value:.3g}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> str:
    """Return a Markdown table; all columns but the first `texts` are numbers, aligned right."""
    lines = [header, ["---"] * texts + ["---:"] * (len(header) - texts), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def update_page(page: Path, place: str, text: str) -> None:
    """Put a text in its place in a page, between two comments that name it, and say so."""
    begin, end = f"<!-- {place}: begin -->\n", f"<!-- {place}: end -->\n"
    content = page.read_text(encoding="utf-8")
    if begin not in content or end not in content:
        raise InputError(f"{page}: has no place `{begin.strip()}` ... `{end.strip()}`")
    before, rest = content.split(begin)
    after = rest.split(end)[1]
    with replaced(page) as temporary:
        temporary.write_text(before + begin + text + end + after, encoding="utf-8")
    print(f"{page}: table `{place}` written", file=sys.stderr)


def write_tables() -> None:
    """Write the verdict into README.md and the errors of match into its page and model card."""
    update_page(PAGE, "verdict", verdict())
    update_page(TOOL_PAGE, "match", match_distances())
    update_page(MODEL_CARD, "match", match_errors())


def verdict() -> str:
    """Return the verdict that opens the report: its tables, and how to read them."""
    report = files.REPORTS / load_params().scale / "report.md"
    with reading(report):
        _, _, text = report.read_text(encoding="utf-8").partition("\n## Verdict\n\n")
    found, _, _ = text.partition("**Contents**")
    return re.sub(r"\n{3,}", "\n\n", found)


def match_distances() -> str:
    """Return how far match is from the reference's own settings, by material."""
    rows = [
        [material, name, *(f"{value:.2f}" for value in values)]
        for material, name, values in distances(_another_recording())
    ]
    header = ["material", "distance", "match", "nothing", "best preset"]
    return markdown_table(header, rows, texts=2)


def match_errors() -> str:
    """Return the errors of match's estimated settings, and how often its intervals hold them."""
    rows = []
    for material, found in _another_recording().items():
        settings = found["settings"]
        cells = [f"{by['mae']:.3g} / {100 * by['inside']:.0f} %" for by in settings.values()]
        rows.append([material, *cells])
    return markdown_table(["material", *(UNITS[name] for name in settings)], rows)


def _another_recording() -> dict[str, Any]:
    """Return the errors of match from other recordings, by material."""
    found = read_json(files.METRICS / load_params().scale / "match.json")["materials"]
    return {material: errors["another_recording"] for material, errors in found.items()}
