"""Measure the speed of each heavy step beside that of other programs, and write it into a page.

Without a name, all comparisons run and benchmarks/results.json and the page benchmarks/README.md
are written. A comparison that is named is only printed. A study runs only where it is named, and
then writes its part of the page.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.machine import machine_limits
from benchmarks.measuring import in_own_process
from benchmarks.table import Row, goals, goals_table, markdown
from experiments.results import update_page, write_json
from siamese_drc.core.errors import InputError

PAGE = Path(__file__).with_name("README.md")
PAGES = {
    "fit": Path(__file__).parents[1] / "docs" / "fit.md"
}  # of studies with a page of their own
RESULTS = Path(__file__).with_name("results.json")

# Each module has `measure() -> list[Row]`.
COMPARISONS = {
    "compress": "Compressor, one core",
    "spectrogram": "Network inputs, one core",
    "handcraft": "Handcrafted features, one core",
    "training": "Training, all cores",
    "closed_form": "Closed-form solution, one core",
    "embed": "Embedding, one core",
    "forests": "Random forests, all cores",
    "match": "Match, one core",
    "pipeline": "The pipeline",
}
# Each module has `table() -> str`.
STUDIES = {
    "fit": "errors and intervals of the fit of the same performance, for docs/fit.md (10 min)",
    "peak_memory": "memory of a process of each stage (10 min)",
    "paper_scale": "time to train every experiment at the paper's sizes (10 min)",
}


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line names, or all comparisons."""
    names = "comparisons: " + ", ".join(COMPARISONS)
    studies = [f"{name}: {content}" for name, content in STUDIES.items()]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog="\n".join([names, "studies:", *studies]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    try:
        run(parser.parse_args(arguments).names)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except ModuleNotFoundError as error:
        print(f"error: {error}; run `pip install -r requirements-bench.txt`", file=sys.stderr)
        sys.exit(2)


def run(names: list[str]) -> None:
    """Run some comparisons and studies; without names, all comparisons.

    Raises
    ------
    InputError
        If there is no benchmark of a name.
    """
    for name in names:
        if name not in COMPARISONS | STUDIES:
            known = ", ".join([*COMPARISONS, *STUDIES])
            raise InputError(f"{name}: there is no such benchmark; there are: {known}")
    compared = [name for name in names or COMPARISONS if name in COMPARISONS]
    rows: dict[str, list[Row]] = {}
    for name in compared:
        rows[name] = in_own_process(name, "measure")
        print(f"\n{_section(name, rows[name])}", flush=True)
    if not names:
        write_results(rows, machine_limits(RESULTS.parent))
    for name in names:
        if name in STUDIES:
            table = in_own_process(name, "table")
            print(f"\n{table}", flush=True)
            update_page(PAGES.get(name, PAGE), name, table)


def write_results(rows: dict[str, list[Row]], machine: dict[str, float | str]) -> None:
    """Write results.json, and the goals, the machine and all tables into the page."""
    found = goals([row for of_module in rows.values() for row in of_module])
    results = {
        **found,
        "machine": machine,
        "rows": {name: [asdict(row) for row in of_module] for name, of_module in rows.items()},
    }
    write_json(RESULTS, rounded(results))
    limits = [
        f"- {limit}: {value if isinstance(value, str) else f'{value:.3g}'}"
        for limit, value in machine.items()
    ]
    sections = [goals_table(found), "\n".join(limits)]
    sections += [_section(name, of_module) for name, of_module in rows.items()]
    update_page(PAGE, "comparisons", "\n\n".join(each.strip() for each in sections) + "\n")


def _section(name: str, rows: list[Row]) -> str:
    return f"**{COMPARISONS[name]}**\n\n{markdown(rows)}"


def rounded(value: object) -> object:
    """Return JSON content with four significant digits: more are noise."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
