"""How much memory a step takes at its peak."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path


def peak_megabytes(function: Callable[[], object]) -> float:
    """Return by how much the process's memory exceeds, at most, what it had before the call.

    Linux alone tells this, in /proc/self.
    """
    before = _status_kilobytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # begin the peak anew
    result = function()
    peak = _status_kilobytes("VmHWM")
    del result  # it was part of the peak
    return (peak - before) * 1024 / 1e6


def _status_kilobytes(name: str) -> int:
    found = re.search(rf"^{name}:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])
