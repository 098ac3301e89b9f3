"""The one error that a user is meant to read, and how a stage shows it."""

from __future__ import annotations

import sys
from collections.abc import Callable


class InputError(ValueError):
    """Something a user gave is wrong: the message names the thing, the value and the rule."""


def run_stage(main: Callable[[list[str]], None]) -> None:
    """Run a stage's `main` on the command line; show an `InputError` as one line, exit code 2."""
    try:
        main(sys.argv[1:])
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
