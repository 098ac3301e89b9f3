"""`drc-app`: the tool as a web page, for this machine alone."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio import Blocks

LARGEST_FILE = "50mb"


@contextmanager
def served() -> Iterator[Blocks]:
    """Serve the page to this machine; all uploads and results are removed afterwards.

    The environment variable `GRADIO_SERVER_PORT` sets the port; the default is the first free one
    from 7860.

    Yields
    ------
    Blocks
        The page; `local_url` is its address.
    """
    with tempfile.TemporaryDirectory(prefix="match-") as name:
        # The page speaks to this machine alone: through a proxy, Gradio would not find itself.
        for variable in [name for name in os.environ if name.lower().endswith("_proxy")]:
            del os.environ[variable]
        # Read when Gradio and tqdm are imported. Nobody watches progress bars in the terminal.
        os.environ |= {
            "GRADIO_TEMP_DIR": name,
            "GRADIO_ANALYTICS_ENABLED": "False",
            "MPLBACKEND": "agg",
            "TQDM_DISABLE": "1",
        }
        import gradio

        from siamese_drc.app.examples import write_pairs
        from siamese_drc.app.layout import HERE, Page

        folder = Path(name).resolve()
        gradio.set_static_paths([folder / "examples", folder / "sessions"])  # else copied again
        blocks = Page(folder / "sessions", write_pairs(folder / "examples")).blocks
        blocks.launch(
            server_name="127.0.0.1",
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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that temporary files are removed
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
