"""Import, compress, train and evaluate on real recordings: `python -m recordings.debian`."""

from __future__ import annotations

from pathlib import Path

from recordings.debian.experiment import keep_results, make_project, reproduce
from recordings.debian.folders import write_folders
from recordings.debian.matching import match_recordings, match_table
from recordings.debian.packages import unpack_packages
from recordings.debian.results import RESULTS, error_table, update_readme
from stages.common.errors import InputError, run_stage

BUILD = Path("build/recordings")


def main(arguments: list[str]) -> None:
    """Write metrics/recordings/ and its tables in the README; `table` writes the tables alone."""
    if arguments not in ([], ["table"]):
        raise InputError("usage: python -m recordings.debian [table]")
    if not arguments:
        write_folders(unpack_packages(BUILD), BUILD / "audio")
        make_project(Path.cwd(), BUILD / "project", BUILD / "audio")
        reproduce(BUILD / "project")
        keep_results(BUILD / "project", RESULTS)
        match_recordings(BUILD / "audio")
    for place, table in (("errors", error_table()), ("match", match_table())):
        update_readme(table, place=place)
        print(table)


if __name__ == "__main__":
    run_stage(main)
