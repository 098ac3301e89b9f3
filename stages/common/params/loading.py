"""Reading params.yaml: one message names the key, the value and the rule of every fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML, YAMLError

from stages.common.errors import InputError
from stages.common.params.params import Params


def load_params(path: Path | str = "params.yaml") -> Params:
    """Read and check `params.yaml` (YAML 1.2, as DVC reads it).

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or breaks a rule: the message names the key, the
        value and the rule of every fault.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        content = YAML(typ="safe", pure=True).load(text)
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise InputError(f"{path}: cannot be read as YAML ({error})") from error
    return check_params(content, path)


def check_params(content: object, path: Path | str = "params.yaml") -> Params:
    """Check the parsed content of `params.yaml`; raise `InputError` as `load_params` does."""
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        faults = (_describe(fault, content, path) for fault in error.errors())
        raise InputError("; ".join(faults)) from None


def _describe(fault: object, content: object, path: Path | str) -> str:
    place = ".".join(_keys(fault["loc"], content))  # type: ignore[index]
    rule = fault["msg"].removeprefix("Value error, ")  # type: ignore[index]
    value = fault["input"]  # type: ignore[index]
    shown = f" = {value!r}" if isinstance(value, str | int | float | list) else ""
    return f"{path}: {place}{shown}: {rule}" if place else f"{path}: {rule}"


def _keys(location: tuple[int | str, ...], content: Any) -> list[str]:
    """Return the keys on the way to a fault: pydantic also names the kind of a model there."""
    keys = []
    for number, part in enumerate(location, start=1):
        try:
            content = content[part]
        except (LookupError, TypeError):
            if number < len(location):
                continue  # a kind; a key that is missing comes last
        keys.append(str(part))
    return keys
