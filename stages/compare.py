"""Compare the errors of a run on this machine with committed ones.

`python -m stages.compare [REVISION]` compares metrics/<scale>/experiments/ and unseen_loops/ in the
working tree with a git revision (default HEAD). On the type of processor that made the committed
results they are equal to the bit. Elsewhere sums are computed in another order, and trainings
diverge: two errors then agree if they differ by at most a quarter, or by two percent of the
parameter's range.

A clone has the committed metrics before anything has run, and they would agree with themselves. So
everything tested must have run here: its predictions, data/predictions/<name>.csv, are written with
its metrics and are not in git. If any are missing, nothing is compared.

Exit code: 0 if all errors agree; 1 if some do not, or if there is nothing to compare.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from siamese_drc.core.errors import InputError
from siamese_drc.report.results import read_json
from stages.project.files import predictions_table
from stages.project.params import load_params

RELATIVE = 0.25
PERCENT_OF_RANGE = 2.0


def main(arguments: Sequence[str]) -> int:
    """Print every disagreement and return the exit code."""
    if len(arguments) > 1:
        raise InputError(f"{' '.join(arguments)}: must be at most one git revision")
    revision = arguments[0] if arguments else "HEAD"
    tested = load_params().metrics
    missing = [name for name in tested if not predictions_table(name).is_file()]
    if missing or not tested:
        raise InputError(
            f"nothing to compare: {len(missing)} of {len(tested)} experiments and"
            f" transfers have not run here ({', '.join(missing[:3])}"
            f"{', ...' if len(missing) > 3 else ''}); run `dvc repro` first"
        )
    equal = found = 0
    for name, path in tested.items():
        here, committed = read_json(path), _at_revision(path, revision)
        lines = list(disagreements(committed, here))
        equal += here == committed
        found += len(lines)
        print(f"{name}: {'equal' if here == committed else f'{len(lines)} errors disagree'}")
        for line in lines:
            print(f"  {line}")
    print(f"{len(tested)} files compared with {revision}: {equal} equal, {found} errors disagree")
    return 1 if found else 0


def disagreements(
    committed: dict[str, Any], here: dict[str, Any], place: str = ""
) -> Iterator[str]:
    """Yield a line for each error of one experiment, in two metrics files, that does not agree.

    The entries of the untrained twin lie a level deeper; `place` has the keys on the way.

    Examples
    --------
    >>> theirs = {"drum-ds3": {"paper": {"attack_ms": {"mae": 4.0, "percent": 4.0}}}}
    >>> list(disagreements(theirs, {}))
    ['drum-ds3 paper attack_ms: missing here']
    """
    for key, theirs in committed.items():
        if not isinstance(theirs, dict):
            continue
        ours = here.get(key, {})
        where = f"{place} {key}".strip()
        if "mae" not in theirs:
            yield from disagreements(theirs, ours, where)
        elif not ours:
            yield f"{where}: missing here"
        elif (
            abs(ours["mae"] - theirs["mae"]) > RELATIVE * theirs["mae"]
            and abs(ours["percent"] - theirs["percent"]) > PERCENT_OF_RANGE
        ):
            yield f"{where}: {ours['mae']:g} here, {theirs['mae']:g} committed"


def _at_revision(path: Path, revision: str) -> dict[str, Any]:
    shown = subprocess.run(
        ["git", "show", f"{revision}:./{path.as_posix()}"], capture_output=True, text=True
    )
    if shown.returncode:
        raise InputError(f"{path}: not in git revision {revision} ({shown.stderr.strip()})")
    return json.loads(shown.stdout)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except InputError as error:
        sys.exit(f"error: {error}")
