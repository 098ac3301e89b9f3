"""How a stage is run on the command line."""

from __future__ import annotations

import difflib
import errno
import sys
from collections.abc import Callable

from siamese_drc.core.errors import InputError
from stages.project.params import Params, load_params


def run_stage(main: Callable[..., None], *sections: str) -> None:
    """Run a stage with the parameters of params.yaml and the entry named on the command line.

    Bad input is shown as one line on standard error, with exit code 2.

    Parameters
    ----------
    main : callable
        Called with the checked `Params` and, where `sections` are given, with the entry's name.
    sections : str
        Sections of params.yaml; the command line must name an entry of one of them.
    """
    try:
        params = load_params()
        main(params, *_entry(params, sections, sys.argv[1:]))
    except InputError as error:
        _end(str(error))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _end(f"{error.filename or 'a file'}: the disk is full; what was there before is unchanged")


def _entry(params: Params, sections: tuple[str, ...], arguments: list[str]) -> list[str]:
    names = [name for section in sections for name in getattr(params, section)]
    if len(arguments) != bool(sections):
        usage = f"one argument, one of: {', '.join(names)}" if sections else "no argument"
        raise InputError(f"{' '.join(arguments) or 'no argument'}: this stage takes {usage}")
    if sections and arguments[0] not in names:
        nearest = difflib.get_close_matches(arguments[0], names, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        raise InputError(
            f"{arguments[0]}: not an entry of {' or '.join(sections)} in params.yaml{hint}"
        )
    return arguments


def _end(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
