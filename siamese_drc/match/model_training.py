"""Training of the learnt model: the network on pairs of loops, the forest, and the calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.parallel import progress
from siamese_drc.evaluation.trees import Forest
from siamese_drc.match.dynamics import PEAKS
from siamese_drc.match.model import (
    Layer,
    MatchModel,
    PairNetwork,
    calibrated_factors,
    restored,
    restored_threshold_db,
    scaled,
)
from siamese_drc.networks.backend import prepare_backend

_HEAD_UNITS = 128
_LEAST_DEVIATION = 0.02  # of a feature that hardly varies
_GAIN_WEIGHT = 0.05  # per dB of gain, beside 1 for the whole range of a setting
_PAIRS = 4  # drawn for every clip, to fit the forest and to calibrate the intervals


@dataclass(frozen=True)
class TrainingOptions:
    """Options of `fit_model`.

    `layers` holds the units of the branch's hidden layers. `noise` is the standard deviation of
    what is added to the standardised dynamics, so that the network does not rely on a single
    feature. The optimizer is AdamW; its learning rate falls to 0 along a cosine. `coverage` is the
    share of the settings that are to lie in their intervals.
    """

    seed: int
    layers: list[int]
    embedding: int
    dropout: float
    noise: float
    batch_size: int
    learning_rate: float
    weight_decay: float
    epochs: int
    trees: int
    max_leaf_nodes: int
    coverage: float


@dataclass(frozen=True)
class Examples:
    """Dry and compressed clips; the attributes are those of `training_examples.make_examples`."""

    dry: np.ndarray
    material: np.ndarray
    loop: np.ndarray
    compressed: np.ndarray
    source: np.ndarray
    settings: np.ndarray

    @classmethod
    def of_part(cls, arrays: Mapping[str, np.ndarray], part: int) -> Examples:
        """Take one part of the loops: 0 for training, 1 for calibration."""
        kept = arrays["part"] == part
        places = np.cumsum(kept) - 1
        clips = kept[arrays["source"]]
        return cls(
            dry=arrays["dry"][kept],
            material=arrays["material"][kept],
            loop=arrays["loop"][kept],
            compressed=arrays["compressed"][clips],
            source=places[arrays["source"][clips]],
            settings=arrays["settings"][clips],
        )

    def partners(self, random: np.random.Generator) -> np.ndarray:
        """Draw for every compressed clip a dry one of another loop of its material, (clips,)."""
        drawn = np.empty(len(self.source), np.int64)
        for material in np.unique(self.material):
            of_material = np.flatnonzero(self.material == material)
            clips = np.flatnonzero(self.material[self.source] == material)
            loops = self.loop[of_material]
            own = self.loop[self.source[clips]]
            # The rows of a loop are adjacent: count on from its last row, as many rows at most as
            # the other loops have.
            first, last = (np.searchsorted(loops, own, side) for side in ("left", "right"))
            further = random.integers(0, len(loops) - (last - first))
            drawn[clips] = of_material[(last + further) % len(loops)]
        return drawn


def fit_model(
    arrays: Mapping[str, np.ndarray], options: TrainingOptions, *, made_under: dict[str, Any]
) -> MatchModel:
    """Train the network, fit the forest on its embeddings and calibrate the intervals.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        From `training_examples.make_examples`.
    options : TrainingOptions
    made_under : dict
        Kept in the model, to tell how it was made.
    """
    training, held_out = (Examples.of_part(arrays, part) for part in (0, 1))
    network = train_network(training, options)
    embeddings, targets = _pairs(network, training, options.seed)
    forest, unlimited = (
        _fitted_forest(embeddings, targets, options, leaves)
        for leaves in (options.max_leaf_nodes, None)
    )
    embeddings, targets = _pairs(network, held_out, options.seed)
    value = network.output(embeddings)
    factors = calibrated_factors(
        value, forest.tree_predictions(embeddings), targets, options.coverage
    )
    model = MatchModel(
        network=network,
        forest=forest,
        factors=factors,
        coverage=options.coverage,
        strangest=0.0,
        held_out={
            "network": _errors(value, targets),
            "forest": _errors(forest.predict(embeddings), targets),
            "forest_without_limit": _errors(unlimited.predict(embeddings), targets),
        },
        made_under=made_under,
    )
    return replace(model, strangest=float(model.strangeness(training.compressed).max()))


def train_network(examples: Examples, options: TrainingOptions) -> PairNetwork:
    """Train the network on pairs (dry loop A, compressed loop B), with B's settings as targets.

    The loss is `pair_loss`; the partners A are drawn anew in every epoch.
    """
    prepare_backend(options.seed)
    import keras

    seen = np.concatenate([examples.dry, examples.compressed])
    network = PairNetwork(
        mean=seen.mean(axis=0),
        deviation=seen.std(axis=0) + np.float32(_LEAST_DEVIATION),
        branch=[],
        head=[],
    )
    dry, compressed = (network.standardised(some) for some in (examples.dry, examples.compressed))
    targets = scaled(examples.settings)
    hidden = [
        layer
        for units in options.layers
        for layer in (keras.layers.Dense(units, "gelu"), keras.layers.Dropout(options.dropout))
    ]
    branch = keras.Sequential(
        [keras.Input((dry.shape[1],)), *hidden, keras.layers.Dense(options.embedding)]
    )
    head = keras.Sequential(
        [
            keras.Input((2 * options.embedding,)),
            keras.layers.Dense(_HEAD_UNITS, "gelu"),
            keras.layers.Dropout(options.dropout),
            keras.layers.Dense(targets.shape[1]),
        ]
    )
    inputs = [keras.Input((dry.shape[1],)) for _ in range(2)]
    of_dry, of_compressed = (branch(one) for one in inputs)
    difference = keras.layers.Subtract()([of_dry, of_compressed])
    embedded = keras.layers.Concatenate()([difference, of_compressed])
    model = keras.Model(inputs, head(embedded))
    steps = max(1, len(targets) // options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * steps)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=options.weight_decay), loss=pair_loss)
    epochs = range(options.epochs)
    for epoch in progress(epochs, total=len(epochs), description="match pairs", unit="epoch"):
        random = np.random.default_rng([options.seed, epoch])
        partners, order = examples.partners(random), random.permutation(len(targets))
        for rows in np.array_split(order, steps):
            pairs = [
                some + options.noise * random.standard_normal(some.shape, np.float32)
                for some in (dry[partners[rows]], compressed[rows])
            ]
            model.train_on_batch(pairs, loss_targets(targets[rows], examples.dry[partners[rows]]))
    return PairNetwork(network.mean, network.deviation, _layers(branch), _layers(head))


def loss_targets(scaled_settings: np.ndarray, dry: np.ndarray) -> np.ndarray:
    """Return the targets of `pair_loss`: scaled settings, and the dry recordings' peaks in dB."""
    return np.hstack([scaled_settings, 10 * dry[:, PEAKS]]).astype(np.float32)


def pair_loss(targets: Any, output: Any) -> Any:
    """Return the mean absolute errors of the scaled settings and of the gain that they give.

    The gain is the static one (Giannoulis et al., 2012, eq. 3) at the peaks of the dry recording.
    It gives weight to errors that are audible: not to a threshold at a ratio near 1, nor to a ratio
    at a threshold above most of the loop, nor where two errors compensate each other.
    """
    from keras import ops

    settings, levels = targets[:, :4], targets[:, 4:]
    gain_error = _static_gain_db(output, levels) - _static_gain_db(settings, levels)
    return ops.mean(ops.abs(output - settings)) + _GAIN_WEIGHT * ops.mean(ops.abs(gain_error))


def _static_gain_db(settings: Any, levels: Any) -> Any:
    from keras import ops

    return (1 - settings[:, 1:2]) * ops.relu(levels - restored_threshold_db(settings[:, :1]))


def _layers(model: Any) -> list[Layer]:
    arrays = [np.asarray(array) for array in model.get_weights()]
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def _pairs(network: PairNetwork, examples: Examples, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the embeddings of pairs, and their targets."""
    random = np.random.default_rng([seed, len(examples.source)])
    embeddings = [
        network.embedding(examples.dry[examples.partners(random)], examples.compressed)
        for _ in range(_PAIRS)
    ]
    return np.concatenate(embeddings), np.tile(scaled(examples.settings), (_PAIRS, 1))


def _fitted_forest(
    embeddings: np.ndarray, targets: np.ndarray, options: TrainingOptions, leaves: int | None
) -> Forest:
    from siamese_drc.evaluation.forest import BinnedForestRegressor

    forest = BinnedForestRegressor(
        n_estimators=options.trees,
        max_features=1 / 3,
        max_leaf_nodes=leaves,
        random_state=options.seed,
        n_jobs=-1,
    )
    return forest.fit(embeddings, targets).forest_


def _errors(values: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Return the mean absolute error of each parameter, in its unit."""
    errors = np.abs(restored(values) - restored(targets)).mean(axis=0)
    return dict(zip(PARAMETERS, errors.tolist(), strict=True))
