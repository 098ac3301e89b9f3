"""`dvc repro` that may be killed at any time: `make repro`, `python -m stages.repro [ARGUMENT...]`.

DVC rewrites dvc.lock in place after every stage. A kill meanwhile leaves the beginning of the file,
which DVC reads without complaint, and the next run ends in other bytes. Here every stage first
copies dvc.lock to .dvc/tmp/dvc.lock: while a stage runs, DVC does not write it. If a run does not
end by itself, the next one puts the copy back, and DVC takes what the copy lacks from its run
cache. The committed dvc.lock is accepted too: another version may have been checked out meanwhile.

A dvc.lock that was cut by a killed `dvc repro` is replaced by the committed one if lines or entries
are missing. DVC's list of what is being read and written, .dvc/tmp/rwlock, can be cut too; then DVC
refuses to run, and the list is removed here. By hand:
`git checkout dvc.lock && rm -f .dvc/tmp/rwlock && dvc repro`.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from siamese_drc.core.outputs import replaced

LOCK = Path("dvc.lock")
KEPT = Path(".dvc/tmp/dvc.lock")
IN_USE = Path(".dvc/tmp/rwlock")


def main(arguments: Sequence[str]) -> int:
    """Check dvc.lock, run `dvc repro` and return its exit code."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with KEPT.with_name("repro").open("w") as alone:
        try:
            fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("error: another `make repro` runs in this folder", file=sys.stderr)
            return 2
        remove_cut_list()
        if message := restore_lock():
            print(message, file=sys.stderr, flush=True)
        environment = os.environ | {"DRC_KEPT_LOCK": str(KEPT.absolute())}
        # DVC inherits the file and with it the lock, which so lasts as long as DVC.
        with subprocess.Popen(
            ["dvc", "repro", *arguments], env=environment, pass_fds=[alone.fileno()]
        ) as dvc:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for DVC, which then ends
        if dvc.returncode == 0:
            KEPT.unlink(missing_ok=True)
        return dvc.returncode if dvc.returncode >= 0 else 128 - dvc.returncode


def remove_cut_list() -> None:
    """Remove DVC's list of what is in use if it is not whole: its processes were killed."""
    try:
        json.loads(IN_USE.read_bytes())
    except FileNotFoundError:
        pass
    except ValueError:
        IN_USE.unlink(missing_ok=True)


def restore_lock() -> str | None:
    """Put back the last whole dvc.lock if the one there may be cut; keep a copy; say what was done.

    An empty copy means that there was no dvc.lock.
    """
    if not LOCK.exists():
        KEPT.write_bytes(b"")
        return None
    shown = subprocess.run(["git", "show", f"HEAD:./{LOCK}"], capture_output=True)
    committed = shown.stdout if shown.returncode == 0 else None
    lock, kept = LOCK.read_bytes(), KEPT.read_bytes() if KEPT.exists() else None
    message = None
    if lock in (kept, committed):
        pass
    elif kept is not None:
        _restore(kept)
        message = "the last run was stopped and may have cut it. It is as its last stage found it"
    elif committed is not None and is_cut(lock, committed):
        _restore(committed)
        message = "a `dvc repro` that was killed has cut it. It is as committed"
    if LOCK.exists():
        shutil.copyfile(LOCK, KEPT)
    return message and f"{LOCK}: {message}; what is missing now comes from DVC's run cache."


def _restore(content: bytes) -> None:
    if content:
        with replaced(LOCK) as temporary:
            temporary.write_bytes(content)
    else:
        LOCK.unlink()


def is_cut(lock: bytes, committed: bytes) -> bool:
    """Return whether a lock is only the beginning of a file: lines or entries are missing.

    Examples
    --------
    >>> whole = b"schema: '2.0'\\nstages:\\n  a:\\n    cmd: x\\n  b:\\n    cmd: y\\n"
    >>> is_cut(whole, whole), is_cut(whole[:-1], whole), is_cut(whole[:37], whole)
    (False, True, True)
    """
    entries = [set(re.findall(rb"^  (\S+):$", text, re.MULTILINE)) for text in (lock, committed)]
    folder_without_files = re.search(rb"md5: \w+\.dir\n +size: \d+\n$", lock)
    return not lock.endswith(b"\n") or bool(folder_without_files) or not entries[0] >= entries[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
