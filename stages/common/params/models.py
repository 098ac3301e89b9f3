"""The hyperparameters of the networks: the `models` section of params.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stages.common.params.checked import Checked, Count, Positive

Counts = Annotated[list[Count], Field(min_length=1)]


class Width(Checked):
    """What the numbers of filters of each kind of network are multiplied by."""

    cnn: Positive
    sample_level: Positive
    multi_kernel: Positive


class Cnn(Checked):
    """Model 1 (Table I); the last `time_only` convolutions are 1 x 3 (Table VIII)."""

    kind: Literal["cnn"] = "cnn"
    filters: Counts
    time_only: Annotated[int, Field(ge=0)] = 0
    embedding: Count

    @model_validator(mode="after")
    def _enough_layers(self) -> Cnn:
        if self.time_only > len(self.filters):
            raise ValueError(f"time_only {self.time_only} must be at most {len(self.filters)}")
        return self

    def narrowed(self, width: Width) -> Cnn:
        """Return the model with its numbers of filters multiplied by `width.cnn`."""
        return self.model_copy(update={"filters": _scaled(self.filters, width.cnn)})


class SampleLevel(Checked):
    """Model 2 (Table II): the convolutions of its front end, then the residual back end."""

    kind: Literal["sample_level"] = "sample_level"
    filters: Counts
    kernel: Count
    back_end: Count
    embedding: Count

    def narrowed(self, width: Width) -> SampleLevel:
        """Return the model with its numbers of filters multiplied by `width.sample_level`."""
        return self.model_copy(
            update={
                "filters": _scaled(self.filters, width.sample_level),
                "back_end": _scaled([self.back_end], width.sample_level)[0],
            }
        )


class Kernels(Checked):
    """Kernels by their length in frames, and the number of filters of each."""

    frames: Counts
    filters: Counts

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if len(self.frames) != len(self.filters):
            raise ValueError(f"has {len(self.frames)} frames and {len(self.filters)} filters")
        return self

    def narrowed(self, width: float) -> Self:
        """Return the kernels with their numbers of filters multiplied by `width`."""
        return self.model_copy(update={"filters": _scaled(self.filters, width)})


class TimbreKernels(Kernels):
    """Kernels of each length over each share of the bands."""

    bands: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1)]


class MultiKernel(Checked):
    """Model 3 (Fig. 2): kernels of many shapes side by side, then the residual back end."""

    kind: Literal["multi_kernel"] = "multi_kernel"
    timbre: TimbreKernels
    temporal: Kernels
    back_end: Count
    embedding: Count

    def narrowed(self, width: Width) -> MultiKernel:
        """Return the model with its numbers of filters multiplied by `width.multi_kernel`."""
        return self.model_copy(
            update={
                "timbre": self.timbre.narrowed(width.multi_kernel),
                "temporal": self.temporal.narrowed(width.multi_kernel),
                "back_end": _scaled([self.back_end], width.multi_kernel)[0],
            }
        )


class Dense(Checked):
    """Dense layers on a vector of features; as wide at every scale."""

    kind: Literal["dense"] = "dense"
    layers: Counts
    noise: Annotated[float, Field(ge=0)] = 0.0
    embedding: Count

    def narrowed(self, width: Width) -> Dense:
        """Return the model as it is."""
        return self


Model = Annotated[Cnn | SampleLevel | MultiKernel | Dense, Field(discriminator="kind")]


def _scaled(counts: Sequence[int], width: float) -> list[int]:
    return [max(1, round(width * count)) for count in counts]
