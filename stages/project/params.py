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
from stages.project.networks import (
    Experiment,
    Model,
    PretrainedNetwork,
    Train,
    UnseenLoops,
    chosen,
    narrowed,
)
from stages.project.sections import (
    ClosedForm,
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
    text = " ".join((f"{place}{shown}: {rule}" if place else rule).split())
    return f"{path}: {text}" if len(text) <= 500 else f"{path}: {text[:250]} ... {text[-240:]}"


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


def unseen_loops_name(experiment: str) -> str:
    """Name under which the networks of an entry of `unseen_loops` are kept."""
    return f"{experiment}-unseen-loops"


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
    closed_form: dict[Key, ClosedForm]
    representations: dict[Key, Representation]
    inputs: dict[Key, Input]
    models: dict[Key, Model]
    train: Train
    experiments: dict[Key, Experiment]
    unseen_loops: dict[Key, UnseenLoops]
    pretrained: dict[Key, PretrainedNetwork]
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

    @cached_property
    def trained(self) -> dict[str, Experiment]:
        """All that is trained: the experiments, and those of `unseen_loops` under other names."""
        unseen = {unseen_loops_name(name): entry for name, entry in self.unseen_loops.items()}
        return self.experiments | unseen

    def model_of(self, experiment: str) -> Model:
        """Return the model that an experiment trains, as wide as the scale in force has it."""
        return narrowed(self.models[self.trained[experiment].model], self.size.width)

    def training_of(self, experiment: str) -> Train:
        """Return the options of an experiment's trainings: `train`, with its own changes."""
        return self.trained[experiment].train.applied_to(self.train)

    def max_epochs_of(self, experiment: str) -> int:
        """Return how many epochs an experiment's networks are trained at the most."""
        entry = self.trained[experiment]
        kind = self.models[entry.model].kind
        return entry.max_epochs.get(self.scale) or getattr(self.size.max_epochs, kind)

    def grids_of(self, experiment: str) -> list[str]:
        """Names of the grids that an experiment trains on."""
        entry = self.trained[experiment]
        return chosen(entry.only, self.scale, self.corpora[entry.corpus].grids)

    def grids_of_input(self, name: str) -> list[str]:
        """Names of the grids that an input holds."""
        entry = self.inputs[name]
        return chosen(entry.only, self.scale, self.corpora[entry.corpus].grids)

    def settings_of(self, corpus: str, grid: str) -> int:
        """How many settings of a grid each loop of a corpus gets."""
        if self.corpora[corpus].drawn:
            return self.size.drawn_settings[corpus]
        every = prod(self.grids.named[grid].counts)
        return min(every, self.size.settings[grid] or every)

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
        for name, solved in self.closed_form.items():
            known("closed_form", name, self.corpora, "corpus")
            if solved.material != self.corpora[name].material:
                raise ValueError(f"closed_form.{name}.material: must be the corpus's material")
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
            for grid in self.grids_of_input(name):
                grids = self.corpora[entry.corpus].grids
                known(f"inputs.{name}.only", grid, grids, "grid in its corpus")
        places = {name: f"experiments.{name}" for name in self.experiments}
        places |= {unseen_loops_name(name): f"unseen_loops.{name}" for name in self.unseen_loops}
        for name, experiment in self.trained.items():
            place = places[name]
            known(f"{place}.model", experiment.model, self.models, "model")
            known(f"{place}.corpus", experiment.corpus, self.corpora, "corpus")
            known(place, experiment.input, self.inputs, "input")
            model = self.models[experiment.model]
            representation = self.representations[experiment.representation]
            fault = _misfit(model, representation)
            if fault:
                raise ValueError(f"{place}: {fault}")
            try:
                training = self.training_of(name)
            except ValidationError as error:
                rule = error.errors()[0]["msg"].removeprefix("Value error, ")
                raise ValueError(f"{place}.train: {rule}") from None
            if model.kind != "none" and training.level_db and representation.n_fft is None:
                raise ValueError(f"{place}.train.level_db: only spectrograms are in dB; must be 0")
            if model.kind == "dense" and training.random_start:
                raise ValueError(f"{place}.train.random_start: {model.kind} has no time axis")
            for grid in self.grids_of(name):
                known(
                    f"{place}.only",
                    grid,
                    self.grids_of_input(experiment.input),
                    f"grid in input {experiment.input}",
                )
        for name, unseen in self.unseen_loops.items():
            place = f"unseen_loops.{name}"
            known(f"{place}.tested", unseen.tested, self.corpora, "corpus")
            tested = f"{unseen.tested}-{unseen.representation}"
            known(f"{place}.tested", tested, self.inputs, "input")
            for grid in self.grids_of(unseen_loops_name(name)):
                grids = self.grids_of_input(tested)
                known(f"{place}.only", grid, grids, f"grid in input {tested}")
        for name, shipped in self.pretrained.items():
            place = f"pretrained.{name}"
            known(f"{place}.experiment", shipped.experiment, self.unseen_loops, "entry")
            of_network = unseen_loops_name(shipped.experiment)
            unseen = self.unseen_loops[shipped.experiment]
            known(f"{place}.corpus", shipped.corpus, [unseen.corpus], "training corpus")
            known(f"{place}.tested", shipped.tested, [unseen.tested], "tested corpus")
            known(f"{place}.grid", shipped.grid, self.grids_of(of_network), "trained grid")
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
        corpora = [each.corpus for each in self.experiments.values()]
        for name in corpora + [each.corpus for each in self.transfers.values()]:
            known("closed_form", name, self.closed_form, "tested corpus")
        unseen_loops = [unseen_loops_name(name) for name in self.unseen_loops]
        names = [*self.experiments, *unseen_loops, *self.transfers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name}: two entries have this name, and would share a file")
        for name, scale in self.scales.items():
            for material in self.materials:
                known(f"scales.{name}.loops", material, scale.loops, "number of loops for material")
            for grid in self.grids.named:
                known(f"scales.{name}.settings", grid, scale.settings, "value for a grid")
            for key in (key for key, corpus in self.corpora.items() if corpus.drawn):
                place = f"scales.{name}.drawn_settings"
                known(place, key, scale.drawn_settings, "value for a drawn corpus")
        known("match.sizes", self.scale, self.match.sizes, "entry")
        return self
