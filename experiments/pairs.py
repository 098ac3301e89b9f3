"""`drc-match` on pairs of dry and compressed recordings that a CSV file names."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from experiments.results import UNITS, markdown_table
from siamese_drc.audio import open_sound
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError, reading
from siamese_drc.core.outputs import replaced
from siamese_drc.match.answer import ANOTHER_RECORDING, NO_ANSWER, SAME_PERFORMANCE
from siamese_drc.match.matching import match_sounds

FILES = ("dry", "compressed")
FOUND = ("situation", "family", "gain_error_db", "residual_db")
SITUATIONS = (SAME_PERFORMANCE, ANOTHER_RECORDING, NO_ANSWER)  # else what was wrong with a file
ENDS = ("", "_low", "_high")  # of the columns of a setting that was found
COLUMNS = (*FILES, *PARAMETERS, *FOUND, *(f"found_{p}{end}" for p in PARAMETERS for end in ENDS))
Row = dict[str, str]


def match_pairs(file: Path) -> None:
    """Match the pairs in a CSV file, write FILE-results.csv beside it, and print a table.

    Pairs that are in the results already are not matched again, unless their files could not be
    used. InputError if the file cannot be read, lacks a column, or states a setting that is no
    number.
    """
    pairs = read_pairs(file)
    target = file.with_name(f"{file.stem}-results.csv")
    stored = _rows(target) if target.exists() else []
    known = {_files_of(row): row for row in stored if row["situation"] in SITUATIONS}
    rows: list[Row] = []
    for number, pair in enumerate(pairs, start=1):
        found = known.pop(_files_of(pair), None)
        rows.append({**(found or match_pair(file.parent, pair)), **pair})
        if found is None:
            told = f"gain error {rows[-1]['gain_error_db'] or '-'} dB, {rows[-1]['situation']}"
            print(f"{number}/{len(pairs)} {pair['compressed']}: {told}", file=sys.stderr)
            _write(target, [*rows, *known.values()])
    _write(target, rows)
    print(f"{table(rows)}written: {target}")


def read_pairs(file: Path) -> list[Row]:
    """Return the files and the known settings of every pair, as texts; unknown ones are empty."""
    pairs = []
    for number, row in enumerate(_rows(file), start=2):
        pair = {name: (row.get(name) or "").strip() for name in (*FILES, *PARAMETERS)}
        for name in FILES:
            if not pair[name]:
                raise InputError(f"{file}: line {number}: column {name} is missing or empty")
        for name in PARAMETERS:
            try:
                float(pair[name] or 0)
            except ValueError:
                message = f"line {number}: {name} {pair[name]!r}, must be a number or empty"
                raise InputError(f"{file}: {message}") from None
        pairs.append(pair)
    return pairs


def match_pair(folder: Path, pair: Row) -> Row:
    """Return what is found from one pair; a file that cannot be used is its situation."""
    found = dict.fromkeys(COLUMNS, "")
    try:
        dry, wet = (open_sound(folder / pair[name]) for name in FILES)
        answer, _ = match_sounds(dry, [wet])
    except InputError as error:
        return {**found, "situation": str(error)}
    found["situation"] = answer.situation
    if answer.situation == SAME_PERFORMANCE:
        found["family"] = answer.family
        found["gain_error_db"] = f"{answer.unexplained_db:.4f}"
        found["residual_db"] = f"{answer.residual_db:.2f}"
        for name in PARAMETERS:
            each = answer.settings[name]
            for end, value in zip(ENDS, (each.value, each.low, each.high), strict=True):
                found[f"found_{name}{end}"] = f"{value:.6g}"
    return found


def table(rows: Iterable[Row]) -> str:
    """Return how many pairs were solved, the gain errors, and the errors of known settings."""
    rows = list(rows)
    solved = [row for row in rows if row["situation"] == SAME_PERFORMANCE]
    families = Counter(row["family"] for row in solved)
    counts = ", ".join(f"{count} {family}" for family, count in families.most_common())
    text = f"{len(solved)} of {len(rows)} pairs are the same performance: {counts or 'none'}\n\n"
    labels = {"gain_error_db": "gain error, rms (dB)", "residual_db": "not explained (dB)"}
    lines = [[label, *_quantiles(_column(solved, name)), "", ""] for name, label in labels.items()]
    for name in PARAMETERS:
        stated = [row for row in solved if row[name]]
        true = _column(stated, name)
        found, low, high = (_column(stated, f"found_{name}{end}") for end in ENDS)
        held = int(np.sum((low <= true) & (true <= high)))
        width = f"{np.median(high - low):.3g}" if stated else ""
        coverage = f"{held} of {len(stated)}" if stated else ""
        errors = _quantiles(np.abs(found - true))
        lines.append([f"error of {UNITS[name]}", *errors, coverage, width])
    header = ("", "median", "90th percentile", "held by the 90 % interval", "median width")
    return f"{text}{markdown_table(header, lines)}\n"


def _column(rows: list[Row], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def _quantiles(values: np.ndarray) -> list[str]:
    found = np.quantile(values, (0.5, 0.9)) if values.size else np.full(2, np.nan)
    return [f"{value:.3g}".replace("nan", "") for value in found]


def _files_of(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in FILES)


def _write(file: Path, rows: Iterable[Row]) -> None:
    with replaced(file) as temporary, temporary.open("w", newline="") as stored:
        writer = csv.DictWriter(stored, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _rows(file: Path) -> list[Row]:
    with reading(file), file.open(newline="", encoding="utf-8-sig") as stored:
        return list(csv.DictReader(stored))
