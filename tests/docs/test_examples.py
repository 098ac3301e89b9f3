"""The examples under docs/ do what the documentation says of them."""

from __future__ import annotations

import subprocess
import sys

from ruamel.yaml import YAML

from tests.pipeline.working_copy import PROJECT

DOCS = PROJECT / "docs"


def test_the_slurm_script_is_bash():
    for script in DOCS.glob("*.sh"):
        subprocess.run(["bash", "-n", script], check=True)


def test_the_skypilot_task_has_the_fields_of_one_and_bash_in_them():
    task = YAML(typ="safe").load((DOCS / "skypilot.yaml").read_text())
    known = {"name", "resources", "envs", "file_mounts", "setup", "run"}
    assert set(task) == known
    assert task["envs"]["EXPERIMENT"] is None  # SkyPilot then asks for it
    for script in (task["setup"], task["run"]):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_a_step_on_two_devices_is_that_of_the_joined_batch():
    command = [sys.executable, "-m", "tests.docs.mirrored_step"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    apart, moved = map(float, done.stdout.split())
    assert moved > 1e-4
    assert apart < 1e-3 * moved
