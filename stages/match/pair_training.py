"""How the pair network is trained: on pairs of loops of one material, drawn anew every epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.common.params import Match
from stages.common.progress import progress
from stages.match.pair_loss import loss_targets, pair_loss
from stages.match.pair_network import Layer, PairNetwork, scaled

_HEAD_UNITS = 128
_LEAST_DEVIATION = 0.02  # of a feature that hardly varies


@dataclass(frozen=True)
class Examples:
    """Rows of data/match/examples.npz."""

    dry: np.ndarray
    material: np.ndarray
    loop: np.ndarray
    compressed: np.ndarray
    source: np.ndarray
    settings: np.ndarray

    @classmethod
    def of_part(cls, arrays: dict[str, np.ndarray], part: int) -> Examples:
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
            # The rows of a loop lie together: as many as there are, less its own, follow them.
            first, last = (np.searchsorted(loops, own, side) for side in ("left", "right"))
            further = random.integers(0, len(loops) - (last - first))
            drawn[clips] = of_material[(last + further) % len(loops)]
        return drawn


def train_pairs(examples: Examples, options: Match, epochs: int) -> PairNetwork:
    """Train a network on pairs (dry loop A, compressed loop B), B's settings as targets.

    The loss is `pair_loss`; noise is added to the standardised dynamics, so that no single number
    of a recording is leant on.
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
    targets = scaled(examples.settings)
    branch = _dense_layers(options, dry.shape[1])
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
    pair = keras.layers.Concatenate()([difference, of_compressed])
    model = keras.Model(inputs, head(pair))
    steps = max(1, len(targets) // options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, epochs * steps)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=options.weight_decay),
        loss=pair_loss,
    )
    for epoch in progress(range(epochs), total=epochs, description="match pairs", unit="epoch"):
        random = np.random.default_rng([options.seed, epoch])
        partners, order = examples.partners(random), random.permutation(len(targets))
        for rows in np.array_split(order, steps):
            pair = [
                some + options.noise * random.standard_normal(some.shape, np.float32)
                for some in (dry[partners[rows]], compressed[rows])
            ]
            model.train_on_batch(pair, loss_targets(targets[rows], examples.dry[partners[rows]]))
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
