"""The paper's tables in its own layout: published, ours by both protocols, and yardsticks."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, replace

from stages.report.best import best_cells
from stages.report.metrics import PROTOCOLS, TRANSFER_PROTOCOLS, Metrics
from stages.report.published import PublishedCell, table_cells

TITLES = {
    "IV": "one parameter varied at a time",
    "V": "two parameters varied together",
    "VI": "Mel spectrogram or spectrogram (drums, Model 1, frames of 512 samples)",
    "VII": "frame length of the spectrogram in samples (drums, Model 1)",
    "VIII": "kernel shapes of Model 1 (drums, frames of 128 samples), frequency x time",
    "IX": "tuning of Model 2 (drums)",
    "X": "tuned models on all six drum sets",
    "XII": "four parameters varied together (drums)",
    "XIII": "mixes, with the network that was trained on drums",
}
MODELS_IN_ROWS = ("IV", "V")  # the other tables have models in columns, parameters in rows

# Which entry of the metrics fills which source of a column, block by block.
OWN = {name: name for name in ("published", *PROTOCOLS, *TRANSFER_PROTOCOLS)}
NETWORK = {"paper": "network", "unseen_loops": "network_unseen_loops", "transfer": "network"}
NETWORK_TITLE = "The network's own output, no forest"
YARDSTICKS = {"constant": "Constant predictor", "closed_form": "Closed-form limit"}


@dataclass(frozen=True)
class Value:
    """One number of a table; `percent` is of the parameter's range, where the paper gives it.

    `best`: the smallest of those that it can be compared with (`stages.report.best`).
    """

    mae: str | float
    percent: str | float | None = None
    learnt: bool = True
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One line: for each column of the table, a value for each of its sources (None: a dash)."""

    label: str
    values: list[list[Value | None]]

    @property
    def filled(self) -> bool:
        """Whether the line holds any number."""
        return any(value is not None for values in self.values for value in values)


@dataclass(frozen=True)
class Table:
    """A table of the paper with ours and the yardsticks in it.

    Attributes
    ----------
    number, title : str
    columns : dict of str to list of str
        Each column, and its sources: `published`, our protocols, or an empty name.
    blocks : dict of str to list of Row
        The paper's own rows under the empty title, then ours under theirs.
    """

    number: str
    title: str
    columns: dict[str, list[str]]
    blocks: dict[str, list[Row]]


def build_tables(cells: list[PublishedCell], metrics: Metrics) -> list[Table]:
    """Fill every table of `TITLES` with the errors that there are."""
    return [_build_table(number, table_cells(cells, number), metrics) for number in TITLES]


def _build_table(number: str, cells: list[PublishedCell], metrics: Metrics) -> Table:
    columns = {
        column: _sources(members, metrics)
        for column, members in _grouped(cells, lambda cell: cell.column).items()
    }
    rows = _grouped(cells, lambda cell: f"{cell.group}: {cell.row}" if cell.group else cell.row)
    best = best_cells(cells, list(OWN), metrics)
    own = [_line(label, row, columns, OWN, metrics, best) for label, row in rows.items()]
    network = [_line(label, row, columns, NETWORK, metrics) for label, row in rows.items()]
    blocks = {"": own, NETWORK_TITLE: [line for line in network if line.filled]}

    for entry, title in YARDSTICKS.items():
        if number in MODELS_IN_ROWS:
            blocks[title] = _instrument_lines(rows, columns, entry, metrics)
            continue
        columns[title] = [""]
        for line in own:
            line.values.append([_first(rows[line.label], entry, metrics)])
        for line in network:
            line.values.append([None])
    return Table(
        number, TITLES[number], columns, {t: lines for t, lines in blocks.items() if lines}
    )


def _instrument_lines(
    rows: dict[str, list[PublishedCell]],
    columns: dict[str, list[str]],
    entry: str,
    metrics: Metrics,
) -> list[Row]:
    """Make one line per instrument: a yardstick depends on the data, not on the model."""
    lines: dict[str, Row] = {}
    for row in rows.values():
        line = _line(row[0].group, row, columns, {"paper": entry}, metrics)
        if line.filled:
            lines.setdefault(line.label, line)
    return list(lines.values())


def _sources(cells: list[PublishedCell], metrics: Metrics) -> list[str]:
    """Name what a column shows: the second protocol only where something was tested by it."""
    own, other = cells[0].protocols
    shown = any(_value(cell, other, metrics) for cell in cells)
    return ["published", own, *([other] if shown else [])]


def _grouped(
    cells: list[PublishedCell], key: Callable[[PublishedCell], str]
) -> dict[str, list[PublishedCell]]:
    groups: dict[str, list[PublishedCell]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return groups


def _line(
    label: str,
    row: list[PublishedCell],
    columns: dict[str, list[str]],
    entries: dict[str, str],
    metrics: Metrics,
    best: Set[tuple[str, PublishedCell]] = frozenset(),
) -> Row:
    """Fill a line of the table: `entries` says which entry of the metrics a source shows."""

    def value(cell: PublishedCell, source: str) -> Value | None:
        found = _value(cell, entries.get(source), metrics)
        return replace(found, best=True) if found and (source, cell) in best else found

    return Row(label, [[value(cell, source) for source in columns[cell.column]] for cell in row])


def _first(row: list[PublishedCell], entry: str, metrics: Metrics) -> Value | None:
    """Return the first value that any of the cells' experiments has."""
    return next((value for cell in row if (value := _value(cell, entry, metrics))), None)


def _value(cell: PublishedCell, entry: str | None, metrics: Metrics) -> Value | None:
    if entry == "published":
        return Value(cell.value, cell.percent or None)
    place = (cell.experiment, cell.data_set, entry or "", cell.parameter)
    error = metrics.error(*place)
    if error is None:
        return None
    learnt = entry in YARDSTICKS or metrics.learnt(*place) is not False
    return Value(error["mae"], error["percent"] if cell.percent else None, learnt)
