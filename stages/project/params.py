"""params.yaml as a whole, read and checked before a stage starts."""

from __future__ import annotations

import reprlib
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.events import AliasEvent

from siamese_drc.core.errors import InputError
from stages.project.grids import Checked, Grids, Key, ScaleName, Seed, nearest
from stages.project.networks import Experiment, Model, Train
from stages.project.sections import (
    Compressor,
    Corpus,
    Evaluate,
    Input,
    Match,
    Material,
    Render,
    Representation,
    Scale,
    Transfer,
)

LARGEST_FILE = 1_000_000  # characters of params.yaml
FAULTS = 5  # that one message names


class _WithoutAliases(Composer):
    """Refuses aliases: a few lines of them can stand for billions of values."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.parser.check_event(AliasEvent):
            line = self.parser.peek_event().start_mark.line + 1
            raise ValueError(f"line {line} has an alias (*name): write the values out")
        return super().compose_node(parent, index)


def load_params(path: Path | str = "params.yaml") -> Params:
    """Read and check `params.yaml` (YAML 1.2, as DVC reads it).

    Raises
    ------
    InputError
        If the file is missing, is larger than a million characters, is not YAML, has aliases, or
        breaks a rule: the message names key, value and rule, of up to five faults.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _WithoutAliases
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(LARGEST_FILE + 1)
        if len(text) > LARGEST_FILE:
            raise ValueError(f"has more than {LARGEST_FILE} characters")
        content = yaml.load(text)
    except Exception as error:  # ruamel.yaml raises many kinds
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: cannot be read as YAML ({reason})") from error
    return check_params(content, path)


def check_params(content: object, path: Path | str = "params.yaml") -> Params:
    """Check the parsed content of `params.yaml`; raise `InputError` as `load_params` does."""
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        faults = [_describe(fault, content, path) for fault in error.errors()]
        if len(faults) > FAULTS:
            faults[FAULTS:] = [f"and {len(faults) - FAULTS} more"]
        raise InputError("; ".join(faults)) from None


def _describe(fault: object, content: object, path: Path | str) -> str:
    missing = fault["type"] == "missing"  # type: ignore[index]
    place = ".".join(_keys(fault["loc"], content, missing))  # type: ignore[index]
    rule = fault["msg"].removeprefix("Value error, ")  # type: ignore[index]
    value = fault["input"]  # type: ignore[index]
    shown = f" = {reprlib.repr(value)}" if isinstance(value, str | int | float | list) else ""
    return f"{path}: {place}{shown}: {rule}" if place else f"{path}: {rule}"


def _keys(location: tuple[int | str, ...], content: Any, missing: bool) -> list[str]:
    """Return the keys on the way to a fault: pydantic also names the kind of a model there.

    `missing`: the last key is the one that is not there.
    """
    keys = []
    for number, part in enumerate(location, start=1):
        try:
            content = content[part]
        except (LookupError, TypeError):
            if number < len(location) or not missing:
                continue  # a kind
        keys.append(str(part))
    return keys


def _misfit(model: Model, representation: Representation) -> str:
    """Return the rule that a model breaks on a representation, or nothing."""
    if model.kind == "none":
        return ""
    if (model.kind == "sample_level") != (representation.samples is not None):
        return "a sample_level model, and no other network, takes a waveform"
    if (model.kind == "dense") != (representation.gain is not None):
        return "a dense model, and no other network, takes a representation gain"
    if representation.handcrafted is not None:
        return "no network takes handcrafted features; use a model of kind none"
    return ""


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
    models: dict[Key, Model]
    train: Train
    experiments: dict[Key, Experiment]
    transfers: dict[Key, Transfer]
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
        return [*self.experiments, *self.transfers]

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
                hint = nearest(value, names)  # type: ignore[arg-type]
                raise ValueError(f"{place}: there is no {kind} named {value!r}{hint}")

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
            fault = _misfit(model, representation)
            if fault:
                raise ValueError(f"experiments.{name}: {fault}")
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
        for name in self.evaluated:
            if self.evaluated.count(name) > 1:
                raise ValueError(f"{name}: two entries have this name, and would share a file")
        for name, scale in self.scales.items():
            for material in self.materials:
                known(f"scales.{name}.loops", material, scale.loops, "number of loops for material")
            for key in ("settings", "max_epochs", "dropout"):
                for grid in self.grids.named:
                    known(f"scales.{name}.{key}", grid, getattr(scale, key), "value for a grid")
            for grid in scale.grid_loops:
                known(f"scales.{name}.grid_loops", grid, self.grids.named, "grid")
        known("match.sizes", self.scale, self.match.sizes, "entry")
        return self
