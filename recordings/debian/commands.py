"""Other programs, run with this interpreter's own tools first on the path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from stages.common.errors import InputError


def run(command: list[str], folder: Path) -> None:
    """Run a command in a folder, its output going where ours goes.

    Raises
    ------
    InputError
        If the program is missing or fails.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    try:
        subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, check=True)
    except FileNotFoundError as error:
        raise InputError(f"{command[0]}: there is no such program") from error
    except subprocess.CalledProcessError as error:
        raise InputError(
            f"{' '.join(command)}: failed with exit code {error.returncode} in {folder}"
        ) from error
