"""How the pair network is trained: on pairs of loops of one material, drawn anew every epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.common.params import Match
from stages.common.progress import progress
from stages.match.pair_network import Layer, PairNetwork, scaled

_HEAD_UNITS = 128
_LEAST_DEVIATION = 0.02  # of a feature that hardly varies


@dataclass(frozen=True)
class Examples:
    """Rows of data/match/examples.npz."""

    dry: np.ndarray
    material: np.ndarray
    compressed: np.ndarray
    loop: np.ndarray
    settings: np.ndarray

    @classmethod
    def of_part(cls, arrays: dict[str, np.ndarray], part: int) -> Examples:
        """Take one part of the loops: 0 for training, 1 for calibration."""
        kept = arrays["part"] == part
        places = np.cumsum(kept) - 1
        clips = kept[arrays["loop"]]
        return cls(
            dry=arrays["dry"][kept],
            material=arrays["material"][kept],
            compressed=arrays["compressed"][clips],
            loop=places[arrays["loop"][clips]],
            settings=arrays["settings"][clips],
        )

    def partners(self, random: np.random.Generator) -> np.ndarray:
        """Draw for every clip another loop of its material, shape (clips,)."""
        drawn = np.empty(len(self.loop), np.int64)
        for material in np.unique(self.material):
            loops = np.flatnonzero(self.material == material)
            clips = np.flatnonzero(self.material[self.loop] == material)
            own = np.searchsorted(loops, self.loop[clips])
            further = random.integers(1, len(loops), len(clips))
            drawn[clips] = loops[(own + further) % len(loops)]
        return drawn


def train_pairs(examples: Examples, options: Match, epochs: int) -> PairNetwork:
    """Train a network on pairs (dry loop A, compressed loop B), B's settings as targets.

    The loss is the mean absolute error of the scaled settings; noise is added to the standardised
    dynamics, so that no single number of a recording is leant on.
    """
    import keras

    seen = np.concatenate([examples.dry, examples.compressed])
    network = PairNetwork(
        mean=seen.mean(axis=0),
        deviation=seen.std(axis=0) + np.float32(_LEAST_DEVIATION),
        branch=[],
        head=[],
    )
    dry, compressed = (network.standardised(some) for some in (examples.dry, examples.compressed))
    targets = scaled(examples.settings).astype(np.float32)
    branch = _dense_layers(options, dry.shape[1])
    head = keras.Sequential(
        [
            keras.Input((options.embedding,)),
            keras.layers.Dense(_HEAD_UNITS, "gelu"),
            keras.layers.Dropout(options.dropout),
            keras.layers.Dense(targets.shape[1]),
        ]
    )
    inputs = [keras.Input((dry.shape[1],)) for _ in range(2)]
    difference = keras.layers.Subtract()([branch(one) for one in inputs])
    model = keras.Model(inputs, head(difference))
    steps = max(1, len(targets) // options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, epochs * steps)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=options.weight_decay), loss="mae")
    for epoch in progress(range(epochs), total=epochs, description="match pairs", unit="epoch"):
        random = np.random.default_rng([options.seed, epoch])
        partners, order = examples.partners(random), random.permutation(len(targets))
        for rows in np.array_split(order, steps):
            pair = [
                some + options.noise * random.standard_normal(some.shape, np.float32)
                for some in (dry[partners[rows]], compressed[rows])
            ]
            model.train_on_batch(pair, targets[rows])
    return PairNetwork(network.mean, network.deviation, _layers(branch), _layers(head))


def _dense_layers(options: Match, features: int) -> Any:
    import keras

    layers = [keras.Input((features,))]
    for units in options.layers:
        layers += [keras.layers.Dense(units, "gelu"), keras.layers.Dropout(options.dropout)]
    return keras.Sequential([*layers, keras.layers.Dense(options.embedding)])


def _layers(model: Any) -> list[Layer]:
    arrays = [np.asarray(array) for array in model.get_weights()]
    return list(zip(arrays[::2], arrays[1::2], strict=True))
