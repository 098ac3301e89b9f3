"""All benchmarks, one table each: `python -m benchmarks`, or some of them by name.

Prints the machine's limits and the tables; a run of all also writes benchmarks/results.json and the
README's section.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.alone import measured_alone
from benchmarks.machine import machine_limits
from benchmarks.table import goals, markdown
from recordings.debian.results import update_readme
from stages.common.errors import InputError, run_stage

RESULTS = Path(__file__).with_name("results.json")
README = Path(__file__).parents[1] / "README.md"

# Each has `measure() -> list[Row]`: a new benchmark is a new line here.
MODULES = {
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


def main(arguments: list[str]) -> None:
    """Run the benchmarks named on the command line, or all, and print their tables."""
    for name in arguments:
        if name not in MODULES:
            raise InputError(f"there is no benchmark {name!r}, only {', '.join(MODULES)}")
    machine = machine_limits(RESULTS.parent)
    sections = ["\n".join(f"- {limit}: {_shown(value)}" for limit, value in machine.items())]
    print(sections[0])
    rows = {}
    for name in arguments or MODULES:
        rows[name] = measured_alone(name)
        sections.append(f"**{MODULES[name]}**\n\n{markdown(rows[name])}")
        print(f"\n{sections[-1]}", flush=True)
    if not arguments:
        of_all = [row for of_module in rows.values() for row in of_module]
        results = {
            **goals(of_all),
            "machine": machine,
            "rows": {name: [asdict(row) for row in found] for name, found in rows.items()},
        }
        RESULTS.write_text(json.dumps(rounded(results), indent=2, ensure_ascii=False) + "\n")
        update_readme("\n\n".join([*sections, ""]), README, "benchmarks")


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"


def rounded(value: object) -> object:
    """Return JSON content with four significant digits: more are noise."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    run_stage(main)
