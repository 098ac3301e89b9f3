"""What the variations found, kept in git, and their table in the README."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stages.common.files import METRICS, replaced
from stages.common.params import PARAMETERS
from studies.variations import EXPERIMENT, VARIATIONS

FOUND = METRICS / "studies" / f"{EXPERIMENT}.json"
MODEL_1 = METRICS / "laptop" / "experiments" / "drum-d4p-cnn-stft128.json"
README = Path("README.md")
UNITS = ("threshold (dB)", "ratio", "attack (ms)", "release (ms)")
_IN_TIME = ("paper", "unseen_loops")
_LATE = ("paper_delayed", "unseen_loops_delayed")
# Variations whose errors on late clips have a line of their own.
_JUDGED_LATE = ("gain", "gain-unaligned")


def known(file: Path = FOUND) -> dict[str, Any]:
    """Return the mean absolute errors of each variation that has been run."""
    return json.loads(file.read_text()) if file.exists() else {}


def keep(name: str, metrics: dict[str, Any], file: Path = FOUND) -> None:
    """Add a variation's mean absolute errors to those of the others."""
    (of_data_set,) = metrics.values()
    found = known(file)
    found[name] = {
        entry: {parameter: of_data_set[entry][parameter]["mae"] for parameter in PARAMETERS}
        for entry in (*_IN_TIME, *_LATE)
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    with replaced(file) as temporary:
        temporary.write_text(json.dumps(found, indent=1) + "\n")


def table(file: Path = FOUND, model_1: Path = MODEL_1) -> str:
    """Make the table: a line per variation, `paper` / `unseen_loops` of each parameter.

    Parameters
    ----------
    file : Path
        What `keep` wrote.
    model_1 : Path
        The metrics of the tuned Model 1, of which the table has a line too.
    """
    (of_model_1,) = json.loads(model_1.read_text()).values()
    errors = {
        entry: {parameter: of_model_1[entry][parameter]["mae"] for parameter in PARAMETERS}
        for entry in _IN_TIME
    }
    lines = [
        f"| change | {' | '.join(UNITS)} |",
        "|---|" + "---:|" * len(UNITS),
        _line("tuned Model 1 and its forest", errors, _IN_TIME),
    ]
    found = known(file)
    for variation in VARIATIONS:
        if variation.name in found:
            errors = found[variation.name]
            lines.append(_line(variation.text, errors, _IN_TIME))
            if variation.name in _JUDGED_LATE:
                lines.append(_line(f"{variation.text}; clips 10 ms late", errors, _LATE))
    return "\n".join(lines) + "\n"


def _line(text: str, errors: dict[str, dict[str, float]], entries: tuple[str, str]) -> str:
    cells = [
        " / ".join(f"{errors[entry][parameter]:.3g}" for entry in entries)
        for parameter in PARAMETERS
    ]
    return f"| {text} | {' | '.join(cells)} |"
