"""`params.yaml`, typed and checked: one message names the key, the value and the rule."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML, YAMLError

from stages.common.errors import InputError

PARAMETERS = ("threshold_db", "ratio", "attack_ms", "release_ms")


def _check_key(key: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key):
        raise ValueError("a name is lower-case letters and digits, with '-' between words")
    return key


Key = Annotated[str, AfterValidator(_check_key)]
Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Checked(BaseModel):
    """A part of params.yaml: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Source(Checked):
    """Where the loops of a material come from."""

    folder: str

    @field_validator("folder")
    @classmethod
    def _place(cls, folder: str) -> str:
        if not re.fullmatch(r"(stages/render|recordings)/[A-Za-z0-9_-]+", folder):
            raise ValueError(
                "must be a composer, stages/render/<name>, or recordings, recordings/<name>"
            )
        return folder

    @property
    def recorded(self) -> bool:
        """Whether the loops are recordings rather than composed here."""
        return self.folder.startswith("recordings/")


class Material(Checked):
    """One kind of loops."""

    source: Source


class Render(Checked):
    """How loops are rendered or cut."""

    seed: Seed
    soundfont: str | None
    fluidsynth_library: str | None
    silence_db: Annotated[float, Field(lt=0)]


class Compressor(Checked):
    """Options of the compressor that no grid varies (readings.md of the paper's reference [13])."""

    detector: Literal["peak", "rms"] = "peak"
    smoothing: Literal["branching", "decoupled"] = "branching"
    knee_db: Annotated[float, Field(ge=0, le=60)] = 0.0
    makeup_db: Annotated[float, Field(ge=-60, le=60)] = 0.0
    identifiable_db: Annotated[float, Field(ge=0)] = 0.5


class Axis(Checked):
    """Values of one parameter: start + i * step + (loop mod 8) * offset_per_loop."""

    start: float
    step: float | None = None
    stop: float | None = None
    count: Count
    offset_per_loop: float = 0.0

    @model_validator(mode="after")
    def _one_of_step_and_stop(self) -> Axis:
        if (self.step is None) == (self.stop is None):
            raise ValueError("needs either step or stop")
        if self.stop is not None and self.count < 2:
            raise ValueError("count must be at least 2 where stop is given")
        return self

    def values(self, loop: int) -> list[float]:
        """Return the `count` values for loop number `loop`, free of rounding noise."""
        if self.step is not None:
            step = self.step
        else:
            assert self.stop is not None
            step = (self.stop - self.start) / (self.count - 1)
        offset = (loop % 8) * self.offset_per_loop
        return [round(self.start + i * step + offset, 9) for i in range(self.count)]


_RULES = {
    "threshold_db": (lambda v: -120 <= v <= 0, "must lie between -120 and 0 dBFS"),
    "ratio": (lambda v: 1 <= v <= 1000, "must be at least 1 and at most 1000"),
    "attack_ms": (lambda v: 0 < v <= 10000, "must be above 0 and at most 10000 ms"),
    "release_ms": (lambda v: 0 < v <= 10000, "must be above 0 and at most 10000 ms"),
}


def check_setting(name: str, value: float) -> None:
    """Raise ValueError where `value` is impossible for the compressor parameter `name`."""
    allowed, rule = _RULES[name]
    if not allowed(value):
        raise ValueError(f"{name} {value:g}: {rule}")


class Setting(Checked):
    """One compressor setting."""

    threshold_db: float
    ratio: float
    attack_ms: float
    release_ms: float

    @model_validator(mode="after")
    def _possible(self) -> Setting:
        for name in PARAMETERS:
            check_setting(name, getattr(self, name))
        return self


class Grid(Checked):
    """One grid: the axes of the parameters that it varies."""

    threshold_db: Axis | None = None
    ratio: Axis | None = None
    attack_ms: Axis | None = None
    release_ms: Axis | None = None

    @property
    def varied(self) -> list[str]:
        """Names of the parameters that the grid varies, in the order of `PARAMETERS`."""
        return [name for name in PARAMETERS if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _possible(self) -> Grid:
        if not self.varied:
            raise ValueError("an empty grid: name at least one parameter")
        for name in self.varied:
            for loop in range(8):
                for value in getattr(self, name).values(loop):
                    check_setting(name, value)
        return self


class Grids(BaseModel):
    """The grids by name, beside the defaults of the parameters that a grid does not vary."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, Grid]

    defaults: Setting

    @property
    def named(self) -> dict[str, Grid]:
        """The grids by name, without the defaults."""
        return dict(self.__pydantic_extra__ or {})


class Corpus(Checked):
    """One material under some grids."""

    material: str
    grids: Annotated[list[str], Field(min_length=1)]


class Representation(Checked):
    """A power spectrogram (n_fft, and mel_bands where it is a mel one), or the first samples."""

    n_fft: Annotated[int, Field(ge=16, multiple_of=2)] | None = None
    mel_bands: Count | None = None
    samples: Count | None = None

    @model_validator(mode="after")
    def _kind(self) -> Representation:
        if (self.n_fft is None) == (self.samples is None):
            raise ValueError("needs either n_fft or samples")
        if self.mel_bands is not None and self.n_fft is None:
            raise ValueError("mel_bands needs n_fft")
        return self


class Input(Checked):
    """One corpus in one representation."""

    material: str
    corpus: str
    representation: str
    only: Annotated[list[str], Field(min_length=1)] | None = None


class Model(Checked):
    """Hyperparameters of Model 1 (Table I)."""

    filters: Annotated[list[Count], Field(min_length=1)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    embedding: Count


class Train(Checked):
    """How every network is trained."""

    seed: Seed
    batch_size: Count
    loops_per_batch: Count
    validation_fraction: Fraction
    learning_rate: Positive
    rho: Fraction
    epsilon: Positive

    @model_validator(mode="after")
    def _batches(self) -> Train:
        if self.batch_size % self.loops_per_batch:
            raise ValueError(
                f"loops_per_batch {self.loops_per_batch} must divide batch_size {self.batch_size}"
            )
        return self


class Experiment(Checked):
    """One model on one input, a network per grid."""

    model: str
    corpus: str
    representation: str
    only: Annotated[list[str], Field(min_length=1)] | None = None
    unseen_loops: bool = False

    @property
    def input(self) -> str:
        """Name of the network input, <corpus>-<representation>."""
        return f"{self.corpus}-{self.representation}"


class Transfer(Checked):
    """An experiment's networks applied to another corpus."""

    experiment: str
    source: str
    corpus: str
    representation: str

    @property
    def input(self) -> str:
        """Name of the network input, <corpus>-<representation>."""
        return f"{self.corpus}-{self.representation}"


class Evaluate(Checked):
    """How the forests are cross-validated."""

    seed: Seed
    test_fraction: Fraction
    max_features: Annotated[float, Field(gt=0, le=1)]
    bootstrap: Count


class Scale(Checked):
    """How much of everything is made."""

    clip_seconds: Annotated[float, Field(ge=0.25, le=60)]
    loops: dict[str, Annotated[int, Field(ge=2)]]
    settings: dict[str, Annotated[int, Field(ge=2)] | None]
    max_epochs: Count
    patience: Count
    trees: Count
    splits: Count
    folds: Annotated[int, Field(ge=2)]
    folds_run: Count

    @model_validator(mode="after")
    def _folds(self) -> Scale:
        if self.folds_run > self.folds:
            raise ValueError(f"folds_run {self.folds_run} must be at most folds {self.folds}")
        return self


class Params(Checked):
    """All of params.yaml."""

    scale: Literal["smoke", "laptop", "paper"]
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
    scales: dict[Literal["smoke", "laptop", "paper"], Scale]

    @cached_property
    def size(self) -> Scale:
        """The entry of `scales` that is in force."""
        return self.scales[self.scale]

    @property
    def clip_samples(self) -> int:
        """Length of every loop in samples."""
        return round(self.size.clip_seconds * self.sample_rate)

    def grids_of(self, experiment: str) -> list[str]:
        """Names of the grids that an experiment trains on."""
        entry = self.experiments[experiment]
        return list(entry.only or self.corpora[entry.corpus].grids)

    def grids_of_input(self, name: str) -> list[str]:
        """Names of the grids that an input holds."""
        entry = self.inputs[name]
        return list(entry.only or self.corpora[entry.corpus].grids)

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
        for name, scale in self.scales.items():
            for material in self.materials:
                known(f"scales.{name}.loops", material, scale.loops, "number of loops for material")
            for grid in self.grids.named:
                known(
                    f"scales.{name}.settings", grid, scale.settings, "number of settings for grid"
                )
        return self


def load_params(path: Path | str = "params.yaml") -> Params:
    """Read and check `params.yaml` (YAML 1.2, as DVC reads it).

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or breaks a rule: the message names the key, the
        value and the rule of every fault.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        content = YAML(typ="safe", pure=True).load(text)
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise InputError(f"{path}: cannot be read as YAML ({error})") from error
    return check_params(content, path)


def check_params(content: object, path: Path | str = "params.yaml") -> Params:
    """Check the parsed content of `params.yaml`; raise `InputError` as `load_params` does."""
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise InputError("; ".join(_describe(fault, path) for fault in error.errors())) from None


def _describe(fault: object, path: Path | str) -> str:
    place = ".".join(str(part) for part in fault["loc"])  # type: ignore[index]
    rule = fault["msg"].removeprefix("Value error, ")  # type: ignore[index]
    value = fault["input"]  # type: ignore[index]
    shown = f" = {value!r}" if isinstance(value, str | int | float | list) else ""
    return f"{path}: {place}{shown}: {rule}" if place else f"{path}: {rule}"
