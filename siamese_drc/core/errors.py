"""The error that a user is meant to read."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class InputError(ValueError):
    """Something that the user gave is wrong: the message names it, the value and the rule."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever a missing or damaged file raises while it is read into one InputError."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path}: missing") from error
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile) as error:
        message = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: cannot be read; is it damaged? ({message})") from error
