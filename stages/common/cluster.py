"""Independent pieces of work on a Dask cluster, whose machines share the project's folder.

A piece travels with its arguments, so that it can start again elsewhere when its worker is killed.
(joblib's own Dask backend leaves large arguments in the memory of one worker and loses them with
it.) What it writes lies in the shared folder.
"""

from __future__ import annotations

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, TypeVar

import cloudpickle
from distributed import Client, Future, KilledWorker

from stages.common.environment import PROJECT, describe_environment
from stages.common.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

CONNECT_SECONDS = 5
RETRIES = 3  # of a piece whose process died; where its whole worker did, Dask allows as many
# The variables that joblib sets for its workers on one machine: the same sums in the same order.
ONE_THREAD = dict.fromkeys(
    [f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA")], "1"
)
OPTIONS = ("DRC_", "KERAS_")  # a worker has this process's variables of these names, not its own


def cluster_map(
    address: str, function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[Result]:
    """Apply `function` to each item on a Dask cluster and yield the results in order.

    Parameters
    ----------
    address : str
        Of the scheduler, e.g. tcp://10.0.0.1:8786.
    function, items
        As in `stages.common.parallel.parallel_map`.

    Raises
    ------
    InputError
        If no scheduler answers at the address or it has no workers, if a worker has not this
        process's folder, code and packages, or if the scheduler is lost or a piece loses its
        worker more than `RETRIES` times.
    """
    options = {name: value for name, value in os.environ.items() if name.startswith(OPTIONS)}
    variables = {"PYTHONPATH": str(PROJECT)} | ONE_THREAD | options
    surroundings = str(Path.cwd()), variables, describe_environment()
    with _connect(address) as client:
        running: deque[Future] = deque()
        for item in items:
            # Pieces can be large: few of them wait on the scheduler at a time.
            if len(running) >= 2 * max(1, sum(client.nthreads().values())):
                yield _result(running.popleft(), address)
            piece = cloudpickle.dumps((function, item))
            running.append(
                client.submit(_in_own_process(), piece, *surroundings, pure=False, retries=RETRIES)
            )
        while running:
            yield _result(running.popleft(), address)


def _connect(address: str) -> Client:
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"DRC_DASK={address}: no Dask scheduler answers there within {CONNECT_SECONDS} s"
        ) from error
    if not client.nthreads():
        client.close()
        raise InputError(
            f"DRC_DASK={address}: it has no workers: start some by"
            f" `python -m dask worker {address}`"
        )
    return client


def _result(future: Future, address: str) -> Any:
    try:
        result, error = pickle.loads(future.result())
    except (OSError, EOFError, CancelledError, KilledWorker) as problem:
        cause = " ".join(str(problem).split())
        raise InputError(f"DRC_DASK={address}: a piece of work was lost ({cause})") from problem
    if error is not None:
        raise error
    return result


def _in_own_process() -> Callable[..., bytes]:
    """Return what a Dask worker is to do with a piece: hand it on to a process of the project's.

    It is an inner function because such functions travel as code: neither the scheduler nor the
    Dask worker needs the project's modules.
    """

    def in_own_process(
        piece: bytes, folder: str, variables: dict[str, str], expected: dict[str, str]
    ) -> bytes:
        import os
        import pickle
        import subprocess
        import sys
        import threading

        from distributed import get_worker

        # One process for each of the worker's threads, while folder, code and options stay.
        processes = get_worker().__dict__.setdefault("processes_of_pieces", {})
        wanted = (folder, variables, expected)
        process: Any
        found, process = processes.get(threading.get_ident(), (None, None))
        if found != wanted or process.poll() is not None:
            if process is not None:
                process.stdin.close()  # ends it
            own = {name: os.environ[name] for name in os.environ if not name.startswith(OPTIONS)}
            process = subprocess.Popen(
                [sys.executable, "-m", "stages.common.worker"],
                cwd=folder,
                env=own | variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            processes[threading.get_ident()] = wanted, process
            pickle.dump(expected, process.stdin)
        pickle.dump(piece, process.stdin)
        process.stdin.flush()
        try:
            return pickle.load(process.stdout)
        except EOFError:
            code = process.wait()
            raise EOFError(f"its process on {get_worker().address} ended with {code}") from None

    return in_own_process
