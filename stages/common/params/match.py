"""The model behind the match tool."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stages.common.params.checked import Checked, Count, Fraction, Key, Positive, ScaleName, Seed


class MatchSize(Checked):
    """How much the match tool's model is made from."""

    loops: Annotated[int, Field(ge=4)]
    calibration_loops: Annotated[int, Field(ge=2)]
    unseen_loops: Annotated[int, Field(ge=2)]
    settings: Annotated[int, Field(ge=2)]
    epochs: Count
    robustness_loops: Count


class Match(Checked):
    """Examples, network, forest and evaluation of the match tool."""

    seed: Seed
    materials: Annotated[list[Key], Field(min_length=1)]
    clip_seconds: Annotated[float, Field(ge=1, le=60)]
    layers: Annotated[list[Count], Field(min_length=1)]
    embedding: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]
    noise: Annotated[float, Field(ge=0)]
    batch_size: Count
    learning_rate: Positive
    weight_decay: Annotated[float, Field(ge=0)]
    trees: Count
    max_leaf_nodes: Annotated[int, Field(ge=2)]
    coverage: Fraction
    sizes: dict[ScaleName, MatchSize]
