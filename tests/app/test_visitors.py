"""Visitors' files: apart from each other, and gone with the tab or with the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from siamese_drc.app.page import _MARK, visitors_folder
from siamese_drc.app.sessions import unclaimed_removed
from tests.app.made_up_files import write_sound

LONGEST_QUEUE = 20


def until(holds: Callable[[], bool], *, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_ends_with_its_process_and_is_left_alone_until_then(temporary):
    mine = temporary / "drc-app-mine"
    for folder in (mine, temporary / "drc-app-killed"):
        folder.mkdir()
        (folder / "upload.wav").write_bytes(b"sound")
    (temporary / "drc-app-killed" / _MARK).touch()
    with visitors_folder() as first:
        assert {*temporary.iterdir()} == {first, mine}
        with visitors_folder() as second:
            assert {*temporary.iterdir()} == {first, second, mine}
    assert list(temporary.iterdir()) == [mine]


def test_an_upload_that_no_tab_claims_is_removed(tmp_path):
    uploads = [tmp_path / name / "loop.wav" for name in ("claimed", "unclaimed")]
    for upload in uploads:
        upload.parent.mkdir()
        upload.write_bytes(b"sound")
    uploaded = {*uploads}
    with unclaimed_removed(uploaded, lambda: {uploads[0]}, after_s=0.2):
        until(lambda: uploaded == {uploads[0]})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [uploads[0]]


# The page, with a match that ends as soon as there is a file `go`, and a short queue.
SERVER = f"""
import tempfile, time
from pathlib import Path
from siamese_drc.app import page
from siamese_drc.match import matching
from siamese_drc.match.answer import NO_ANSWER, Answer

def match(*arguments, **options):
    while not Path(tempfile.gettempdir(), "go").exists():
        time.sleep(0.01)
    return Answer(NO_ANSWER, warnings=["the match is made up"])

matching.match = match
page.LONGEST_QUEUE = {LONGEST_QUEUE}
page.main()
"""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Start the page with proxies in the environment, at which nobody answers."""
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9"}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        env={**os.environ, **proxies, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().split()[1]
            with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
                yield process, client
        finally:
            process.kill()


def upload(client: httpx.Client, content: bytes) -> str:
    """Return where the server keeps an upload."""
    return client.post("gradio_api/upload", files={"files": ("loop.wav", content)}).json()[0]


def folders(temporary: Path) -> set[Path]:
    return {path for path in temporary.iterdir() if path.name.startswith("drc-app")}


class Visitor:
    """What a tab sends to the server and gets from it."""

    def __init__(self, client: httpx.Client, name: str, functions: dict[str, int]) -> None:
        self._client, self._name, self._functions = client, name, functions

    def send(self, place: str, function: str, *data: object) -> int:
        """Call a function of the page; return the HTTP status."""
        body = {"fn_index": self._functions[function], "session_hash": self._name, "data": data}
        return self._client.post(f"gradio_api/{place}", json=body).status_code

    def joins(self, content: bytes) -> int:
        """Upload a pair and ask for its settings."""
        loop, reference = (
            {"path": upload(self._client, content), "meta": {"_type": "gradio.FileData"}}
            for _ in range(2)
        )
        assert self.send("run/predict", "_begin") == 200
        assert self.send("run/predict", "_claim", loop, [reference]) == 200
        return self.send("queue/join", "_match", loop, [reference], 100, "", "")

    def told(self) -> str:
        """Return what comes until the settings, or why there are none, are shown."""
        lines = []
        with self._client.stream(
            "GET", f"gradio_api/queue/data?session_hash={self._name}"
        ) as stream:
            for line in stream.iter_lines():
                lines.append(line)
                if "process_completed" in line:
                    break
        return "\n".join(lines)


def test_a_killed_server_leaves_nothing_and_thirty_visitors_are_served_or_told(tmp_path):
    with serving(tmp_path) as (process, client):
        paths = [upload(client, b"sound") for _ in range(2)]
        assert paths[0] != paths[1]
        assert [Path(path).read_bytes() for path in paths] == [b"sound"] * 2
        assert client.get("/", headers={"Host": "foreign.example"}).status_code == 400
        killed = folders(tmp_path)
        process.kill()
        process.wait()
    assert folders(tmp_path) == killed
    assert all(Path(path).exists() for path in paths)

    with serving(tmp_path) as (process, client):
        assert not folders(tmp_path) & killed
        before = psutil.Process(process.pid).memory_info().rss
        functions = {
            each["api_name"]: each["id"] for each in client.get("/config").json()["dependencies"]
        }
        content = write_sound(tmp_path / "loop.wav", seconds=3).read_bytes()
        visitors = [Visitor(client, f"tab{n}", functions) for n in range(30)]
        joined = [visitor.joins(content) for visitor in visitors]
        (tmp_path / "go").touch()
        assert {*joined} == {200, 503}  # 503: the queue is full
        assert LONGEST_QUEUE <= joined.count(200) <= LONGEST_QUEUE + 1  # one is at work
        for visitor, status in zip(visitors, joined, strict=True):
            if status == 200:
                assert "the match is made up" in visitor.told()
        assert psutil.Process(process.pid).memory_info().rss - before < 200e6
        process.send_signal(signal.SIGHUP)
        process.wait(60)
    assert folders(tmp_path) == set()
