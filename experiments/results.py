"""How the results of a run are kept in metrics/ and shown in a page."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from siamese_drc.core.errors import InputError
from siamese_drc.core.outputs import replaced
from siamese_drc.report.results import PARAMETER_NAMES, Results, read_json

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
    landed = landed_file(results, run)
    known = read_json(landed) if landed.exists() else {}
    write_json(landed, known | found)
    run_folder.mkdir(parents=True, exist_ok=True)
    for file in ("params.yaml", "dvc.lock"):
        shutil.copyfile(clone / file, run_folder / file)
    write_json(run_folder / "run.json", {"experiment": experiment, **run})


def landed_file(results: Path, run: dict[str, Any]) -> Path:
    """Return where in `results` the metrics of a run lie: as in its clone, without the scale."""
    metrics = run.get("metrics", f"metrics/paper/experiments/{run.get('experiment')}.json")
    return results / Path(*Path(metrics).parts[2:])


def validation_curves(history: Path | TextIO) -> dict[str, list[float]]:
    """Return the validation loss of each epoch, by grid, from a history.csv."""
    rows = pd.read_csv(history)
    return {str(grid): of["val_loss"].round(6).tolist() for grid, of in rows.groupby("grid")}


def errors_by_value(predictions: Path) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Return the errors of the lowest, middle and highest third of the true values.

    Parameters
    ----------
    predictions : Path
        A CSV of stages `evaluate` or `unseen-loops`.

    Returns
    -------
    dict
        data set -> protocol -> parameter -> three mean absolute errors.
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
    found = (results.mae("", "", entry, parameter) for entry in entries)
    return next((rounded(mae) for mae in found if mae is not None), "")


def rounded(value: float) -> str:
    """Return a number with three significant digits."""
    return f"{value:.3g}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> str:
    """Return a Markdown table; all columns but the first `texts` are numbers, aligned right."""
    lines = [header, ["---"] * texts + ["---:"] * (len(header) - texts), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def update_page(page: Path, place: str, text: str) -> None:
    """Put a text in its place in a page, between two comments that name it, and say so.

    Raises
    ------
    InputError
        If the page has no such place.
    """
    begin, end = f"<!-- {place}: begin -->\n", f"<!-- {place}: end -->\n"
    content = page.read_text(encoding="utf-8")
    if begin not in content or end not in content:
        raise InputError(f"{page}: has no place `{begin.strip()}` ... `{end.strip()}`")
    before, rest = content.split(begin)
    after = rest.split(end)[1]
    with replaced(page) as temporary:
        temporary.write_text(before + begin + text + end + after, encoding="utf-8")
    print(f"{page}: table `{place}` written", file=sys.stderr)
