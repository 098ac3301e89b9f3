"""The learnt model: settings from the dynamics of a dry recording and of another one, compressed.

A siamese network embeds pairs of recordings; a random forest on the embeddings gives the spread of
its trees, from which the intervals follow. All of it lies in one file of plain arrays, and is
computed with NumPy, so that neither Keras nor scikit-learn is needed to use it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from siamese_drc.core.errors import InputError
from siamese_drc.evaluation.trees import Forest

MODEL_FILE = Path(__file__).parents[1] / "pretrained" / "match.npz"
_FORMAT = 2  # of the file
_FOREST = "forest_"  # prefix of the forest's arrays in the file

# Ranges of the scaled settings: threshold in dB above the dry recording's loudness, 1/R, log ms,
# log ms.
_LOWEST = np.array([-30.0, 0.0, np.log(1), np.log(10)])
_HIGHEST = np.array([20.0, 1.0, np.log(100), np.log(1000)])
_SMALLEST_INVERSE_RATIO = 0.02
_CLIPPED = 5.0  # standard deviations to which a feature is limited
_LEAST_SPREAD = 0.01  # of the scaled settings, where the trees agree by chance

Layer = tuple[np.ndarray, np.ndarray]
"""Kernel, shape (inputs, units), and bias."""


@dataclass(frozen=True)
class PairNetwork:
    """Siamese network on a dry recording A and another recording B, compressed.

    Both pass the same dense branch. The settings are read, by a head of one hidden layer, from the
    difference of the embeddings, A's minus B's, as in the paper (Fig. 1), and from B's embedding: A
    is not the recording that became B, and how much of the difference is due to the compressor
    depends on what B is.
    """

    mean: np.ndarray
    deviation: np.ndarray
    branch: list[Layer]
    head: list[Layer]

    def standardised(self, features: np.ndarray) -> np.ndarray:
        """Return the input of the network, shape (..., features), float32."""
        scaled = (features - self.mean) / self.deviation
        return np.clip(scaled, -_CLIPPED, _CLIPPED).astype(np.float32)

    def embedding(self, dry: np.ndarray, compressed: np.ndarray) -> np.ndarray:
        """Embed pairs: the difference, and the compressed one's own, shape (..., 2 embedding)."""
        of_dry, of_compressed = (
            _dense(self.branch, self.standardised(one)) for one in (dry, compressed)
        )
        return np.concatenate([of_dry - of_compressed, of_compressed], axis=-1)

    def output(self, embedding: np.ndarray) -> np.ndarray:
        """Return the scaled settings, shape (..., 4)."""
        return _dense(self.head, embedding)


@dataclass(frozen=True)
class MatchModel:
    """Network, forest and calibration.

    Attributes
    ----------
    network : PairNetwork
    forest : Forest
        On the embeddings of pairs.
    factors : ndarray, shape (4,)
        By which the spread of the trees is multiplied to give intervals of the stated coverage.
    coverage : float
        Share of the settings that lie in their intervals.
    strangest : float
        The largest `strangeness` of a recording in training.
    held_out : dict
        Mean absolute errors, by parameter, of `network`, `forest` and `forest_without_limit` (of
        its leaves) on the pairs of loops with which the intervals were calibrated.
    made_under : dict
        The parameters and the sample rate of the training.
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
        low, high = intervals(value, self.forest.tree_predictions(embedding), self.factors)
        value, low, high = (restored(some) for some in (value, low, high))
        # 1/R falls where R grows
        low[:, 1], high[:, 1] = high[:, 1].copy(), low[:, 1].copy()
        return value, low, high

    def strangeness(self, features: np.ndarray) -> np.ndarray:
        """Return the rms deviation of dynamics (..., features) from those in training."""
        return np.sqrt(np.mean(self.network.standardised(features) ** 2, axis=-1))


def scaled(settings: np.ndarray) -> np.ndarray:
    """Scale settings (..., 4), the threshold relative to the loudness, to about [0, 1].

    Examples
    --------
    >>> scaled(np.array([0.0, 4.0, 10.0, 100.0])).round(2)
    array([0.6 , 0.25, 0.5 , 0.5 ])
    """
    threshold, ratio, attack, release = np.moveaxis(settings, -1, 0)
    linear = np.stack([threshold, 1 / ratio, np.log(attack), np.log(release)], axis=-1)
    return (linear - _LOWEST) / (_HIGHEST - _LOWEST)


def restored(values: np.ndarray) -> np.ndarray:
    """Undo `scaled`, limited to the ranges from which the settings were drawn."""
    linear = np.clip(values, 0, 1) * (_HIGHEST - _LOWEST) + _LOWEST
    threshold, inverse, attack, release = np.moveaxis(linear, -1, 0)
    ratio = 1 / np.maximum(inverse, _SMALLEST_INVERSE_RATIO)
    return np.stack([threshold, ratio, np.exp(attack), np.exp(release)], axis=-1)


def restored_threshold_db(value: Any) -> Any:
    """Restore a threshold without limits; for any kind of array, Keras' tensors among them."""
    return value * float(_HIGHEST[0] - _LOWEST[0]) + float(_LOWEST[0])


def calibrated_factors(
    value: np.ndarray, of_trees: np.ndarray, truth: np.ndarray, coverage: float
) -> np.ndarray:
    """Return the factors by which the spread of the trees gives intervals of a given coverage.

    Split conformal prediction: a factor is a quantile, over loops that neither network nor forest
    has seen, of the error in units of the spread.

    Parameters
    ----------
    value, truth : ndarray, shape (rows, parameters)
    of_trees : ndarray, shape (trees, rows, parameters)
    coverage : float

    Returns
    -------
    ndarray, shape (parameters,)

    References
    ----------
    J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani and L. Wasserman, "Distribution-free predictive
    inference for regression", Journal of the American Statistical Association 113, 2018.
    """
    units = np.abs(truth - value) / _spread(of_trees)
    return np.quantile(units, coverage, axis=0, method="higher")


def intervals(
    value: np.ndarray, of_trees: np.ndarray, factors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the intervals around `value`, shape (rows, parameters) each."""
    width = factors * _spread(of_trees)
    return value - width, value + width


def write_model(model: MatchModel, path: Path) -> None:
    """Write a model as compressed arrays."""
    network = model.network
    layers = {
        f"{part}_{number}_{name}": array.astype(np.float32)
        for part in ("branch", "head")
        for number, layer in enumerate(getattr(network, part))
        for name, array in zip(("kernel", "bias"), layer, strict=True)
    }
    forest: dict[str, Any] = model.forest.to_arrays(value_type=np.float16)
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            format=_FORMAT,
            mean=network.mean.astype(np.float32),
            deviation=network.deviation.astype(np.float32),
            **layers,
            **{_FOREST + name: array for name, array in forest.items()},
            factors=model.factors,
            coverage=model.coverage,
            strangest=model.strangest,
            held_out=json.dumps(model.held_out),
            made_under=json.dumps(model.made_under, sort_keys=True),
        )


@cache
def read_model(path: Path = MODEL_FILE) -> MatchModel:
    """Read a model; a file is read once.

    Raises
    ------
    InputError
        If the file is missing, is no model, or has another format.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read as the model of match ({error})") from error
    if arrays.get("format") != _FORMAT:
        raise InputError(
            f"{path}: is not a model of format {_FORMAT}, which this version reads; the stage"
            " match_fit writes one"
        )
    forest = {
        name.removeprefix(_FOREST): array
        for name, array in arrays.items()
        if name.startswith(_FOREST)
    }
    return MatchModel(
        network=PairNetwork(
            mean=arrays["mean"],
            deviation=arrays["deviation"],
            branch=_layers(arrays, "branch"),
            head=_layers(arrays, "head"),
        ),
        forest=Forest.from_arrays(forest),
        factors=arrays["factors"],
        coverage=float(arrays["coverage"]),
        strangest=float(arrays["strangest"]),
        held_out=json.loads(str(arrays["held_out"])),
        made_under=json.loads(str(arrays["made_under"])),
    )


def _layers(arrays: Mapping[str, np.ndarray], part: str) -> list[Layer]:
    count = sum(name.startswith(f"{part}_") and name.endswith("_bias") for name in arrays)
    return [
        (arrays[f"{part}_{number}_kernel"], arrays[f"{part}_{number}_bias"])
        for number in range(count)
    ]


def _dense(layers: list[Layer], values: np.ndarray) -> np.ndarray:
    """Apply dense layers, GELU between them."""
    from scipy.special import erf

    for number, (kernel, bias) in enumerate(layers):
        values = values @ kernel + bias
        if number < len(layers) - 1:
            values = 0.5 * values * (1 + erf(values / np.sqrt(2)))
    return values.astype(np.float32)


def _spread(of_trees: np.ndarray) -> np.ndarray:
    """Return the standard deviation over the trees, shape (rows, parameters)."""
    return np.maximum(of_trees.std(axis=0), _LEAST_SPREAD)
