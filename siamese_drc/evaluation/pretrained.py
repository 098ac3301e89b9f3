"""A trained siamese network with the forest on its embeddings, in one file of the package."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from siamese_drc.core.errors import InputError, reading
from siamese_drc.core.outputs import replaced
from siamese_drc.evaluation.trees import Forest
from siamese_drc.inputs.spectrogram import represent

FOLDER = Path(__file__).parents[1] / "pretrained"
_FORMAT = 1
_WEIGHT, _FOREST = "weight_", "forest_"


@dataclass(frozen=True)
class Pretrained:
    """A network and a forest that know the settings of a compressor from a loop and its result.

    The facts are `model` (options of `build_siamese`), `input` (options of `represent`),
    `input_shape`, `sample_rate` (Hz), `clip_samples`, `mean`, `deviation`, `parameters`, `errors`
    (mean absolute errors on loops that nothing has seen) and `untrained` (those of the network at
    its first weights, with a forest of the same size).
    """

    facts: dict[str, Any]
    weights: list[np.ndarray] = field(repr=False)  # for `set_weights` of the network
    forest: Forest = field(repr=False)  # its targets are `parameters`, in their units

    def embed(self, dry: np.ndarray, compressed: np.ndarray, *, sample_rate: int) -> np.ndarray:
        """Return the embedding of each compressed version of a loop.

        Parameters
        ----------
        dry : ndarray, shape (samples,), full scale 1.0
            The loop; it is repeated or cut to the length of the network's input.
        compressed : ndarray, shape (samples,) or (clips, samples)
            The same loop compressed, aligned with it to the sample.
        sample_rate : int, Hz

        Returns
        -------
        ndarray, shape (50,) or (clips, 50), float32

        Raises
        ------
        InputError
            If the sample rate is not the network's, the shapes differ, the loop is silent, or a
            sample is not finite.
        """
        dry, compressed = np.asarray(dry, np.float32), np.asarray(compressed, np.float32)
        if sample_rate != self.facts["sample_rate"]:
            rule = f"must be the network's, {self.facts['sample_rate']} Hz"
            raise InputError(f"sample_rate {sample_rate}: {rule}; resample the sounds first")
        if dry.ndim != 1 or compressed.shape[-1:] != dry.shape:
            raise InputError(
                f"compressed: has shape {compressed.shape}, must end in the loop's, {dry.shape}"
            )
        clips = np.concatenate([dry[None], compressed.reshape(-1, len(dry))])
        if not np.isfinite(clips).all():
            raise InputError("dry, compressed: must be finite numbers, not NaN or infinity")
        clips = np.resize(clips.T, (self.facts["clip_samples"], len(clips))).T
        features = self._features(clips / self._peak(dry))
        embeddings = features[:1] - features[1:]
        return embeddings.reshape(*compressed.shape[:-1], -1)

    def predict(
        self, dry: np.ndarray, compressed: np.ndarray, *, sample_rate: int
    ) -> dict[str, np.ndarray]:
        """Return the settings under which a loop became its compressed version.

        The arguments and errors are those of `embed`.

        Returns
        -------
        dict of str to ndarray, shape () or (clips,)
            By parameter: threshold_db (of the loop as it is given), ratio, attack_ms, release_ms,
            as far as the network was trained for them.
        """
        embeddings = self.embed(dry, compressed, sample_rate=sample_rate)
        values = self.forest.predict(embeddings.reshape(-1, embeddings.shape[-1]))
        found = dict(zip(self.facts["parameters"], values.T, strict=True))
        if "threshold_db" in found:  # the network hears loops of peak 1
            found["threshold_db"] = found["threshold_db"] + 20 * np.log10(self._peak(dry))
        return {name: column.reshape(embeddings.shape[:-1]) for name, column in found.items()}

    @staticmethod
    def _peak(dry: np.ndarray) -> float:
        peak = float(np.abs(dry).max(initial=0.0))
        if not 0 < peak < np.inf:
            raise InputError(f"dry: its peak is {peak}, must be above 0 and finite")
        return peak

    def _features(self, clips: np.ndarray) -> np.ndarray:
        clips, rate = np.ascontiguousarray(clips, np.float32), self.facts["sample_rate"]
        inputs = represent(clips, sample_rate=rate, **self.facts["input"])
        scaled = (inputs.astype(np.float32) - self.facts["mean"]) / self.facts["deviation"]
        one_by_one = map(self._network.branch.predict_on_batch, scaled[:, None, ..., None])
        return np.concatenate([np.asarray(features) for features in one_by_one])

    @cached_property
    def _network(self) -> Any:
        from siamese_drc.networks.siamese import build_siamese

        shape, outputs = self.facts["input_shape"], len(self.facts["parameters"])
        network = build_siamese(input_shape=shape, outputs=outputs, **self.facts["model"])
        network.set_weights(self.weights)
        return network


def load_pretrained(name: str | Path) -> Pretrained:
    """Return a network of the package, or that of a file.

    Parameters
    ----------
    name : str or Path
        "drum-dm2": attack and release of drum loops; "drum-d4p": all four parameters. Or the path
        of a file that `save_pretrained` wrote. Embedding needs Keras and a backend of it:
        `pip install siamese-drc[pipeline]`.

    Raises
    ------
    InputError
        If there is no such network, or the file cannot be read.

    Examples
    --------
    >>> load_pretrained("drum-dm2").facts["parameters"]
    ['attack_ms', 'release_ms']
    """
    path = name if isinstance(name, Path) else FOLDER / f"{name}.npz"
    if not path.exists():
        known = sorted(file.stem for file in FOLDER.glob("drum-*.npz"))
        raise InputError(f"{name}: no such network; there are: {', '.join(known)}")
    with reading(path):
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        if arrays["format"] != _FORMAT:
            raise InputError(f"{path}: is of format {arrays['format']}, must be {_FORMAT}")
        count = sum(key.startswith(_WEIGHT) for key in arrays)
        weights = [arrays[f"{_WEIGHT}{number}"] for number in range(count)]
        forest = {key.removeprefix(_FOREST): array for key, array in arrays.items()}
        return Pretrained(json.loads(str(arrays["facts"])), weights, Forest.from_arrays(forest))


def save_pretrained(model: Pretrained, path: Path) -> None:
    """Write a network and its forest as one file of compressed arrays."""
    weights = {f"{_WEIGHT}{number}": array for number, array in enumerate(model.weights)}
    forest = {_FOREST + key: array for key, array in model.forest.to_arrays().items()}
    facts = json.dumps(model.facts, sort_keys=True)
    with replaced(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, format=_FORMAT, facts=facts, **weights, **forest)  # type: ignore[arg-type]
