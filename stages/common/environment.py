"""What the bytes of a result depend on besides the work itself: folder, code and packages."""

from __future__ import annotations

import hashlib
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def describe_environment() -> dict[str, str]:
    """Describe this process, fact by fact; two that agree in all of them give the same bytes.

    A folder is known by its path and its inode: the same path on another machine's own disk is
    another folder. Processors are left out: on another type, trainings end a little elsewhere.
    """
    folder = Path.cwd()
    facts = {
        "folder": str(folder),
        "folder's inode": str(folder.stat().st_ino),
        "code of stages/": _code(),
        "python": platform.python_version(),
    }
    pinned = re.findall(r"^([\w.-]+)\S*==", (PROJECT / "requirements.txt").read_text(), re.M)
    return facts | {name: _version(name) for name in pinned}


def _code() -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted((PROJECT / "stages").rglob("*.py")):
        digest.update(f"{path.relative_to(PROJECT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
