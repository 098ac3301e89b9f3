"""A project of two short drum loops under two grids.

Its corpora are `takes`, whose settings are on the grids, and `drawn-takes`, whose are not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from siamese_drc.audio import write_audio
from stages.project import files
from stages.project.params import Params, load_params
from tests.compressor.textbook import drum_loop

COMMITTED = Path(__file__).parents[2] / "params.yaml"


def make_up_corpus(**compressor: object) -> Params:
    """Write params.yaml and the loops into the current folder; `compressor` sets its options."""
    yaml = YAML()
    content = yaml.load(COMMITTED.read_text())
    content["scale"] = "smoke"
    content["scales"]["smoke"] |= {
        "clip_seconds": 0.25,
        "loops": dict.fromkeys(content["materials"], 2),
    }
    content["scales"]["smoke"]["settings"] |= {"ds1": 7, "d4p": 11}
    for name in ("takes", "drawn-takes"):
        grids, drawn = ["d4p", "ds1"], name == "drawn-takes"
        content["corpora"][name] = {"material": "drum", "grids": grids, "drawn": drawn}
    for scale in content["scales"].values():
        scale["drawn_settings"]["drawn-takes"] = 4
    content["compressor"] |= compressor
    with Path("params.yaml").open("w") as file:
        yaml.dump(content, file)
    params = load_params()
    loop = drum_loop(params.clip_samples)
    files.loops_table("drum").parent.mkdir(parents=True)
    for number, signal in enumerate([loop, np.roll(loop, 3000)]):
        write_audio(files.loop_file("drum", number), signal, params.sample_rate)
    table = pd.DataFrame({"loop": [0, 1], "group": ["take 1", "take 2"]})
    table.to_csv(files.loops_table("drum"), index=False)
    return params
