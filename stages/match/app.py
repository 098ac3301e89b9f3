"""The tool as a web page on this machine: `python -m stages.match.app`."""

from __future__ import annotations

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
    """Serve the page, to this machine alone; all that it kept is gone afterwards.

    Yields
    ------
    Blocks
        The page; `local_url` is its address. `GRADIO_SERVER_PORT` chooses the port, else it is the
        first that is free from 7860 on.
    """
    with tempfile.TemporaryDirectory(prefix="match-") as name:
        # Read when Gradio and tqdm are imported; nobody watches bars on the terminal.
        os.environ |= {
            "GRADIO_TEMP_DIR": name,
            "GRADIO_ANALYTICS_ENABLED": "False",
            "TQDM_DISABLE": "1",
        }
        import gradio

        from stages.match.example_pairs import write_pairs
        from stages.match.page.layout import HERE, Page
        from stages.match.page.sessions import Sessions

        folder = Path(name).resolve()
        gradio.set_static_paths([folder / "examples", folder / "sessions"])  # not copied again
        blocks = Page(Sessions(folder / "sessions"), write_pairs(folder / "examples")).blocks
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
    """Serve until interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that nothing is left behind
    with served() as blocks:
        print(f"Open {blocks.local_url} in a browser; Ctrl+C ends it.", flush=True)
        blocks.block_thread()


if __name__ == "__main__":
    main()
