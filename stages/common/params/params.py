"""The whole of params.yaml: every section, and that each name one of them uses is there."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from stages.common.params.checked import Checked, Key, ScaleName, Seed
from stages.common.params.grids import Grids
from stages.common.params.match import Match
from stages.common.params.models import Model
from stages.common.params.sections import (
    Compressor,
    Corpus,
    Evaluate,
    Handcraft,
    Handcrafted,
    HandcraftedTransfer,
    Input,
    Material,
    Render,
    Representation,
    Scale,
    Transfer,
)
from stages.common.params.training import Experiment, Train


class Params(Checked):
    """All of params.yaml."""

    scale: ScaleName
    sample_rate: Annotated[int, Field(ge=8000, le=192000)]
    materials: dict[Key, Material]
    render: Render
    compressor: Compressor
    grids: Grids
    settings_seed: Seed
    corpora: dict[Key, Corpus]
    representations: dict[Key, Representation]
    inputs: dict[Key, Input]
    handcraft: Handcraft
    models: dict[Key, Model]
    train: Train
    experiments: dict[Key, Experiment]
    transfers: dict[Key, Transfer]
    handcrafted: dict[Key, Handcrafted]
    handcrafted_transfers: dict[Key, HandcraftedTransfer]
    evaluate: Evaluate
    match: Match
    scales: dict[ScaleName, Scale]

    @cached_property
    def size(self) -> Scale:
        """The entry of `scales` that is in force."""
        return self.scales[self.scale]

    @property
    def clip_samples(self) -> int:
        """Length of every loop in samples."""
        return round(self.size.clip_seconds * self.sample_rate)

    @property
    def evaluated(self) -> list[str]:
        """Names of all that is cross-validated and has a file of metrics."""
        return [
            *self.experiments,
            *self.transfers,
            *self.handcrafted,
            *self.handcrafted_transfers,
        ]

    def model_of(self, experiment: str) -> Model:
        """Return the model that an experiment trains, as wide as the scale in force has it."""
        return self.models[self.experiments[experiment].model].narrowed(self.size.width)

    def training_of(self, experiment: str) -> Train:
        """Return the options of an experiment's trainings: `train`, with its own changes."""
        return self.experiments[experiment].train.applied_to(self.train)

    def max_epochs_of(self, experiment: str, grid: str) -> int:
        """Return how many epochs an experiment's network of a grid is trained at the most."""
        return self.experiments[experiment].max_epochs.get(self.scale, self.size.max_epochs[grid])

    def grids_of(self, experiment: str) -> list[str]:
        """Names of the grids that an experiment trains on."""
        entry = self.experiments[experiment]
        return list(entry.only or self.corpora[entry.corpus].grids)

    def grids_of_input(self, name: str) -> list[str]:
        """Names of the grids that an input holds."""
        entry = self.inputs[name]
        return list(entry.only or self.corpora[entry.corpus].grids)

    def loops_of(self, corpus: str, grid: str) -> int:
        """How many loops of its material a corpus takes under a grid, at the most."""
        loops = self.size.loops[self.corpora[corpus].material]
        return min(loops, self.size.grid_loops.get(grid, loops))

    def settings_of(self, grid: str) -> int:
        """How many settings of a grid each loop gets."""
        axes = self.grids.named[grid]
        every = prod(getattr(axes, name).count for name in axes.varied)
        return min(every, self.size.settings[grid] or every)

    def networks_of(self, experiment: str) -> int:
        """How many networks an experiment trains per grid: one, and one per fold it asks for."""
        return 1 + self.size.folds_run * self.experiments[experiment].unseen_loops

    def data_set(self, corpus: str, grid: str) -> str:
        """Name of one data set in the metrics: <material>-<grid>."""
        return f"{self.corpora[corpus].material}-{grid}"

    @model_validator(mode="after")
    def _references(self) -> Params:
        def known(place: str, value: str, names: object, kind: str) -> None:
            if value not in names:  # type: ignore[operator]
                raise ValueError(f"{place}: there is no {kind} named {value!r}")

        known("scale", self.scale, self.scales, "entry of scales")
        for name, corpus in self.corpora.items():
            known(f"corpora.{name}.material", corpus.material, self.materials, "material")
            for grid in corpus.grids:
                known(f"corpora.{name}.grids", grid, self.grids.named, "grid")
        for name, entry in self.inputs.items():
            known(f"inputs.{name}.corpus", entry.corpus, self.corpora, "corpus")
            known(
                f"inputs.{name}.representation",
                entry.representation,
                self.representations,
                "representation",
            )
            if name != f"{entry.corpus}-{entry.representation}":
                raise ValueError(
                    f"inputs.{name}: must be named {entry.corpus}-{entry.representation}"
                )
            if entry.material != self.corpora[entry.corpus].material:
                raise ValueError(f"inputs.{name}.material: must be its corpus's material")
            for grid in entry.only or []:
                grids = self.corpora[entry.corpus].grids
                known(f"inputs.{name}.only", grid, grids, "grid in its corpus")
        for name, experiment in self.experiments.items():
            known(f"experiments.{name}.model", experiment.model, self.models, "model")
            known(f"experiments.{name}.corpus", experiment.corpus, self.corpora, "corpus")
            known(f"experiments.{name}", experiment.input, self.inputs, "input")
            model = self.models[experiment.model]
            representation = self.representations[experiment.representation]
            if (model.kind == "sample_level") != (representation.samples is not None):
                raise ValueError(
                    f"experiments.{name}: a sample_level model, and no other, takes a waveform"
                )
            if (model.kind == "dense") != (representation.gain is not None):
                raise ValueError(
                    f"experiments.{name}: a dense model, and no other, takes a representation gain"
                )
            try:
                self.training_of(name)
            except ValidationError as error:
                rule = error.errors()[0]["msg"].removeprefix("Value error, ")
                raise ValueError(f"experiments.{name}.train: {rule}") from None
            for grid in self.grids_of(name):
                known(
                    f"experiments.{name}.only",
                    grid,
                    self.grids_of_input(experiment.input),
                    f"grid in input {experiment.input}",
                )
        for name, transfer in self.transfers.items():
            place = f"transfers.{name}"
            known(f"{place}.experiment", transfer.experiment, self.experiments, "experiment")
            known(f"{place}.corpus", transfer.corpus, self.corpora, "corpus")
            known(place, transfer.input, self.inputs, "input")
            if transfer.source != self.experiments[transfer.experiment].corpus:
                raise ValueError(f"{place}.source: must be its experiment's corpus")
            if transfer.representation != self.experiments[transfer.experiment].representation:
                raise ValueError(f"{place}.representation: must be its experiment's")
            for grid in self.corpora[transfer.corpus].grids:
                known(f"{place}.corpus", grid, self.grids_of(transfer.experiment), "trained grid")
        for name, handcrafted in self.handcrafted.items():
            known(f"handcrafted.{name}.corpus", handcrafted.corpus, self.corpora, "corpus")
        for name, carried in self.handcrafted_transfers.items():
            place = f"handcrafted_transfers.{name}"
            known(f"{place}.source", carried.source, self.corpora, "corpus")
            known(f"{place}.corpus", carried.corpus, self.corpora, "corpus")
            for grid in self.corpora[carried.corpus].grids:
                known(f"{place}.corpus", grid, self.corpora[carried.source].grids, "grid of source")
        for name in self.evaluated:
            if self.evaluated.count(name) > 1:
                raise ValueError(f"{name}: two entries have this name, and would share a file")
        for name, scale in self.scales.items():
            for material in self.materials:
                known(f"scales.{name}.loops", material, scale.loops, "number of loops for material")
            for grid in self.grids.named:
                known(
                    f"scales.{name}.settings", grid, scale.settings, "number of settings for grid"
                )
        return self
