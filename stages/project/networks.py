"""The sections of params.yaml about networks: models, how they are trained, experiments."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from stages.project.grids import (
    Checked,
    Count,
    Decibels,
    Fraction,
    NotNegative,
    Part,
    Positive,
    ScaleName,
    Seed,
    Share,
    Some,
)

Counts = Annotated[list[Count], Some]


class Width(Checked):
    """What the numbers of filters of each kind of network are multiplied by."""

    cnn: Annotated[float, Field(gt=0, le=10)]
    sample_level: Annotated[float, Field(gt=0, le=10)]
    multi_kernel: Annotated[float, Field(gt=0, le=10)]


class Cnn(Checked):
    """Model 1 (Table I); the last `time_only` convolutions are 1 x 3 (Table VIII)."""

    kind: Literal["cnn"] = "cnn"
    filters: Counts
    time_only: Annotated[int, Field(ge=0, le=100)] = 0
    embedding: Count
    dropout: Share = 0.0

    @model_validator(mode="after")
    def _enough_layers(self) -> Cnn:
        if self.time_only > len(self.filters):
            raise ValueError(f"time_only {self.time_only} must be at most {len(self.filters)}")
        return self


class SampleLevel(Checked):
    """Model 2 (Table II): the convolutions of its front end, then the residual back end."""

    kind: Literal["sample_level"] = "sample_level"
    filters: Counts
    kernel: Count
    back_end: Count
    embedding: Count


class Kernels(Checked):
    """Kernels by their length in frames, and the number of filters of each."""

    frames: Counts
    filters: Counts

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if len(self.frames) != len(self.filters):
            raise ValueError(f"has {len(self.frames)} frames and {len(self.filters)} filters")
        return self


class TimbreKernels(Kernels):
    """Kernels of each length over each share of the bands."""

    bands: Annotated[list[Part], Some]


class MultiKernel(Checked):
    """Model 3 (Fig. 2): kernels of many shapes side by side, then the residual back end."""

    kind: Literal["multi_kernel"] = "multi_kernel"
    timbre: TimbreKernels
    temporal: Kernels
    back_end: Count
    embedding: Count


class Dense(Checked):
    """Dense layers on a vector of features, equally wide at every scale."""

    kind: Literal["dense"] = "dense"
    layers: Counts
    noise: NotNegative = 0.0
    embedding: Count


class NoNetwork(Checked):
    """No network: the regressors read the input itself."""

    kind: Literal["none"] = "none"


Model = Annotated[Cnn | SampleLevel | MultiKernel | Dense | NoNetwork, Field(discriminator="kind")]


_FILTERS = ("filters", "back_end", "timbre", "temporal")


def narrowed(model: Model, width: Width) -> Model:
    """Return a model with its numbers of filters multiplied by the width of its kind."""
    factor = getattr(width, model.kind, 1.0)

    def scaled(part: Any) -> Any:
        if isinstance(part, int):
            return max(1, round(factor * part))
        if isinstance(part, list):
            return [scaled(count) for count in part]
        names = part.model_fields_set & set(_FILTERS)
        return part.model_copy(update={name: scaled(getattr(part, name)) for name in names})

    return scaled(model)


class Train(Checked):
    """How every network is trained."""

    seed: Seed
    batch_size: Count
    loops_per_batch: Count
    validation_fraction: Annotated[float, Field(gt=0, le=0.5)]
    loss: Literal["squared", "absolute"] = "squared"
    optimizer: Literal["adadelta", "adam", "adamw"] = "adadelta"
    learning_rate: Positive
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: NotNegative = 0.0
    rho: Fraction
    epsilon: Positive
    patience: Count | None = None
    ema_momentum: Share = 0.0
    level_db: Decibels = 0.0
    random_start: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _batches(self) -> Train:
        if self.batch_size % self.loops_per_batch:
            raise ValueError(
                f"loops_per_batch {self.loops_per_batch} must divide batch_size {self.batch_size}"
            )
        return self


Names = Annotated[list[str], Some]
Only = Names | dict[ScaleName, Names] | None


class Represented(Checked):
    """A corpus in a representation."""

    corpus: str
    representation: str

    @property
    def input(self) -> str:
        """Name of the network input, <corpus>-<representation>."""
        return f"{self.corpus}-{self.representation}"


class Experiment(Represented):
    """One model on one input, a network per grid."""

    model: str
    only: Only = None
    seed: Seed | None = None
    train: dict[str, Any] = Field(default_factory=dict)  # replaces values of `Params.train`
    max_epochs: dict[ScaleName, Count] = Field(default_factory=dict)
    targets: Literal["linear", "sound"] = "linear"
    regressor: Literal["forest", "ridge"] = "forest"


class UnseenLoops(Experiment):
    """An experiment whose network and regressor are tested on the loops of another corpus."""

    tested: str


class PretrainedNetwork(Checked):
    """A network of `unseen_loops` that the package ships, with a small forest."""

    experiment: str
    corpus: str
    tested: str
    grid: str
    trees: Count
    max_leaf_nodes: Annotated[int, Field(ge=2, le=10_000)]
