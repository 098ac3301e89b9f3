"""The report's tables: the opening table, the paper's in its own layout, scales, every error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace

from siamese_drc.report.learning import better_than_published
from siamese_drc.report.published import PublishedCell, cell_mae, table_cells
from siamese_drc.report.results import (
    BASELINES,
    DASH,
    EVERY_PROTOCOL,
    PARAMETER_NAMES,
    PROTOCOLS,
    TRANSFER_PROTOCOLS,
    Place,
    Results,
)

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

# Blocks of further rows: which entry of the metrics fills which source of a column.
NETWORK = {"paper": "network", "unseen_loops": "network_unseen_loops", "transfer": "network"}
OTHERS = {
    "The network's own output, no forest": NETWORK,
    "No network: a forest on simple statistics of the input": {
        name: f"no_network/{name}" for name in EVERY_PROTOCOL
    },
}
BASELINE_TITLES = dict(zip(BASELINES, ("Constant predictor", "Closed-form limit"), strict=True))

TUNED_MODEL_1 = ("drum-cnn-stft128", "drum-d4p-cnn-stft128")
OPENING = {
    "": ["published"],
    "Known loops": ["paper", "untrained/paper", "no_network/paper"],
    "New loops": ["unseen_loops", "untrained/unseen_loops", "no_network/unseen_loops"],
    "No training": [*BASELINES],
}
"""Columns of the opening table: titles, and the entries of the metrics below each."""

PAPER_SCALE = "paper scale"


@dataclass(frozen=True)
class Value:
    """One number of a table."""

    mae: str | float
    percent: str | float | None = None  # of the parameter's range, where the paper gives it
    learnt: bool | None = None  # whether a trained network's error is; None: no twin
    best: bool = False  # printed in bold


@dataclass(frozen=True)
class Row:
    """One row: for each column of the table, a value for each of its sources (None: a dash)."""

    label: str
    values: list[list[Value | None]]


@dataclass(frozen=True)
class Table:
    """A table with published errors, ours and the baselines."""

    number: str
    title: str
    columns: dict[str, list[str]]  # sources: `published`, entries of the metrics, or an empty name
    blocks: dict[str, list[Row]]  # the first rows under the empty title, others under theirs


@dataclass(frozen=True)
class Coverage:
    """The scale of every cell."""

    grids: list[str]
    rows: dict[str, list[str]]  # by experiment: of each grid the largest scale, a dash, or nothing
    full_size: int  # errors at paper scale
    total: int  # errors that the tables need


def heading(source: str) -> str:
    """Return what stands above the numbers of one source.

    Examples
    --------
    >>> heading("paper"), heading("untrained/paper"), heading("closed_form")
    ('ours, `paper`', 'untrained', 'closed form')
    """
    if source in EVERY_PROTOCOL:
        return f"ours, `{source}`"
    return source.split("/")[0].replace("_", " ")


def build_tables(cells: list[PublishedCell], results: Results) -> list[Table]:
    """Return every table of `TITLES`, filled with the errors that were measured.

    Examples
    --------
    >>> from siamese_drc.report.published import read_published
    >>> table = build_tables(read_published(), Results({}))[3]
    >>> table.number, list(table.columns)[:3]
    ('VII', ['512', '256', '128'])
    >>> table.blocks[""][0].values[0]
    [Value(mae='2.415', percent=None, learnt=None, best=False), None, None]
    """
    return [_build_table(number, table_cells(cells, number), results) for number in TITLES]


def opening_table(cells: list[PublishedCell], by_scale: Mapping[str, Results]) -> Table | None:
    """Return the errors of the tuned Model 1, each beside its baselines; None where none was run.

    The results by the name of their scale fill one block each. Bold is an error of ours below the
    published one, the twin's and that without a network.
    """
    chosen = {cell.place: cell for cell in cells if cell.experiment in TUNED_MODEL_1}
    grids = [*dict.fromkeys(cell.grid for cell in table_cells(cells, "X")), "d4p"]
    ordered = sorted(chosen.values(), key=lambda cell: grids.index(cell.grid))

    def rows(results: Results) -> list[tuple[str, PublishedCell]]:
        measured = results.experiments
        return [(c.data_set, c) for c in ordered if c.data_set in measured.get(c.experiment, {})]

    return _opening(by_scale, rows)


def other_table(cells: list[PublishedCell], by_scale: Mapping[str, Results]) -> Table | None:
    """Return the errors of experiments that are not the paper's; None where none was run.

    Beside them are the published errors of the tuned Model 1 on the same data set.
    """
    known = {cell.experiment for cell in cells}
    published = {
        (cell.data_set, cell.parameter): cell for cell in cells if cell.experiment in TUNED_MODEL_1
    }

    def rows(results: Results) -> list[tuple[str, PublishedCell]]:
        return [
            (name, replace(published[data_set, parameter], experiment=name))
            for name, data_set, parameter in results.measured()
            if name not in known
            and not name.startswith(TUNED_MODEL_1)  # other seeds
            and (data_set, parameter) in published
        ]

    return _opening(by_scale, rows)


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


def measured_places(results: Results) -> dict[tuple[str, ...], list[Place]]:
    """Return the places of all errors by their entries: experiments, and transfers (if any)."""
    found: dict[tuple[str, ...], list[Place]] = {}
    for place in results.measured():
        for protocols in (PROTOCOLS, TRANSFER_PROTOCOLS):
            if any(results.error(place, entry) for entry in protocols):
                found.setdefault(_entries(protocols), []).append(place)
    return found


def _entries(protocols: tuple[str, ...]) -> tuple[str, ...]:
    """Return the entries of the metrics by these protocols, and those without a protocol."""
    own = [
        entry for name in protocols for entry in (name, f"untrained/{name}", f"no_network/{name}")
    ]
    network = [NETWORK[name] for name in protocols if name in NETWORK]
    return (*own, *network, *BASELINES)


def _opening(
    by_scale: Mapping[str, Results], rows: Callable[[Results], list[tuple[str, PublishedCell]]]
) -> Table | None:
    """Return a table of `OPENING`, a row per labelled cell of the results of each scale."""

    def value(cell: PublishedCell, source: str, results: Results) -> Value | None:
        found = _value(cell, source, results)
        better = source in EVERY_PROTOCOL and better_than_published(cell, source, results)
        return replace(found, percent=None, best=better) if found else None

    blocks: dict[str, list[Row]] = {}
    for scale, results in by_scale.items():
        for name, cell in rows(results):
            values = [[value(cell, s, results) for s in sources] for sources in OPENING.values()]
            row = Row(f"{name}: {PARAMETER_NAMES[cell.parameter]}", values)
            blocks.setdefault(scale, []).append(row)
    return Table("", "", OPENING, blocks) if blocks else None


def _build_table(number: str, cells: list[PublishedCell], results: Results) -> Table:
    columns = {
        column: _sources(members, results)
        for column, members in _grouped(cells, lambda cell: cell.column).items()
    }
    rows = _grouped(cells, lambda cell: f"{cell.group}: {cell.row}" if cell.group else cell.row)
    best = _best(cells, results)
    blocks = {"": [_line(label, row, columns, results, best=best) for label, row in rows.items()]}
    for title, entries in OTHERS.items():
        lines = [_line(label, row, columns, results, entries) for label, row in rows.items()]
        blocks[title] = [line for line in lines if any(map(any, line.values))]
    for entry, title in BASELINE_TITLES.items():
        if number in MODELS_IN_ROWS:  # a row per instrument: it does not depend on the model
            found: dict[str, Row] = {}
            for row in rows.values():
                line = _line(row[0].group, row, columns, results, {"paper": entry})
                if any(map(any, line.values)):
                    found.setdefault(line.label, line)
            blocks[title] = list(found.values())
            continue
        columns[title] = [""]
        for block, lines in blocks.items():
            for line in lines:  # the first that any of the row's experiments has
                values = (_value(cell, entry, results) for cell in rows[line.label])
                line.values.append([None if block else next(filter(None, values), None)])
    return Table(
        number, TITLES[number], columns, {t: lines for t, lines in blocks.items() if lines}
    )


def _best(cells: list[PublishedCell], results: Results) -> set[tuple[str, PublishedCell]]:
    """Return the smallest errors of one table: (source, cell).

    Compared are errors of the same parameter of the same data set by the same source (`published`,
    or one of our protocols), where there are two or more. An error that was not learnt is not best.
    """
    best = set()
    for group in _grouped(cells, lambda cell: f"{cell.data_set} {cell.parameter}").values():
        for source in ("published", *EVERY_PROTOCOL):
            maes = {cell: cell_mae(cell, source, results) for cell in group}
            errors = {cell: mae for cell, mae in maes.items() if mae is not None}
            if len(errors) < 2:
                continue
            for cell, mae in errors.items():
                if mae == min(errors.values()) and results.learnt(cell.place, source) is not False:
                    best.add((source, cell))
    return best


def _sources(cells: list[PublishedCell], results: Results) -> list[str]:
    """Return what a column shows: our protocols, each beside the untrained twin.

    The second protocol stands only where something was tested by it.
    """
    own, other = cells[0].protocols
    tested = {own: cells, other: [cell for cell in cells if _value(cell, other, results)]}
    sources = ["published"]
    for protocol, shown in tested.items():
        if shown:
            sources.append(protocol)
        if any(cell.trained for cell in shown):
            sources.append(f"untrained/{protocol}")
    return sources


@dataclass(frozen=True)
class Beside:
    """An error of a network, on loops that nothing has seen, beside those without its training."""

    ours: float
    untrained: float
    no_network: float
    better: bool  # than the forest: the 95 % interval of the paired difference is below zero


def changed_clips(results: Results) -> list[tuple[str, str, str, dict[str, Beside]]]:
    """Return experiment, data set, change and errors, where clips were tested after changes.

    The first change of each experiment, `""`, is none.

    Examples
    --------
    >>> error = {"ratio": {"mae": 2.0}}
    >>> entries: dict = {"untrained": {}, "no_network": {}, "learnt": {}}
    >>> for protocol in ("unseen_loops", "unseen_loops_mp3"):
    ...     entries[protocol] = {"ratio": {"mae": 1.0}}
    ...     entries["untrained"][protocol] = entries["no_network"][protocol] = error
    ...     entries["learnt"][protocol] = {"ratio": {"below_no_network": [-1.2, -0.8]}}
    >>> found = changed_clips(Results({"dense": {"drum-ds2": entries}}))
    >>> [change for *_, change, _ in found]
    ['', 'mp3']
    >>> found[1][3]["ratio"]
    Beside(ours=1.0, untrained=2.0, no_network=2.0, better=True)
    """
    found = []
    for experiment, data_sets in results.experiments.items():
        for data_set, entries in data_sets.items():
            learnt = entries.get("learnt", {})
            protocols = [name for name in learnt if name.startswith("unseen_loops")]
            for protocol in sorted(protocols) if len(protocols) > 1 else []:
                errors = {}
                for parameter in entries[protocol]:
                    place = (experiment, data_set, parameter)
                    maes = (protocol, f"untrained/{protocol}", f"no_network/{protocol}")
                    interval = results.error(place, f"learnt/{protocol}")["below_no_network"]
                    ours, twin, forest = (results.error(place, entry)["mae"] for entry in maes)
                    errors[parameter] = Beside(ours, twin, forest, better=interval[1] < 0)
                change = protocol.removeprefix("unseen_loops").removeprefix("_")
                found.append((experiment, data_set, change, errors))
    return found


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
    results: Results,
    entries: Mapping[str, str] | None = None,
    best: Set[tuple[str, PublishedCell]] = frozenset(),
) -> Row:
    """Return one row; `entries`: the entry of the metrics by source, where it is another."""

    def value(cell: PublishedCell, source: str) -> Value | None:
        found = _value(cell, source if entries is None else entries.get(source, ""), results)
        return replace(found, best=True) if found and (source, cell) in best else found

    return Row(label, [[value(cell, source) for source in columns[cell.column]] for cell in row])


def _value(cell: PublishedCell, entry: str, results: Results) -> Value | None:
    if entry == "published":
        return Value(cell.value, cell.percent or None)
    error = results.error(cell.place, entry)
    if error is None:
        return None
    percent = error["percent"] if cell.percent else None
    return Value(error["mae"], percent, results.learnt(cell.place, entry))
