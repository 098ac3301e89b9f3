"""A process that works on pieces for a thread of a Dask worker: `python -m stages.common.worker`.

In the Dask worker's own process a result could depend on Dask: its threads draw from Python's
global random numbers, from which Keras seeds its layers. Here a piece finds what it finds in a
worker process on one machine. Standard input brings, pickled, the environment that is expected and
then the pieces; standard output takes the answers. When the Dask worker dies, so does this.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import traceback
from queue import SimpleQueue
from typing import Any

from stages.common.environment import describe_environment
from stages.common.errors import InputError

SHOWN = 3  # differences between two environments that a message names


def main() -> None:
    """Answer every piece with (result, None) or (None, the error)."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    expected = pickle.load(sys.stdin.buffer)
    refusal = difference(describe_environment(), expected)
    pieces: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_receive, args=[pieces], daemon=True).start()
    while True:
        piece = pieces.get()
        pickle.dump(pickle.dumps((None, refusal)) if refusal else answer(piece), answers)
        answers.flush()


def answer(piece: bytes) -> bytes:
    """Apply a pickled function to the argument that is pickled with it; pickle the outcome."""
    import cloudpickle

    outcome: tuple[Any, Exception | None]
    try:
        function, item = pickle.loads(piece)
        outcome = function(item), None
    except Exception as error:
        error.add_note(f"On a worker of the cluster:\n{traceback.format_exc()}")
        outcome = None, error
    return cloudpickle.dumps(outcome)


def difference(found: dict[str, str], expected: dict[str, str]) -> InputError | None:
    """Say in what an environment is not the expected one; None where it is."""
    wrong = [name for name, value in expected.items() if found.get(name) != value]
    if not wrong:
        return None
    named = ", ".join(
        f"its {name} is {found.get(name)!r}, must be {expected[name]!r}" for name in wrong[:SHOWN]
    )
    more = f", and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return InputError(f"DRC_DASK: a worker on {os.uname().nodename} does not fit: {named}{more}")


def _receive(pieces: SimpleQueue[bytes]) -> None:
    """Pass pieces on until the Dask worker is gone: then nobody waits for the one at work."""
    while True:
        try:
            pieces.put(pickle.load(sys.stdin.buffer))
        except (EOFError, pickle.UnpicklingError):
            os._exit(0)


if __name__ == "__main__":
    main()
