"""Import, compress, train and evaluate on real recordings: `python -m recordings.debian`."""

from __future__ import annotations

from pathlib import Path

from recordings.debian.experiment import keep_results, make_project, reproduce
from recordings.debian.folders import write_folders
from recordings.debian.packages import unpack_packages
from recordings.debian.results import RESULTS, error_table, update_readme
from stages.common.errors import InputError, run_stage

BUILD = Path("build/recordings")


def main(arguments: list[str]) -> None:
    """Write metrics/recordings/ and its table in the README; `table` writes the table alone."""
    if arguments not in ([], ["table"]):
        raise InputError("usage: python -m recordings.debian [table]")
    if not arguments:
        write_folders(unpack_packages(BUILD), BUILD / "audio")
        make_project(Path.cwd(), BUILD / "project", BUILD / "audio")
        reproduce(BUILD / "project")
        keep_results(BUILD / "project", RESULTS)
    table = error_table()
    update_readme(table)
    print(table, end="")


if __name__ == "__main__":
    run_stage(main)
