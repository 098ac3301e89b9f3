"""Do the errors made here agree with the committed ones?

`python -m stages.report.compare [REVISION]` compares metrics/<scale>/experiments/ in the working
tree with a git revision (default HEAD). On the processor type that the committed results were made
on they are equal to the bit. Elsewhere sums are ordered differently and trainings drift apart: two
errors then agree if they differ by at most a quarter, or by two percent of the parameter's range.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stages.common.errors import InputError, run_stage
from stages.common.files import METRICS, metrics_file
from stages.common.params import load_params
from stages.report.metrics import read_metrics

RELATIVE = 0.25
PERCENT_OF_RANGE = 2.0


def disagreements(committed: dict[str, Any], here: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each error of one experiment that does not agree.

    Parameters
    ----------
    committed, here : content of two metrics files: data set, entry, parameter, `mae` and `percent`
    """
    for data_set, entries in committed.items():
        for entry, parameters in entries.items():
            for parameter, theirs in parameters.items():
                if not isinstance(theirs, dict):
                    continue
                place = f"{data_set} {entry} {parameter}"
                ours = here.get(data_set, {}).get(entry, {}).get(parameter)
                if ours is None:
                    yield f"{place}: missing here"
                elif (
                    abs(ours["mae"] - theirs["mae"]) > RELATIVE * theirs["mae"]
                    and abs(ours["percent"] - theirs["percent"]) > PERCENT_OF_RANGE
                ):
                    yield f"{place}: {ours['mae']:g} here, {theirs['mae']:g} committed"


def main(arguments: list[str]) -> None:
    """Print every disagreement; exit with code 1 if there is one."""
    params = load_params()
    revision = arguments[0] if arguments else "HEAD"
    found = 0
    metrics = read_metrics(params, METRICS / params.scale / "experiments")
    for name, here in metrics.experiments.items():
        committed = _at_revision(metrics_file(params.scale, name), revision)
        lines = list(disagreements(committed, here))
        found += len(lines)
        print(f"{name}: {'equal' if here == committed else f'{len(lines)} disagree'}")
        for line in lines:
            print(f"  {line}")
    sys.exit(1 if found else 0)


def _at_revision(path: Path, revision: str) -> dict[str, Any]:
    shown = subprocess.run(
        ["git", "show", f"{revision}:./{path.as_posix()}"], capture_output=True, text=True
    )
    if shown.returncode:
        raise InputError(f"{path}: not in git revision {revision} ({shown.stderr.strip()})")
    return json.loads(shown.stdout)


if __name__ == "__main__":
    run_stage(main)
