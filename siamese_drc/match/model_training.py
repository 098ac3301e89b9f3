"""Training of the learnt model: the network on pairs of loops, and the calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.parallel import progress
from siamese_drc.match.dynamics import PEAKS
from siamese_drc.match.model import (
    AUDIBLE_DB,
    HIGHEST,
    LOWEST,
    OUTPUTS,
    Layer,
    MatchModel,
    PairNetwork,
    interval_margins,
    parts,
    restored,
    scaled,
)
from siamese_drc.networks.backend import prepare_backend

_HEAD_UNITS = 128
_LEAST_DEVIATION = 0.02  # of a feature that hardly varies
_GAIN_WEIGHT = 0.05  # per dB of gain, beside 1 for the whole range of a setting
_SCORE_WEIGHT = 0.1  # of the cross-entropy


@dataclass(frozen=True)
class TrainingOptions:
    """Options of `fit_model`.

    `layers` holds the units of the branch's hidden layers. `noise` is the standard deviation of
    what is added to the standardised dynamics, so that the network does not rely on a single
    feature. The optimizer is AdamW; its learning rate falls to 0 along a cosine. `coverage` is the
    share of the settings that are to lie in their intervals, `refused` the share of the compressed
    references that may count as uncompressed.
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
    coverage: float
    refused: float


@dataclass(frozen=True)
class Examples:
    """Dry loops, and references: these under settings, and as they are.

    `dry` and `material` have a row per loop, the rows of a material adjacent; the others a row per
    reference: its features, the row of its loop in `dry`, its settings, whether it passed the
    compressor, and whether that can be heard.
    """

    dry: np.ndarray
    material: np.ndarray
    reference: np.ndarray
    source: np.ndarray
    settings: np.ndarray
    compressed: np.ndarray
    audible: np.ndarray

    @classmethod
    def of_part(cls, tables: Sequence[Mapping[str, np.ndarray]], part: int) -> Examples:
        """Take one part of the loops of `make_examples`: 0 for training, 1 for calibration.

        There can be several results of it; their materials stay apart.
        """
        joined = [cls._of_table(table, part) for table in tables]
        loops = np.cumsum([0, *(len(one.dry) for one in joined)])
        materials = np.cumsum([0, *(table["material"].max() + 1 for table in tables)])
        columns = {
            field.name: [getattr(one, field.name) for one in joined] for field in fields(cls)
        }
        for name, first in (("source", loops), ("material", materials)):
            columns[name] = [
                some + number for some, number in zip(columns[name], first[:-1], strict=True)
            ]
        return cls(**{name: np.concatenate(parts) for name, parts in columns.items()})

    @classmethod
    def _of_table(cls, arrays: Mapping[str, np.ndarray], part: int) -> Examples:
        kept = arrays["part"] == part
        dry, wet = (arrays[name][kept].astype(np.float32) for name in ("dry", "compressed"))
        settings = arrays["settings"][kept]
        loops, count = settings.shape[:2]
        reduction_db = arrays["reduction_db"][kept].ravel()
        number = np.arange(loops)
        return cls(
            dry=dry,
            material=arrays["material"][kept],
            reference=np.concatenate([wet.reshape(loops * count, -1), dry]),
            source=np.concatenate([np.repeat(number, count), number]),
            settings=np.concatenate([settings.reshape(-1, 4), settings[:, 0]]),
            compressed=np.repeat([True, False], [loops * count, loops]),
            audible=np.concatenate([reduction_db >= AUDIBLE_DB, np.zeros(loops, bool)]),
        )

    def partners(self, random: np.random.Generator) -> np.ndarray:
        """Draw for every reference another dry loop of its material, shape (references,)."""
        of_source = self.material[self.source]
        first, last = (np.searchsorted(self.material, of_source, s) for s in ("left", "right"))
        further = random.integers(1, last - first)
        return first + (self.source - first + further) % (last - first)


def fit_model(tables: Sequence[Mapping[str, np.ndarray]], options: TrainingOptions) -> MatchModel:
    """Train the network on tables of `make_examples`; calibrate its intervals and its score."""
    training, held_out = (Examples.of_part(tables, part) for part in (0, 1))
    network = train_network(training, options)
    partners = held_out.partners(np.random.default_rng(options.seed))
    found = parts(network.output(held_out.dry[partners], held_out.reference))
    known = held_out.compressed
    value, low, high = (some[known] for some in found[:3])
    truth = scaled(held_out.settings[known])
    errors = np.abs(restored(value) - restored(truth)).mean(axis=0)
    return MatchModel(
        network=network,
        margins=interval_margins(low, high, truth, options.coverage),
        coverage=options.coverage,
        least_score=float(np.quantile(found.score[held_out.audible], options.refused)),
        strangest=float(network.strangeness(training.reference).max()),
        held_out={"network": dict(zip(PARAMETERS, errors.tolist(), strict=True))},
    )


def train_network(examples: Examples, options: TrainingOptions) -> PairNetwork:
    """Train the network on pairs (dry loop A, reference B), with B's settings as targets.

    The loss is `pair_loss`; the partners A are drawn anew in every epoch.
    """
    prepare_backend(options.seed)
    import keras

    network = PairNetwork(
        mean=examples.reference.mean(axis=0),
        deviation=examples.reference.std(axis=0) + np.float32(_LEAST_DEVIATION),
        branch=[],
        head=[],
    )
    dry, reference = (network.standardised(some) for some in (examples.dry, examples.reference))
    dense, dropout = keras.layers.Dense, keras.layers.Dropout
    hidden = [
        layer
        for units in options.layers
        for layer in (dense(units, "gelu"), dropout(options.dropout))
    ]
    branch = keras.Sequential([keras.Input((dry.shape[1],)), *hidden, dense(options.embedding)])
    head = [dense(_HEAD_UNITS, "gelu"), dropout(options.dropout), dense(OUTPUTS)]
    head = keras.Sequential([keras.Input((2 * options.embedding,)), *head])
    inputs = [keras.Input((dry.shape[1],)) for _ in range(2)]
    of_dry, of_compressed = (branch(one) for one in inputs)
    difference = keras.layers.Subtract()([of_dry, of_compressed])
    embedded = keras.layers.Concatenate()([difference, of_compressed])
    model = keras.Model(inputs, head(embedded))
    steps = max(1, len(reference) // options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=options.weight_decay)
    model.compile(optimizer, loss=partial(pair_loss, coverage=options.coverage))
    epochs = range(options.epochs)
    for epoch in progress(epochs, total=len(epochs), description="match pairs", unit="epoch"):
        random = np.random.default_rng([options.seed, epoch])
        partners, order = examples.partners(random), random.permutation(len(reference))
        targets = loss_targets(examples, partners)
        for rows in np.array_split(order, steps):
            pairs = [
                some + options.noise * random.standard_normal(some.shape, np.float32)
                for some in (dry[partners[rows]], reference[rows])
            ]
            model.train_on_batch(pairs, targets[rows])
    return PairNetwork(network.mean, network.deviation, _layers(branch), _layers(head))


def loss_targets(examples: Examples, partners: np.ndarray) -> np.ndarray:
    """Return the targets of `pair_loss`, a row per reference.

    They are its scaled settings, whether it passed the compressor, whether that can be heard, and
    the peaks in dB of the dry loop with which it is compared.
    """
    columns = [
        scaled(examples.settings),
        examples.compressed[:, np.newaxis],
        examples.audible[:, np.newaxis],
        10 * examples.dry[partners, PEAKS],
    ]
    return np.hstack(columns).astype(np.float32)


def pair_loss(targets: Any, output: Any, *, coverage: float) -> Any:
    """Return the loss of settings, of the gain that they give, of intervals and of the score.

    Settings and gain have the mean absolute error. The gain is the static one (Giannoulis et al.,
    2012, eq. 3) at the peaks of the dry recording. It gives weight to errors that are audible: not
    to a threshold at a ratio near 1, nor to a ratio at a threshold above most of the loop, nor
    where two errors compensate each other. The ends of the intervals have the pinball loss
    (Koenker and Bassett, 1978), so that they are quantiles; the score has the cross-entropy.
    """
    from keras import ops

    settings, compressed, audible = targets[:, :4], targets[:, 4], targets[:, 5]
    levels = targets[:, 6:]
    found = parts(output)
    gain_error = _static_gain_db(found.value, levels) - _static_gain_db(settings, levels)
    share = (1 - coverage) / 2
    ends = _pinball(settings - found.low, share) + _pinball(settings - found.high, 1 - share)
    of_settings = ops.mean(ops.abs(found.value - settings) + ends, axis=-1)
    of_settings += _GAIN_WEIGHT * ops.mean(ops.abs(gain_error), axis=-1)
    score = found.score[:, 0]
    of_score = ops.softplus(score) - audible * score
    return ops.mean(compressed * of_settings + _SCORE_WEIGHT * of_score)


def _static_gain_db(settings: Any, levels: Any) -> Any:
    from keras import ops

    threshold_db = settings[:, :1] * float(HIGHEST[0] - LOWEST[0]) + float(LOWEST[0])
    return (1 - settings[:, 1:2]) * ops.relu(levels - threshold_db)


def _pinball(error: Any, share: float) -> Any:
    from keras import ops

    return ops.maximum(share * error, (share - 1) * error)


def _layers(model: Any) -> list[Layer]:
    arrays = [np.asarray(array) for array in model.get_weights()]
    return list(zip(arrays[::2], arrays[1::2], strict=True))
