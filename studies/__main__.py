"""Run the variations that have not been run, and write their table: `python -m studies`.

Each is a DVC experiment (`dvc exp show` lists it), run in a temporary folder; what it does not
touch comes from DVC's cache. Errors that metrics/studies/ has are not sought again: remove that
folder after a change of the code. `python -m studies table` writes the table of what there is.
"""

from __future__ import annotations

import json
import subprocess

import dvc.api

from recordings.debian.results import update_readme
from stages.common import files
from stages.common.errors import InputError, run_stage
from stages.common.params import load_params
from studies.errors import README, keep, known, table
from studies.variations import EXPERIMENT, VARIATIONS


def main(arguments: list[str]) -> None:
    """Run what the command line asks for."""
    if arguments not in ([], ["table"]):
        raise InputError("usage: python -m studies, or python -m studies table")
    if not arguments:
        metrics = str(files.metrics_file(load_params().scale, EXPERIMENT))
        for variation in VARIATIONS:
            if variation.name not in known():
                subprocess.run(variation.command, check=True)
                keep(variation.name, json.loads(dvc.api.read(metrics, rev=variation.name)))
    text = table()
    update_readme(text, README, "studies")
    print(text, end="")


if __name__ == "__main__":
    run_stage(main)
