"""How networks are trained: the sections `train` and `experiments` of params.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stages.common.params.checked import Checked, Count, Fraction, Positive, ScaleName, Seed

Loss = Literal["squared", "absolute"]


class Train(Checked):
    """How every network is trained."""

    seed: Seed
    batch_size: Count
    loops_per_batch: Count
    validation_fraction: Fraction
    loss: Loss = "squared"
    optimizer: Literal["adadelta", "adamw"] = "adadelta"
    learning_rate: Positive
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    rho: Fraction
    epsilon: Positive

    @model_validator(mode="after")
    def _batches(self) -> Train:
        if self.batch_size % self.loops_per_batch:
            raise ValueError(
                f"loops_per_batch {self.loops_per_batch} must divide batch_size {self.batch_size}"
            )
        return self


class TrainChanges(Checked):
    """What one experiment has in the place of the values in `train`; None: the same."""

    batch_size: Count | None = None
    loops_per_batch: Count | None = None
    loss: Loss | None = None
    optimizer: Literal["adadelta", "adamw"] | None = None
    learning_rate: Positive | None = None
    schedule: Literal["constant", "cosine"] | None = None
    weight_decay: Annotated[float, Field(ge=0)] | None = None

    def applied_to(self, train: Train) -> Train:
        """Return `train` with the changes made, checked anew."""
        return Train.model_validate(train.model_dump() | self.model_dump(exclude_none=True))


Targets = Literal["linear", "sound"]
Regressor = Literal["forest", "ridge"]


class Experiment(Checked):
    """One model on one input, a network per grid."""

    model: str
    corpus: str
    representation: str
    only: Annotated[list[str], Field(min_length=1)] | None = None
    unseen_loops: bool = False
    seed: Seed | None = None
    train: TrainChanges = TrainChanges()
    max_epochs: dict[ScaleName, Count] = Field(default_factory=dict)
    targets: Targets = "linear"
    regressor: Regressor = "forest"

    @property
    def input(self) -> str:
        """Name of the network input, <corpus>-<representation>."""
        return f"{self.corpus}-{self.representation}"
