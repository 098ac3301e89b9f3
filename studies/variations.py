"""Variations of the experiment that is to beat the paper: each undoes one of its choices."""

from __future__ import annotations

from dataclasses import dataclass

EXPERIMENT = "drum-d4p-dense-gain"
_ENTRY = f"experiments.{EXPERIMENT}"
_BANK = "representations.gain.gain"


@dataclass(frozen=True)
class Variation:
    """One run of the experiment.

    Parameters
    ----------
    name : str
        Of the DVC experiment.
    text : str
        What is other than in params.yaml.
    changes : tuple of str
        The same, as `dvc exp run -S` takes it.
    """

    name: str
    text: str
    changes: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """The command that runs it, in a folder of its own."""
        set_params = [part for change in self.changes for part in ("-S", change)]
        return [
            *("dvc", "exp", "run", "--temp", "--name", self.name),
            *set_params,
            f"evaluate@{EXPERIMENT}",
        ]


VARIATIONS = (
    Variation("gain", "as in params.yaml"),
    Variation("gain-linear", "targets in their units", (f"{_ENTRY}.targets=linear",)),
    Variation("gain-forest", "forest in the ridge's place", (f"{_ENTRY}.regressor=forest",)),
    Variation(
        "gain-adadelta",
        "Adadelta, as Models 1 to 3",
        (
            f"{_ENTRY}.train.optimizer=adadelta",
            f"{_ENTRY}.train.learning_rate=1.0",
            f"{_ENTRY}.train.schedule=constant",
        ),
    ),
    Variation("gain-squared", "mean squared error", (f"{_ENTRY}.train.loss=squared",)),
    Variation("gain-no-noise", "no noise in training", ("models.dense.noise=0.0",)),
    Variation("gain-constant", "no cosine", (f"{_ENTRY}.train.schedule=constant",)),
    Variation("gain-few-epochs", "20 epochs", (f"{_ENTRY}.max_epochs.laptop=20",)),
    Variation("gain-small-layers", "one layer of 64", ("models.dense.layers=[64]",)),
    Variation(
        "gain-small-bank",
        "7 x 3 x 3 curves in the bank",
        (
            f"{_BANK}.threshold_db.count=7",
            f"{_BANK}.attack_ms.count=3",
            f"{_BANK}.release_ms.count=3",
        ),
    ),
    Variation(
        "gain-large-bank",
        "55 x 17 x 17 curves in the bank",
        (
            f"{_BANK}.threshold_db.count=55",
            f"{_BANK}.attack_ms.count=17",
            f"{_BANK}.release_ms.count=17",
        ),
    ),
    # Less than a sample: no clip is moved.
    Variation("gain-unaligned", "clips not aligned", (f"{_BANK}.align_ms=0.001",)),
)
