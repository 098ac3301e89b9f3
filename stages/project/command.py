"""How a stage is run on the command line.

`python -m stages.project.command` checks params.yaml and the environment and does nothing else. It
comes before `dvc repro`, which puts the names of entries into shell commands.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from siamese_drc.core.errors import InputError
from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import end_once, jobs, scheduler
from stages.project import files
from stages.project.grids import nearest
from stages.project.params import Params, load_params

LOCK = Path("dvc.lock")


def run_stage(main: Callable[..., None], section: str | None = None) -> None:
    """Run a stage with the parameters of params.yaml and the entry named on the command line.

    The entry is one of `section`; without a section, `main` is called with the `Params` alone. Bad
    input is shown as one line on standard error, with exit code 2. A stage that DVC started ends
    with DVC; one that was started by hand does not end with the shell.
    """
    try:
        if "DVC_STAGE" in os.environ:
            _end_with_dvc()
            _keep_lock()
        jobs()  # the project's own variables are checked before any work
        scheduler()
        if os.environ.get("DRC_STATE"):
            files.training_states()
        params = load_params()
        main(params, *_entry(params, section, sys.argv[1:]))
    except InputError as error:
        _end(f"{error}{files.how_to_make(str(error))}")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _end(f"{error.filename or 'a file'}: the disk is full; what was there before is unchanged")


def _entry(params: Params, section: str | None, arguments: list[str]) -> list[str]:
    names = list(getattr(params, section)) if section else []
    if len(arguments) != bool(section):
        usage = f"one argument, one of: {', '.join(names)}" if section else "no argument"
        raise InputError(f"{' '.join(arguments) or 'no argument'}: this stage takes {usage}")
    for name in arguments:
        if name not in names:
            hint = nearest(name, names)
            raise InputError(f"{name}: not an entry of {section} in params.yaml{hint}")
    return arguments


def _end_with_dvc() -> None:
    """End this process once DVC, or the shell through which DVC started it, is gone."""
    import psutil

    try:
        shell = psutil.Process(os.getppid())
        started = shell if "-c" in shell.cmdline() else psutil.Process()
        dvc = started.ppid()
        gone = os.getpgid(dvc) != os.getpgid(0)  # by now; DVC gives a stage no group of its own
    except (psutil.NoSuchProcess, ProcessLookupError):
        gone = True

    if gone:
        os._exit(1)
    end_once(lambda: not started.is_running() or started.ppid() != dvc)


def _keep_lock() -> None:
    """Copy dvc.lock to where `make repro` wants it: while a stage runs, DVC does not write it."""
    kept = os.environ.get("DRC_KEPT_LOCK")
    if kept and LOCK.exists():
        with replaced(Path(kept)) as path:
            shutil.copyfile(LOCK, path)


def _end(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    run_stage(lambda params: None)
