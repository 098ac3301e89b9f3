"""A copy of the project in a folder of its own, and commands in it as a user would type them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class WorkingCopy:
    """A folder under git and DVC that shares nothing with the project or with the user's home."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """Return the environment of every command: this Python first, no user's configuration."""
        own = self.folder / ".dvc" / "tmp"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DRC_S")}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            "DVC_GLOBAL_CONFIG_DIR": str(own / "global"),
            "DVC_SYSTEM_CONFIG_DIR": str(own / "system"),
            "DVC_SITE_CACHE_DIR": str(own / "site"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def attempt(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *command: str) -> str:
        """Run a command that must succeed; return its standard output."""
        done = self.attempt(*command)
        if done.returncode:
            raise AssertionError(
                f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit all that git does not ignore."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    @contextmanager
    def edited_params(self) -> Iterator[Any]:
        """Yield the content of params.yaml; write it back with its comments."""
        yaml, path = YAML(), self.folder / "params.yaml"
        yaml.width = 4096
        content = yaml.load(path)
        yield content
        yaml.dump(content, path)


def copy_project(folder: Path) -> WorkingCopy:
    """Copy the project's files as they are now, committed or not, into a repository at `folder`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    copy = WorkingCopy(folder)
    copy.run("git", "init", "--quiet", "--initial-branch", "main")
    _identify(copy)
    copy.commit("The project")
    return copy


def clone(source: WorkingCopy, folder: Path) -> WorkingCopy:
    """Clone by git alone: as a stranger gets it, without data."""
    source.run("git", "clone", "--quiet", str(source.folder), str(folder))
    copy = WorkingCopy(folder)
    _identify(copy)
    return copy


def _identify(copy: WorkingCopy) -> None:
    copy.run("git", "config", "user.name", "Test")
    copy.run("git", "config", "user.email", "test@example.org")
    copy.run("dvc", "config", "--local", "core.check_update", "false")
