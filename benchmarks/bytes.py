"""Bytes that each stage writes, per scale: `python -m benchmarks.bytes`.

From params.yaml: what a stage asks of the disk before it starts, exact for arrays and at most for
FLAC. From dvc.lock: what the scale whose results are committed did write.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from ruamel.yaml import YAML

from stages.common.params import Params, ScaleName, check_params
from stages.compress.disk import bytes_needed as compressed_bytes
from stages.embed.disk import bytes_needed as embedding_bytes
from stages.handcraft.disk import bytes_needed as handcrafted_bytes
from stages.render.disk import bytes_needed as loop_bytes
from stages.spectrogram.disk import bytes_needed as input_bytes
from stages.spectrogram.representations import input_shape
from stages.train.disk import bytes_needed as training_bytes


def bytes_asked(params: Params) -> dict[str, int]:
    """Return the bytes that each kind of stage writes together, at the most."""
    experiments = params.experiments
    models = {name: training_bytes(params, name, shape_of(params, name)) for name in experiments}
    return {
        "render": sum(loop_bytes(params, name) for name in params.materials),
        "compress": sum(compressed_bytes(params, name) for name in params.corpora),
        "spectrogram": sum(input_bytes(params, name) for name in params.inputs),
        "handcraft": sum(handcrafted_bytes(params, name) for name in params.corpora),
        "train": sum(kept for _, kept in models.values()),
        "state of a training, removed": max(state for state, _ in models.values()),
        "embed": sum(embedding_bytes(params, name) for name in experiments),
        "embed-transfer": sum(embedding_bytes(params, name) for name in params.transfers),
    }


def shape_of(params: Params, experiment: str) -> tuple[int, ...]:
    """Return the shape of an experiment's network inputs."""
    representation = params.representations[params.experiments[experiment].representation]
    return input_shape(representation, params.clip_samples)


def bytes_written(lock: Path) -> dict[str, int]:
    """Return the bytes of each kind of stage's outputs, as a dvc.lock has them."""
    stages = YAML(typ="safe", pure=True).load(lock.read_text())["stages"]
    written: dict[str, int] = {}
    for name, stage in stages.items():
        kind = name.split("@")[0]
        written[kind] = written.get(kind, 0) + sum(out["size"] for out in stage["outs"])
    return written


def main() -> None:
    """Print the table, in MB."""
    content = YAML(typ="safe", pure=True).load(Path("params.yaml").read_text())
    asked = {
        scale: bytes_asked(check_params(content | {"scale": scale}))
        for scale in get_args(ScaleName)
    }
    written = bytes_written(Path("dvc.lock"))
    kinds = list(dict.fromkeys([*asked["smoke"], *written]))
    columns = [*asked.values(), written]
    print(f"| stage, MB | {' | '.join(asked)} | {content['scale']}, written |")
    print(f"|---|{'---:|' * len(columns)}")
    for kind in kinds:
        cells = [f"{column[kind] / 1e6:,.1f}" if kind in column else "" for column in columns]
        print(f"| {kind} | {' | '.join(cells)} |")
    together = [f"{sum(column.values()) / 1e6:,.1f}" for column in columns]
    print(f"| together | {' | '.join(together)} |")


if __name__ == "__main__":
    main()
