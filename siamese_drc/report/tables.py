"""The report's tables: the paper's in its own layout, headlines, scales, sizes, every error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

from siamese_drc.report.published import PublishedCell, cell_mae, table_cells
from siamese_drc.report.results import DASH, PROTOCOLS, TRANSFER_PROTOCOLS, Results

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
BASELINES = {"constant": "Constant predictor", "closed_form": "Closed-form limit"}

HEADLINES = {"drum-dm2": "drum-cnn-stft128", "drum-d4p": "drum-d4p-cnn-stft128"}
"""Data sets of the headline table, and their experiments: both are the tuned Model 1."""

BEYOND, BEYOND_DATA_SET = "drum-d4p-dense-gain", "drum-d4p"
BEYOND_ENTRIES = ("paper", "paper_delayed", "unseen_loops", "unseen_loops_delayed")

PAPER_SCALE = "paper scale"

EXPERIMENT_ENTRIES = (*PROTOCOLS, *(NETWORK[name] for name in PROTOCOLS), *BASELINES)
TRANSFER_ENTRIES = (*TRANSFER_PROTOCOLS, NETWORK["transfer"], *BASELINES)


@dataclass(frozen=True)
class Value:
    """One number of a table; `percent` is of the parameter's range, where the paper gives it.

    `best`: the smallest of those that it can be compared with (`best_cells`).
    """

    mae: str | float
    percent: str | float | None = None
    learnt: bool = True
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One row: for each column of the table, a value for each of its sources (None: a dash)."""

    label: str
    values: list[list[Value | None]]


@dataclass(frozen=True)
class Table:
    """A table of the paper, with our errors and the baselines in it.

    Attributes
    ----------
    number, title : str
    columns : dict of str to list of str
        Each column, and its sources: `published`, our protocols, or an empty name.
    blocks : dict of str to list of Row
        The paper's own rows under the empty title, then the others under theirs.
    """

    number: str
    title: str
    columns: dict[str, list[str]]
    blocks: dict[str, list[Row]]


@dataclass(frozen=True)
class Headline:
    """A published error, and ours by entry: protocols and baselines (None: no such).

    `learnt` holds, for each protocol, whether ours is 30 % better than the constant predictor's.
    """

    cell: PublishedCell
    maes: dict[str, float | None]
    learnt: dict[str, bool | None]


@dataclass(frozen=True)
class Coverage:
    """The scale of every cell.

    Attributes
    ----------
    grids : list of str
    rows : dict of str to list of str
        By experiment, for each grid: the largest scale that it was run at, a dash where at none;
        empty where the paper has no such cell.
    full_size, total : int
        Errors at paper scale, and all that the tables need.
    """

    grids: list[str]
    rows: dict[str, list[str]]
    full_size: int
    total: int


@dataclass(frozen=True)
class Size:
    """How much of everything is made at one scale; `settings`: per loop, by grid."""

    clip_seconds: float
    loops: Mapping[str, int]
    grid_loops: Mapping[str, int]
    settings: Mapping[str, int]
    max_epochs: Mapping[str, int]
    dropout: Mapping[str, float]
    patience: int
    width: Mapping[str, float]
    trees: int
    splits: int
    folds: int
    folds_run: int

    def described(self) -> dict[str, str]:
        """Return each size by its name in the report."""
        limits = "".join(f"; at most {n} under {grid}" for grid, n in self.grid_loops.items())
        return {
            "loops": ", ".join(f"{n} {name}" for name, n in self.loops.items()) + limits,
            "clip length": f"{self.clip_seconds:g} s",
            "settings per loop": _by_key(self.settings),
            "width of the networks": _by_key(self.width),
            "epochs at most": _by_key(self.max_epochs),
            "epochs without progress": f"{self.patience}",
            "dropout": _by_key(self.dropout),
            "trees in a forest": f"{self.trees}",
            "random splits (`paper`)": f"{self.splits}",
            "folds run (`unseen_loops`)": f"{self.folds_run} of {self.folds}",
        }

    def of_networks(self, cells: list[PublishedCell]) -> list[tuple[str, str]]:
        """Return what limits the networks of a table: name, and value."""
        grids = {cell.grid for cell in cells}
        epochs = {name: count for name, count in self.max_epochs.items() if name in grids}
        return [("epochs at most", _by_key(epochs)), ("width of the networks", _by_key(self.width))]


def build_tables(cells: list[PublishedCell], results: Results) -> list[Table]:
    """Return every table of `TITLES`, filled with the errors that were measured.

    Examples
    --------
    >>> from siamese_drc.report.published import read_published
    >>> table = build_tables(read_published(), Results({}))[3]
    >>> table.number, list(table.columns)[:3]
    ('VII', ['512', '256', '128'])
    >>> table.blocks[""][0].values[0]
    [Value(mae='2.415', percent=None, learnt=True, best=False), None]
    """
    return [_build_table(number, table_cells(cells, number), results) for number in TITLES]


def headlines(cells: list[PublishedCell], results: Results) -> list[Headline]:
    """Return the errors of the tuned Model 1 on two and on four parameters, where it was run."""
    chosen = {  # without those repeated in later tables
        (cell.data_set, cell.parameter): cell
        for cell in cells
        if HEADLINES.get(cell.data_set) == cell.experiment
        and cell.data_set in results.experiments.get(cell.experiment, {})
    }
    return [
        Headline(
            cell,
            {e: cell_mae(cell, e, results) for e in (*PROTOCOLS, *BASELINES)},
            {e: results.learnt(*cell.place[:2], e, cell.parameter) for e in PROTOCOLS},
        )
        for cell in chosen.values()
    ]


def summary(lines: list[Headline]) -> dict[str, float]:
    """Return the headline errors by name: at most 12, such as `drum_dm2_attack_ms_paper`."""
    return {
        f"{line.cell.data_set.replace('-', '_')}_{line.cell.parameter}_{protocol}": mae
        for line in lines
        for protocol in PROTOCOLS
        if (mae := line.maes[protocol]) is not None
    }


def beyond(
    cells: list[PublishedCell], results: Results
) -> list[tuple[PublishedCell, dict[str, float | None]]]:
    """Return the errors of `BEYOND` by entry, each with the cell of the paper's tuned Model 1.

    BEYOND is not one of the paper's networks. `_delayed`: the clips come 10 ms late.
    """
    return [
        (cell, {e: results.mae(BEYOND, cell.data_set, e, cell.parameter) for e in BEYOND_ENTRIES})
        for cell in cells
        if BEYOND in results.experiments
        and cell.data_set == BEYOND_DATA_SET
        and cell.experiment == HEADLINES[BEYOND_DATA_SET]
    ]


def coverage(
    cells: list[PublishedCell], scale: str, results: Results, full_size: Results
) -> Coverage:
    """Look up every cell in the results at this report's scale and in those at paper scale."""
    found: dict[tuple[str, str, str], str] = {}
    scales: dict[str, dict[str, str]] = {}
    for cell in cells:
        here, large = (cell_mae(cell, cell.protocols[0], of) for of in (results, full_size))
        shown = PAPER_SCALE if large is not None else DASH if here is None else scale
        found[cell.place] = scales.setdefault(cell.experiment, {})[cell.grid] = shown
    grids = list(dict.fromkeys(cell.grid for cell in cells))
    rows = {name: [shown.get(grid, "") for grid in grids] for name, shown in scales.items()}
    return Coverage(grids, rows, list(found.values()).count(PAPER_SCALE), len(found))


def every_error(results: Results) -> dict[tuple[str, ...], dict[tuple[str, str, str], list[Any]]]:
    """Return all errors by their entries: of the experiments, and of the transfers (if any).

    Each row has an experiment, a data set and a parameter, an error per entry (None: not measured)
    and the number of rows that the closed form left unsolved.
    """
    found: dict[tuple[str, ...], dict[tuple[str, str, str], list[Any]]] = {}
    for name, data_set, parameter in results.measured():
        for entries in (EXPERIMENT_ENTRIES, TRANSFER_ENTRIES):
            if results.error(name, data_set, entries[0], parameter):
                errors = [results.error(name, data_set, entry, parameter) for entry in entries]
                unsolved = results.error(name, data_set, "closed_form", "unsolved")
                rows = found.setdefault(entries, {})
                rows[name, data_set, parameter] = [*errors, unsolved]
    return found


def best_cells(
    cells: list[PublishedCell], sources: list[str], results: Results
) -> set[tuple[str, PublishedCell]]:
    """Return the smallest errors of one table: (source, cell).

    Compared are errors of the same parameter of the same data set by the same source (`published`,
    or one of our protocols), where there are two or more. An error that was not learnt is not best.
    """
    compared: dict[tuple[str, str, str], dict[PublishedCell, float]] = {}
    for source in sources:
        for cell in cells:
            mae = cell_mae(cell, source, results)
            if mae is not None:
                group = compared.setdefault((source, cell.data_set, cell.parameter), {})
                group[cell] = mae
    return {
        (source, cell)
        for (source, *_), errors in compared.items()
        if len(errors) > 1
        for cell, mae in errors.items()
        if mae == min(errors.values())
        and results.learnt(cell.experiment, cell.data_set, source, cell.parameter) is not False
    }


def _by_key(numbers: Mapping[str, float]) -> str:
    """Return numbers by name: one number where all are equal."""
    if len(set(numbers.values())) == 1:
        return f"{next(iter(numbers.values())):g}"
    return ", ".join(f"{name} {number:g}" for name, number in numbers.items())


def _build_table(number: str, cells: list[PublishedCell], results: Results) -> Table:
    columns = {
        column: _sources(members, results)
        for column, members in _grouped(cells, lambda cell: cell.column).items()
    }
    rows = _grouped(cells, lambda cell: f"{cell.group}: {cell.row}" if cell.group else cell.row)
    best = best_cells(cells, list(OWN), results)
    own = [_line(label, row, columns, OWN, results, best) for label, row in rows.items()]
    network = [_line(label, row, columns, NETWORK, results) for label, row in rows.items()]
    blocks = {"": own, NETWORK_TITLE: [line for line in network if any(map(any, line.values))]}

    for entry, title in BASELINES.items():
        if number in MODELS_IN_ROWS:
            blocks[title] = _instrument_lines(rows, columns, entry, results)
            continue
        columns[title] = [""]
        for line in own:
            line.values.append([_first(rows[line.label], entry, results)])
        for line in network:
            line.values.append([None])
    return Table(
        number, TITLES[number], columns, {t: lines for t, lines in blocks.items() if lines}
    )


def _instrument_lines(
    rows: dict[str, list[PublishedCell]],
    columns: dict[str, list[str]],
    entry: str,
    results: Results,
) -> list[Row]:
    """Return one row per instrument: a baseline depends on the data, not on the model."""
    lines: dict[str, Row] = {}
    for row in rows.values():
        line = _line(row[0].group, row, columns, {"paper": entry}, results)
        if any(map(any, line.values)):
            lines.setdefault(line.label, line)
    return list(lines.values())


def _sources(cells: list[PublishedCell], results: Results) -> list[str]:
    """Return what a column shows: the second protocol only where something was tested by it."""
    own, other = cells[0].protocols
    shown = any(_value(cell, other, results) for cell in cells)
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
    results: Results,
    best: Set[tuple[str, PublishedCell]] = frozenset(),
) -> Row:
    """Return one row of a table: `entries` says which entry of the metrics a source shows."""

    def value(cell: PublishedCell, source: str) -> Value | None:
        found = _value(cell, entries.get(source), results)
        return replace(found, best=True) if found and (source, cell) in best else found

    return Row(label, [[value(cell, source) for source in columns[cell.column]] for cell in row])


def _first(row: list[PublishedCell], entry: str, results: Results) -> Value | None:
    """Return the first value that any of the cells' experiments has."""
    return next((value for cell in row if (value := _value(cell, entry, results))), None)


def _value(cell: PublishedCell, entry: str | None, results: Results) -> Value | None:
    if entry == "published":
        return Value(cell.value, cell.percent or None)
    place = (cell.experiment, cell.data_set, entry or "", cell.parameter)
    error = results.error(*place)
    if error is None:
        return None
    learnt = entry in BASELINES or results.learnt(*place) is not False
    return Value(error["mae"], error["percent"] if cell.percent else None, learnt)
