"""A loop and a reference in, compressor settings and the processed loop out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stages.match.matching import match

__all__ = ["match"]


def __getattr__(name: str) -> Any:
    """Import what is offered here when it is asked for: the pipeline's stages do not need it."""
    if name == "match":
        from stages.match.matching import match

        return match
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
