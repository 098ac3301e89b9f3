"""Visitors' files: apart from each other, and gone with the tab or with the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from siamese_drc.app.page import visitors_folder
from siamese_drc.app.uploads import unclaimed_removed


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
    (temporary / "drc-app-killed").mkdir()
    (temporary / "drc-app-killed" / "upload.wav").write_bytes(b"sound")
    with visitors_folder() as first:
        assert list(temporary.iterdir()) == [first]
        with visitors_folder() as second:
            assert {*temporary.iterdir()} == {first, second}
    assert list(temporary.iterdir()) == []


def test_an_upload_that_no_tab_claims_is_removed(tmp_path):
    uploads = [tmp_path / name / "loop.wav" for name in ("claimed", "unclaimed")]
    for upload in uploads:
        upload.parent.mkdir()
        upload.write_bytes(b"sound")
    uploaded = {*uploads}
    with unclaimed_removed(uploaded, lambda: {uploads[0]}, after_s=0.2):
        until(lambda: uploaded == {uploads[0]})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [uploads[0]]


@pytest.fixture
def server(tmp_path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The page started with proxies in the environment, at which nobody answers."""
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9"}
    process = subprocess.Popen(
        [sys.executable, "-m", "siamese_drc.app.page"],
        env={**os.environ, **proxies, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    address = process.stdout.readline().split()[1]
    yield process, address
    process.kill()
    process.wait()


def test_same_content_is_two_files_a_foreign_host_is_refused_and_sighup_cleans(server, tmp_path):
    process, address = server
    with httpx.Client(base_url=address, trust_env=False) as client:
        paths = [
            client.post("gradio_api/upload", files={"files": ("loop.wav", b"sound")}).json()[0]
            for _ in range(2)
        ]
        assert paths[0] != paths[1]
        assert [Path(path).read_bytes() for path in paths] == [b"sound"] * 2
        assert client.get("/", headers={"Host": "foreign.example"}).status_code == 400
        assert client.get("/").status_code == 200
    process.send_signal(signal.SIGHUP)
    process.wait(60)
    assert [path for path in tmp_path.iterdir() if path.name.startswith("drc-app")] == []
