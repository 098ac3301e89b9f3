"""What the page keeps of each visitor, and only while the page is open."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from stages.match.page.work import Matched


@dataclass
class Session:
    """One open page.

    Attributes
    ----------
    folder : Path
        Copies to listen to and results; removed with the session.
    uploads : set of Path
        Where the visitor's files lie; removed with the session.
    matched : Matched, optional
        What was found last.
    lock : Lock
        Held while the session is worked on: it ends after that.
    """

    folder: Path
    uploads: set[Path] = field(default_factory=set)
    matched: Matched | None = None
    lock: Lock = field(default_factory=Lock)
    _results: list[Path] = field(default_factory=list)

    def start_over(self) -> Path:
        """Make a folder for what is now found; all that was made before is removed."""
        for old in self.folder.iterdir():
            shutil.rmtree(old)
        self._results = []
        return Path(tempfile.mkdtemp(dir=self.folder))

    def folder_of_next_result(self) -> Path:
        """Make a folder; of the results so far only the last is kept, which may be playing."""
        for old in self._results[:-1]:
            shutil.rmtree(old)
        self._results = [*self._results[-1:], Path(tempfile.mkdtemp(dir=self.folder))]
        return self._results[-1]


class Sessions:
    """The open pages, by the key that Gradio gives each.

    Parameters
    ----------
    root : Path
        Folder that holds a folder per session.
    """

    def __init__(self, root: Path) -> None:
        """Start without any."""
        self._root = root
        self._open: dict[str, Session] = {}

    def find(self, key: str) -> Session:
        """Return the session of a page, new where this is the first that is heard of it."""
        if key not in self._open:
            self._root.mkdir(exist_ok=True)
            self._open[key] = Session(Path(tempfile.mkdtemp(dir=self._root)))
        return self._open[key]

    def end(self, key: str) -> None:
        """Remove all that was kept of a page."""
        session = self._open.pop(key, None)
        if session is None:
            return
        with session.lock:
            for upload in session.uploads:
                upload.unlink(missing_ok=True)
            shutil.rmtree(session.folder)
