"""Uploads: each a file of its own, and removed unless a tab says that it is its."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

from gradio.route_utils import GradioUploadFile

UNCLAIMED_S = 60.0  # a tab claims its upload at once; one that was closed does not


class OwnUpload(GradioUploadFile):
    """An upload that gets a folder of its own: Gradio names the folder by this hash."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sha.update(os.urandom(16))


def remove_uploads(paths: Iterable[Path]) -> None:
    """Remove uploads and the folder of each."""
    for path in paths:
        path.unlink(missing_ok=True)
        with suppress(OSError):  # another file in it
            path.parent.rmdir()


@contextmanager
def unclaimed_removed(
    uploaded: set[Any], claimed: Callable[[], set[Path]], *, after_s: float = UNCLAIMED_S
) -> Iterator[None]:
    """Remove uploads whose tab was closed before it could claim them, within `after_s`.

    The server adds to `uploaded`; what is gone is taken out. `claimed` returns the uploads of the
    open tabs.
    """
    ended = Event()

    def watch() -> None:
        while not ended.wait(after_s / 4):
            kept = claimed()
            for name in [*uploaded]:
                path = Path(name)
                with suppress(FileNotFoundError):
                    if path in kept or time.time() - path.stat().st_ctime < after_s:
                        continue
                remove_uploads([path])
                uploaded.discard(name)

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
