"""Run what is not the default pipeline: `python -m experiments --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from experiments import pairs, paper, recorded_dynamics, recordings, results, studies
from siamese_drc.core.errors import InputError


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line names, then write all tables of results into their pages."""
    parser = argparse.ArgumentParser(prog="python -m experiments", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    at_paper = commands.add_parser(
        "paper", help="the paper's sizes; resumable; without a name: all runs, each committed"
    )
    at_paper.add_argument("name", nargs="?", help="an entry of params.yaml")
    at_paper.add_argument("grids", nargs="*", help="grids of its corpus")
    study = commands.add_parser("study", help="variations of an experiment")
    study.add_argument("study", help="an entry of experiments/studies.yaml")
    study.add_argument("variations", nargs="*", help="of the study; without: all of them")
    commands.add_parser("recordings", help="real recordings from two Debian packages")
    commands.add_parser("dynamics", help="what drc-match learns from recordings in eight packages")
    own = commands.add_parser("pairs", help="drc-match on your pairs of recordings")
    own.add_argument("file", type=Path, help="a CSV file (docs/recordings.md)")
    commands.add_parser("tables", help="only write the tables of results into README.md and docs/")
    given = parser.parse_args(arguments)
    try:
        if given.command == "paper" and given.name is None:
            paper.run_plan()
        elif given.command == "paper":
            paper.run_at_paper_scale(given.name, given.grids)
        elif given.command == "study":
            studies.run_study(given.study, given.variations)
        elif given.command == "recordings":
            recordings.run_on_recordings()
        elif given.command == "dynamics":
            recorded_dynamics.keep_dynamics()
        elif given.command == "pairs":
            pairs.match_pairs(given.file)
            return
        for module in (paper, studies, recordings, recorded_dynamics, results):
            module.write_tables()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
