"""Whether a disk can hold what a stage will write, asked before the stage starts."""

from __future__ import annotations

import shutil
from pathlib import Path

from stages.common.errors import InputError


def require_space(folder: Path, needed: int) -> None:
    """Raise InputError unless the disk on which `folder` will lie has `needed` bytes free.

    Old content of the folder stays until the new one is whole, so it frees nothing. DVC's cache
    then takes the same bytes in by a link and needs no second copy, but for a cache on another
    disk or on one without reflinks and hard links.

    Parameters
    ----------
    folder : Path
        What will be written; it need not exist yet.
    needed : int
        Bytes, at the most.
    """
    existing = next(place for place in [folder, *folder.absolute().parents] if place.is_dir())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise InputError(
            f"{folder}: up to {needed:,} bytes will be written there, and its disk has only"
            f" {free:,} bytes free"
        )
