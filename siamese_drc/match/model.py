"""The learnt model: settings from the dynamics of a dry recording and of another one, compressed.

A siamese network reads pairs of recordings. For each setting it gives a value and the ends of an
interval, which are calibrated on loops that it has not seen, and it says whether the second
recording is compressed at all. All of it lies in one file of plain arrays and is computed with
NumPy, so that Keras is not needed to use it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from siamese_drc.core.errors import InputError, reading

MODEL_FILE = Path(__file__).parents[1] / "pretrained" / "match.npz"
_FORMAT = 3  # of the file
AUDIBLE_DB = 1.0  # largest gain reduction from which a recording counts as compressed

# Ranges of the scaled settings: threshold in dB above the dry recording's loudness, 1/R, log ms,
# log ms.
LOWEST = np.array([-30.0, 0.0, np.log(0.1), np.log(10)])
HIGHEST = np.array([20.0, 1.0, np.log(100), np.log(1000)])
_SMALLEST_INVERSE_RATIO = 0.02
_CLIPPED = 5.0  # standard deviations to which a feature is limited

Layer = tuple[np.ndarray, np.ndarray]  # kernel, shape (inputs, units), and bias


@dataclass(frozen=True)
class PairNetwork:
    """Siamese network on a dry recording A and another recording B, compressed.

    Both pass the same dense branch. A head of one hidden layer reads the difference of the
    embeddings, A's minus B's, as in the paper (Fig. 1), and B's embedding: how much of the
    difference is due to the compressor depends on what B is.
    """

    mean: np.ndarray
    deviation: np.ndarray
    branch: list[Layer]
    head: list[Layer]

    def standardised(self, features: np.ndarray) -> np.ndarray:
        """Return the input of the network, shape (..., features), float32."""
        scaled = (features - self.mean) / self.deviation
        return np.clip(scaled, -_CLIPPED, _CLIPPED).astype(np.float32)

    def strangeness(self, features: np.ndarray) -> np.ndarray:
        """Return the rms deviation of dynamics (..., features) from those in training."""
        return np.sqrt(np.mean(self.standardised(features) ** 2, axis=-1))

    def output(self, dry: np.ndarray, compressed: np.ndarray) -> np.ndarray:
        """Return what `parts` takes apart, shape (..., 13)."""
        of_dry, of_compressed = (
            _dense(self.branch, self.standardised(one)) for one in (dry, compressed)
        )
        both = np.concatenate([of_dry - of_compressed, of_compressed], axis=-1)
        return _dense(self.head, both)


class Parts(NamedTuple):
    """What the head gives: settings, shape (..., 4) each, and a score.

    `low` and `high` are the ends of the interval; `score` is the log odds that the recording B is
    compressed. From `parts`, the settings are scaled, the ends before their calibration, and the
    score has the shape (..., 1).
    """

    value: Any
    low: Any
    high: Any
    score: Any


OUTPUTS = 13


def parts(output: Any) -> Parts:
    """Take the output of the head apart; for any kind of array, Keras' tensors among them."""
    return Parts(output[..., :4], output[..., 4:8], output[..., 8:12], output[..., 12:])


@dataclass(frozen=True)
class MatchModel:
    """Network and calibration."""

    network: PairNetwork
    margins: np.ndarray  # shape (4,): by which the intervals are widened to have the coverage
    coverage: float  # share of the settings that lie in their intervals
    least_score: float  # below which a reference counts as uncompressed
    strangest: float  # the largest `PairNetwork.strangeness` of a recording in training
    # Mean absolute errors of `network`, by parameter, on the pairs that calibrated the intervals
    held_out: dict[str, dict[str, float]]

    def estimate(self, dry: np.ndarray, compressed: np.ndarray) -> Parts:
        """Return settings and their intervals for pairs of recordings, from their `dynamics`.

        The settings, shape (pairs, 4), are the threshold in dB above the loudness of the dry
        recording, ratio, ms, ms; the score has the shape (pairs,).
        """
        found = parts(self.network.output(dry, compressed))
        low = np.minimum(found.low - self.margins, found.value)
        high = np.maximum(found.high + self.margins, found.value)
        value, low, high = (restored(some) for some in (found.value, low, high))
        low[:, 1], high[:, 1] = high[:, 1].copy(), low[:, 1].copy()  # 1/R falls where R grows
        return Parts(value, low, high, found.score[:, 0])


def scaled(settings: np.ndarray) -> np.ndarray:
    """Scale settings (..., 4), the threshold relative to the loudness, to about [0, 1].

    Examples
    --------
    >>> scaled(np.array([0.0, 4.0, 10.0, 100.0])).round(2)
    array([0.6 , 0.25, 0.67, 0.5 ])
    """
    threshold, ratio, attack, release = np.moveaxis(settings, -1, 0)
    linear = np.stack([threshold, 1 / ratio, np.log(attack), np.log(release)], axis=-1)
    return (linear - LOWEST) / (HIGHEST - LOWEST)


def unscaled(values: np.ndarray) -> np.ndarray:
    """Undo `scaled`."""
    linear = values * (HIGHEST - LOWEST) + LOWEST
    threshold, inverse, attack, release = np.moveaxis(linear, -1, 0)
    return np.stack([threshold, 1 / inverse, np.exp(attack), np.exp(release)], axis=-1)


def restored(values: np.ndarray) -> np.ndarray:
    """Undo `scaled`, limited to the ranges from which the settings were drawn."""
    return unscaled(np.clip(values, [0, _SMALLEST_INVERSE_RATIO, 0, 0], 1))


def interval_margins(
    low: np.ndarray, high: np.ndarray, truth: np.ndarray, coverage: float
) -> np.ndarray:
    """Return by how much intervals have to be widened to have a given coverage.

    Conformalized quantile regression: of loops that the network has not seen, the quantile of how
    far the truth lies outside (below 0: inside) of the interval. `low`, `high` and `truth` have the
    shape (rows, parameters), the result (parameters,).

    References
    ----------
    Y. Romano, E. Patterson and E. J. Candes, "Conformalized quantile regression", NeurIPS 2019.
    """
    outside = np.maximum(low - truth, truth - high)
    rows = len(outside)
    share = min(np.ceil((rows + 1) * coverage) / rows, 1.0)
    return np.quantile(outside, share, axis=0, method="higher")


def write_model(model: MatchModel, path: Path) -> None:
    """Write a model as compressed arrays."""
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
            format=_FORMAT,
            mean=network.mean.astype(np.float32),
            deviation=network.deviation.astype(np.float32),
            **layers,
            margins=model.margins,
            coverage=model.coverage,
            least_score=model.least_score,
            strangest=model.strangest,
            held_out=json.dumps(model.held_out),
        )


@cache
def read_model(path: Path = MODEL_FILE) -> MatchModel:
    """Read a model, a file once; InputError if it is missing, is no model or of another format."""
    with reading(path), np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    if arrays.get("format") != _FORMAT:
        raise InputError(
            f"{path}: is not a model of format {_FORMAT}, which this version reads; the stage"
            " match_fit writes one"
        )
    layers = {
        part: [
            (arrays[name.replace("bias", "kernel")], arrays[name])
            for name in arrays
            if name.startswith(part) and name.endswith("bias")
        ]
        for part in ("branch", "head")
    }
    return MatchModel(
        network=PairNetwork(arrays["mean"], arrays["deviation"], **layers),
        margins=arrays["margins"],
        coverage=float(arrays["coverage"]),
        least_score=float(arrays["least_score"]),
        strangest=float(arrays["strangest"]),
        held_out=json.loads(str(arrays["held_out"])),
    )


def _dense(layers: list[Layer], values: np.ndarray) -> np.ndarray:
    """Apply dense layers, GELU between them."""
    from scipy.special import erf

    for number, (kernel, bias) in enumerate(layers):
        values = values @ kernel + bias
        if number < len(layers) - 1:
            values = 0.5 * values * (1 + erf(values / np.sqrt(2)))
    return values.astype(np.float32)
