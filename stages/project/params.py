"""params.yaml as a whole, read and checked before a stage starts."""

from __future__ import annotations

import reprlib
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML

from siamese_drc.core.errors import InputError
from stages.project import networks, sections
from stages.project.files import METRICS
from stages.project.grids import Checked, Grids, Key, ScaleName, Seed, nearest
from stages.project.networks import Experiment, Model, Train, UnseenLoops, narrowed

FAULTS = 5  # that one message names

_OF_TRAINED = {"model": "models", "corpus": "corpora", "input": "inputs"}
# By section: the fields of its entries that name an entry of another section.
REFERENCES = {
    "corpora": {"material": "materials", "grids": "grids"},
    "inputs": {
        "corpus": "corpora",
        "representation": "representations",
        "changed": "changes",
        "augmented": "changes",
    },
    "experiments": _OF_TRAINED,
    "unseen_loops": _OF_TRAINED | {"tested": "corpora"},
    "pretrained": {"experiment": "unseen_loops"},
    "transfers": {"experiment": "experiments", "corpus": "corpora", "input": "inputs"},
}
KINDS = {"corpora": "corpus", "unseen_loops": "entry"}  # of other sections: without the s


def load_params(path: Path | str = "params.yaml") -> Params:
    """Read and check `params.yaml` (YAML 1.2, as DVC reads it).

    InputError: the file is missing, is not YAML, or breaks a rule. The message names key, value and
    rule, of up to five faults.
    """
    try:
        content = YAML(typ="safe", pure=True).load(Path(path).read_text("utf-8"))
    except Exception as error:  # ruamel.yaml raises many kinds
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: cannot be read as YAML ({reason})") from error
    return check_params(content, path)


def check_params(content: object, path: Path | str = "params.yaml") -> Params:
    """Check the parsed content of `params.yaml`; raise `InputError` as `load_params` does."""
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        faults = [f"{path}: {_shortened(_describe(x, content))}" for x in error.errors()]
        if len(faults) > FAULTS:
            faults[FAULTS:] = [f"and {len(faults) - FAULTS} more"]
        raise InputError("; ".join(faults)) from None


def _describe(fault: Any, content: object, *above: str) -> str:
    """Return place, value and rule of a fault in what lies under the keys `above`."""
    place = ".".join([*above, *_keys(fault["loc"], content, fault["type"] == "missing")])
    rule, value = fault["msg"].removeprefix("Value error, "), fault["input"]
    shown = f" = {reprlib.repr(value)}" if isinstance(value, str | int | float | list) else ""
    return f"{place}{shown}: {rule}" if place else rule


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 500 else f"{text[:250]} ... {text[-240:]}"


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


def _known(place: str, value: str | Iterable[str], names: Collection[str], kind: str) -> None:
    for name in [value] if isinstance(value, str) else value:
        if name not in names:
            raise ValueError(f"{place}: there is no {kind} named {name!r}{nearest(name, names)}")


def _require(kept: bool, place: str, rule: str) -> None:
    if not kept:
        raise ValueError(f"{place}: {rule}")


def unseen_loops_name(experiment: str) -> str:
    """Name under which the networks of an entry of `unseen_loops` are kept."""
    return f"{experiment}-unseen-loops"


class Params(Checked):
    """All of params.yaml."""

    scale: ScaleName
    sample_rate: Annotated[int, Field(ge=8000, le=192000)]
    materials: dict[Key, sections.Material]
    render: sections.Render
    compressor: sections.Compressor
    grids: Grids
    settings_seed: Seed
    corpora: dict[Key, sections.Corpus]
    closed_form: dict[Key, sections.ClosedForm]
    representations: dict[Key, sections.Representation]
    changes: dict[Key, sections.Change]
    inputs: dict[Key, sections.Input]
    models: dict[Key, Model]
    train: Train
    experiments: dict[Key, Experiment]
    unseen_loops: dict[Key, UnseenLoops]
    pretrained: dict[Key, networks.PretrainedNetwork]
    transfers: dict[Key, sections.Transfer]
    evaluate: sections.Evaluate
    match: sections.Match
    scales: dict[ScaleName, sections.Scale]

    @cached_property
    def size(self) -> sections.Scale:
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

    @property
    def metrics(self) -> dict[str, Path]:
        """The file of metrics of each experiment, transfer and entry of `unseen_loops`."""
        folder = METRICS / self.scale
        names = {name: f"experiments/{name}" for name in self.evaluated}
        names |= {unseen_loops_name(name): f"unseen_loops/{name}" for name in self.unseen_loops}
        return {name: folder / f"{place}.json" for name, place in names.items()}

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
        entry = self.trained[experiment]
        own_seed = {} if entry.seed is None else {"seed": entry.seed}
        return Train.model_validate(self.train.model_dump() | entry.train | own_seed)

    def max_epochs_of(self, experiment: str) -> int:
        """Return how many epochs an experiment's networks are trained at the most."""
        entry = self.trained[experiment]
        kind = self.models[entry.model].kind
        return entry.max_epochs.get(self.scale) or getattr(self.size.max_epochs, kind)

    def grids_of(self, experiment: str) -> list[str]:
        """Names of the grids that an experiment trains on."""
        return self._chosen(self.trained[experiment])

    def grids_of_input(self, name: str) -> list[str]:
        """Names of the grids that an input holds."""
        return self._chosen(self.inputs[name])

    def _chosen(
        self, entry: Experiment | sections.Input, scale: ScaleName | None = None
    ) -> list[str]:
        only = entry.only
        if isinstance(only, dict):
            only = only.get(scale or self.scale)
        return list(only or self.corpora[entry.corpus].grids)

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
        _known("scale", self.scale, self.scales, "entry of scales")
        for section, fields in REFERENCES.items():
            for key, entry in getattr(self, section).items():
                for field, named in fields.items():
                    place = f"{section}.{key}" + (f".{field}" if field != "input" else "")
                    names = self.grids.named if named == "grids" else getattr(self, named)
                    _known(place, getattr(entry, field), names, KINDS.get(named, named[:-1]))
        self._check_inputs()
        self._check_changes()
        for name in self.experiments:
            self._check_trained(f"experiments.{name}", name)
        for name in self.unseen_loops:
            self._check_trained(f"unseen_loops.{name}", unseen_loops_name(name))
        self._check_tested()
        entries = Counter([*self.evaluated, *map(unseen_loops_name, self.unseen_loops)])
        for name, count in entries.items():
            _require(count == 1, name, "two entries have this name, and would share a file")
        drawn = [name for name, corpus in self.corpora.items() if corpus.drawn]
        for name, scale in self.scales.items():
            place = f"scales.{name}"
            _known(f"{place}.loops", self.materials, scale.loops, "number of loops for material")
            _known(f"{place}.settings", self.grids.named, scale.settings, "value for a grid")
            place = f"{place}.drawn_settings"
            _known(place, drawn, scale.drawn_settings, "value for a drawn corpus")
        _known("match.sizes", self.scale, self.match.sizes, "entry")
        return self

    def _check_changes(self) -> None:
        coded = any(change.mp3_level is not None for change in self.changes.values())
        known = not coded or self.sample_rate in sections.MP3_RATES
        _require(
            known, "sample_rate", f"must be one of {sections.MP3_RATES} where `changes` has MP3"
        )
        for name in self.changes:
            taken = {"untrained", "no", "output"} & set(name.split("-"))
            rule = "must not have the word untrained, no or output, which name other files"
            _require(not taken, f"changes.{name}", rule)
        for name, entry in self.inputs.items():
            grids = self.grids_of_input(name)
            made = [*grids, *(f"{grid}-{change}" for grid in grids for change in entry.changed)]
            unique = len(set(made)) == len(made)
            _require(unique, f"inputs.{name}.changed", "two of its folders would have one name")

    def _check_inputs(self) -> None:
        _known("closed_form", self.closed_form, self.corpora, "corpus")
        for name, solved in self.closed_form.items():
            same = solved.material == self.corpora[name].material
            _require(same, f"closed_form.{name}.material", "must be the corpus's material")
        for name, entry in self.inputs.items():
            place, corpus = f"inputs.{name}", self.corpora[entry.corpus]
            _require(name == entry.input, place, f"must be named {entry.input}")
            same = entry.material == corpus.material
            _require(same, f"{place}.material", "must be its corpus's material")
            for scale in self.scales:
                grids = self._chosen(entry, scale)
                _known(f"{place}.only", grids, corpus.grids, "grid in its corpus")

    def _check_trained(self, place: str, name: str) -> None:
        entry = self.trained[name]
        kind, given = self.models[entry.model].kind, self.representations[entry.representation]
        try:
            training = self.training_of(name)
        except ValidationError as error:
            raise ValueError(_describe(error.errors()[0], entry.train, f"{place}.train")) from None
        if kind != "none":
            fits = (kind == "sample_level") == (given.samples is not None)
            _require(fits, place, "a sample_level model, and no other network, takes a waveform")
            fits = (kind == "dense") == (given.gain is not None)
            rule = "a dense model, and no other network, takes a representation gain"
            _require(fits, place, rule)
            rule = "no network takes handcrafted features; use a model of kind none"
            _require(given.handcrafted is None, place, rule)
            fits = given.n_fft is not None or not training.level_db
            _require(fits, f"{place}.train.level_db", "only spectrograms are in dB; must be 0")
        fits = kind != "dense" or not training.random_start
        _require(fits, f"{place}.train.random_start", f"{kind} has no time axis")
        for scale in self.scales:
            grids = self._chosen(self.inputs[entry.input], scale)
            chosen = self._chosen(entry, scale)
            _known(f"{place}.only", chosen, grids, f"grid in input {entry.input}")

    def _check_tested(self) -> None:
        for name, unseen in self.unseen_loops.items():
            place, tested = f"unseen_loops.{name}", f"{unseen.tested}-{unseen.representation}"
            _known(f"{place}.tested", tested, self.inputs, "input")
            self._require_other_loops(f"{place}.tested", unseen.tested, unseen.corpus)
            trained, grids = self.grids_of(unseen_loops_name(name)), self.grids_of_input(tested)
            _known(f"{place}.only", trained, grids, f"grid in input {tested}")
        for name, shipped in self.pretrained.items():
            place, unseen = f"pretrained.{name}", self.unseen_loops[shipped.experiment]
            _known(f"{place}.corpus", shipped.corpus, [unseen.corpus], "training corpus")
            _known(f"{place}.tested", shipped.tested, [unseen.tested], "tested corpus")
            grids = self.grids_of(unseen_loops_name(shipped.experiment))
            _known(f"{place}.grid", shipped.grid, grids, "trained grid")
            given = self.representations[unseen.representation]
            heard = given.n_fft is not None or given.samples is not None
            fits = heard and self.models[unseen.model].kind != "none"
            rule = "must be a network on spectrograms or waveforms"
            _require(fits, f"{place}.experiment", rule)
        for name, transfer in self.transfers.items():
            place, experiment = f"transfers.{name}", self.experiments[transfer.experiment]
            same = transfer.source == experiment.corpus
            _require(same, f"{place}.source", "must be its experiment's corpus")
            same = transfer.representation == experiment.representation
            _require(same, f"{place}.representation", "must be its experiment's")
            grids, known = self.corpora[transfer.corpus].grids, self.grids_of(transfer.experiment)
            _known(f"{place}.corpus", grids, known, "trained grid")
            self._require_other_loops(f"{place}.corpus", transfer.corpus, transfer.source)
        for each in (*self.experiments.values(), *self.transfers.values()):
            _known("closed_form", each.corpus, self.closed_form, "tested corpus")
        names = {f"{each.tested}-{each.representation}" for each in self.unseen_loops.values()}
        for each in (*self.experiments.values(), *self.transfers.values()):
            names.add(f"{each.corpus}-{each.representation}")
        for name in names.intersection(self.inputs):
            rule = "must be empty: its clips are tested on, as they are (see `changed`)"
            _require(not self.inputs[name].augmented, f"inputs.{name}.augmented", rule)

    def _require_other_loops(self, place: str, tested: str, trained: str) -> None:
        """Check that a corpus does not have the loops that a network was trained on."""
        materials = [self.corpora[corpus].material for corpus in (tested, trained)]
        sources = [self.materials[material].source for material in materials]
        same = sources[0].recorded and sources[0].folder == sources[1].folder
        rule = f"must have other loops than corpus {trained}, which the network was trained on"
        _require(materials[0] != materials[1] and not same, place, rule)
