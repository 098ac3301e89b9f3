"""The artifact behind the tool: network, forest and calibration in one file of plain arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from stages.match.calibration import intervals
from stages.match.forest import Forest
from stages.match.pair_network import Layer, PairNetwork, restored

ARTIFACT = Path(__file__).with_name("model.npz")
_FOREST = [field.name for field in fields(Forest)]


@dataclass(frozen=True)
class MatchModel:
    """What a reference says about the settings that it was made with.

    Attributes
    ----------
    network : PairNetwork
    forest : Forest
        On the embeddings of pairs.
    factors : ndarray, shape (4,)
        By which the spread of the trees is widened so that intervals cover what they say.
    coverage : float
        How often an interval holds the setting.
    strangest : float
        The largest `strangeness` of a recording in training.
    held_out : dict
        Mean absolute errors, by parameter, of `network`, `forest` and `forest_without_limit` (of
        its leaves) on the pairs of loops that the intervals were calibrated on.
    made_under : dict
        The section `match` of params.yaml, and the sample rate.
    """

    network: PairNetwork
    forest: Forest
    factors: np.ndarray
    coverage: float
    strangest: float
    held_out: dict[str, dict[str, float]]
    made_under: dict[str, Any]

    def estimate(
        self, dry: np.ndarray, compressed: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return settings and their intervals for pairs of recordings.

        Parameters
        ----------
        dry, compressed : ndarray, shape (pairs, features)
            Their `dynamics`.

        Returns
        -------
        value, low, high : ndarray, shape (pairs, 4)
            Threshold in dB above the loudness of the dry recording, ratio, ms, ms.
        """
        embedding = self.network.embedding(dry, compressed)
        value = self.network.output(embedding)
        low, high = intervals(value, self.forest.of_trees(embedding), self.factors)
        value, low, high = (restored(some) for some in (value, low, high))
        # 1/R falls where R grows
        low[:, 1], high[:, 1] = high[:, 1].copy(), low[:, 1].copy()
        return value, low, high

    def strangeness(self, features: np.ndarray) -> np.ndarray:
        """Return the rms deviation of dynamics (..., features) from those in training."""
        return np.sqrt(np.mean(self.network.standardised(features) ** 2, axis=-1))


def write_model(model: MatchModel, path: Path) -> None:
    """Write the artifact, compressed."""
    network = model.network
    layers = {
        f"{part}_{number}_{name}": array.astype(np.float32)
        for part in ("branch", "head")
        for number, layer in enumerate(getattr(network, part))
        for name, array in zip(("kernel", "bias"), layer, strict=True)
    }
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            mean=network.mean.astype(np.float32),
            deviation=network.deviation.astype(np.float32),
            **layers,
            **{
                f"forest_{field.name}": getattr(model.forest, field.name)
                for field in fields(Forest)
            },
            factors=model.factors,
            coverage=model.coverage,
            strangest=model.strangest,
            held_out=json.dumps(model.held_out),
            made_under=json.dumps(model.made_under, sort_keys=True),
        )


@cache
def read_model(path: Path = ARTIFACT) -> MatchModel:
    """Read the artifact; it is read once."""
    with np.load(path, allow_pickle=False) as arrays:
        return MatchModel(
            network=PairNetwork(
                mean=arrays["mean"],
                deviation=arrays["deviation"],
                branch=_layers(arrays, "branch"),
                head=_layers(arrays, "head"),
            ),
            forest=Forest(
                **{field.name: arrays[f"forest_{field.name}"] for field in fields(Forest)}
            ),
            factors=arrays["factors"],
            coverage=float(arrays["coverage"]),
            strangest=float(arrays["strangest"]),
            held_out=json.loads(str(arrays["held_out"])),
            made_under=json.loads(str(arrays["made_under"])),
        )


def _layers(arrays: Any, part: str) -> list[Layer]:
    count = sum(name.startswith(f"{part}_") and name.endswith("_bias") for name in arrays.files)
    return [
        (arrays[f"{part}_{number}_kernel"], arrays[f"{part}_{number}_bias"])
        for number in range(count)
    ]
