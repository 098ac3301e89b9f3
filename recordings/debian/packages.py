"""Debian packages, downloaded and unpacked without installing them."""

from __future__ import annotations

from pathlib import Path

from recordings.debian.commands import run

PACKAGES = ("hydrogen-drumkits", "lmms-common")


def unpack_packages(folder: Path) -> Path:
    """Download `PACKAGES` with apt-get, unless they are there, and unpack them.

    Needs no root, as nothing is installed, but lists of packages (`apt-get update`).

    Returns
    -------
    Path
        The folder that stands for the root of the packages' files.

    Raises
    ------
    InputError
        If apt-get or dpkg-deb is missing, or a package is unknown or out of reach.
    """
    root = folder / "unpacked"
    archives = folder / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        if not list(archives.glob(f"{package}_*.deb")):
            run(["apt-get", "download", package], archives)
        [archive] = archives.glob(f"{package}_*.deb")
        run(["dpkg-deb", "-x", str(archive.resolve()), str(root.resolve())], archives)
    return root
