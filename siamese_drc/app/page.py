"""`drc-app`: the tool as a web page, for this machine alone."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio import Blocks

LARGEST_FILE = "50mb"
_MARK = ".made-by-drc-app"
LONGEST_QUEUE = 64  # requests that wait at most; who comes then is told so


@contextmanager
def visitors_folder() -> Iterator[Path]:
    """Yield a temporary folder that ends with this process.

    It is locked while in use. The folders of processes that were killed are not locked any more,
    and are removed first; a file in them tells them from a folder of the user's own.
    """
    for left in Path(tempfile.gettempdir()).glob("drc-app-*"):
        with suppress(OSError), ExitStack() as opened:  # another user's, or in use
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            opened.callback(os.close, lock)
            if os.fstat(lock).st_uid == os.getuid() and (left / _MARK).exists():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix="new-drc-app-"))
    (new / _MARK).touch()
    lock = os.open(new, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder = new.rename(new.with_name(new.name.removeprefix("new-"))).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


@contextmanager
def served() -> Iterator[Blocks]:
    """Serve the page to this machine; all uploads and results are removed afterwards.

    The address of the page that is yielded is its `local_url`. The environment variable
    `GRADIO_SERVER_PORT` sets the port; the default is the first free one from 7860.
    """
    with visitors_folder() as folder:
        # The page speaks to this machine alone: through a proxy, Gradio would not find itself.
        for variable in [name for name in os.environ if name.lower().endswith("_proxy")]:
            del os.environ[variable]
        # Read when Gradio and tqdm are imported. Nobody watches progress bars in the terminal.
        os.environ |= {
            "GRADIO_TEMP_DIR": str(folder),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "MPLBACKEND": "agg",
            "TQDM_DISABLE": "1",
        }
        import gradio
        from starlette.middleware import Middleware
        from starlette.middleware.trustedhost import TrustedHostMiddleware

        from siamese_drc.app.examples import write_pairs
        from siamese_drc.app.layout import HERE, Page
        from siamese_drc.app.sessions import unclaimed_removed

        gradio.set_static_paths([folder / "examples", folder / "sessions"])  # else copied again
        page = Page(folder / "sessions", write_pairs(folder / "examples"))
        blocks = page.blocks
        blocks.queue(max_size=LONGEST_QUEUE)
        # A page of another name that leads here (DNS rebinding) must not read along.
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
        blocks.launch(
            server_name="127.0.0.1",
            app_kwargs={"middleware": [hosts]},
            max_file_size=LARGEST_FILE,
            css_paths=HERE / "style.css",
            share=False,
            ssr_mode=False,
            run_history=False,
            footer_links=[],
            quiet=True,
            prevent_thread_lock=True,
        )
        try:
            with unclaimed_removed(blocks.upload_file_set, page.uploads):
                yield blocks
        finally:
            blocks.close(verbose=False)


def main() -> None:
    """Run `drc-app`: serve until interrupted."""
    argparse.ArgumentParser(
        prog="drc-app",
        description="Serve the web page of drc-match on this machine. Ctrl+C ends it. The"
        " environment variable GRADIO_SERVER_PORT sets the port.",
    ).parse_args()
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, lambda *_: sys.exit())  # so that temporary files are removed
    try:
        with served() as blocks:
            print(f"Open {blocks.local_url} in a browser; Ctrl+C ends it.", flush=True)
            blocks.block_thread()
    except ModuleNotFoundError as error:
        install = 'in the folder of this project run: pip install ".[app]"'
        print(f"error: the page needs the package {error.name}; {install}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
