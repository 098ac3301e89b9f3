"""Where Numba keeps compiled kernels, also where neither checkout nor home can be written.

Numba keeps a kernel's machine code beside its source, else in the user's cache folder, and fails on
import where it can write to neither: in a container with a read-only image and no home, or for
another user than the one who installed. This package and librosa have such kernels.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path


def use_writable_cache() -> None:
    """Give Numba a temporary cache, for this process and its workers, where it has no other."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    if _can_be_written(home / "numba"):
        return
    librosa = importlib.util.find_spec("librosa")
    packages = [Path(__file__).parents[1] / "compressor"]
    packages += [Path(librosa.origin).parent] if librosa and librosa.origin else []
    if all(_can_be_written(package / "__pycache__") for package in packages):
        return
    folder = tempfile.mkdtemp(prefix="siamese-drc-numba-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = folder
    if "numba" in sys.modules:  # it has read its environment
        sys.modules["numba"].config.CACHE_DIR = folder


def _can_be_written(folder: Path) -> bool:
    """Whether a folder, or its nearest parent that exists, is a folder that can be written."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
