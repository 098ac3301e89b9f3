"""The other sections of params.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from stages.project.grids import (
    Checked,
    Count,
    Decibels,
    Fraction,
    Frame,
    GainBank,
    Key,
    Many,
    NotNegative,
    Part,
    Positive,
    Samples,
    ScaleName,
    Seed,
    Share,
    Some,
)
from stages.project.networks import Only, Represented, Width


class Source(Checked):
    """Where the loops of a material come from."""

    folder: str

    @field_validator("folder")
    @classmethod
    def _place(cls, folder: str) -> str:
        if not re.fullmatch(r"(siamese_drc/loops|recordings)/[A-Za-z0-9_-]{1,100}", folder):
            raise ValueError(
                "must be a composer, siamese_drc/loops/<name>, or recordings, recordings/<name>"
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
    silence_db: Annotated[float, Field(ge=-200, lt=0)]


class Compressor(Checked):
    """Options of the compressor that no grid varies."""

    detector: Literal["peak", "rms"] = "peak"
    smoothing: Literal["branching", "decoupled"] = "branching"
    knee_db: Decibels = 0.0
    makeup_db: Annotated[float, Field(ge=-60, le=60)] = 0.0
    identifiable_db: Decibels = 0.5


class Corpus(Checked):
    """One material under some grids."""

    material: str
    grids: Annotated[list[str], Some]
    drawn: bool = False


class ClosedForm(Checked):
    """A corpus whose settings are solved from the stored audio."""

    material: str


class Handcrafted(Checked):
    """How the handcrafted features are measured."""

    seed: Seed
    frame: Annotated[int, Field(ge=64, le=65_536, multiple_of=2)]
    hop: Count
    components: Count
    iterations: Count
    mel_bands: Count
    mfccs: Count

    @model_validator(mode="after")
    def _sizes(self) -> Handcrafted:
        if self.frame % self.hop:
            raise ValueError(f"hop {self.hop} must divide frame {self.frame}")
        if self.mfccs > self.mel_bands:
            raise ValueError(f"mfccs {self.mfccs} must be at most mel_bands {self.mel_bands}")
        return self


class Representation(Checked):
    """What is made of a clip; exactly one of four kinds.

    n_fft, mel_bands : a power spectrogram, or a mel one where `mel_bands` is given
    samples : the first samples of the waveform
    gain : the gain profile, a comparison with a bank of gain-reduction curves
    handcrafted : the handcrafted features
    """

    n_fft: Frame | None = None
    mel_bands: Count | None = None
    samples: Samples | None = None
    gain: GainBank | None = None
    handcrafted: Handcrafted | None = None

    @model_validator(mode="after")
    def _kind(self) -> Representation:
        kinds = (self.n_fft, self.samples, self.gain, self.handcrafted)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("needs one of n_fft, samples, gain and handcrafted")
        if self.mel_bands is not None and self.n_fft is None:
            raise ValueError("mel_bands needs n_fft")
        return self

    def options(self) -> dict[str, Any]:
        """Return the arguments of `siamese_drc.inputs.represent` for the first two kinds."""
        return {"n_fft": self.n_fft, "mel_bands": self.mel_bands, "samples": self.samples}


MP3_RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)  # at others, the length changes


class Change(Checked):
    """What happens to clips: arguments of `siamese_drc.inputs.changed`."""

    delay_ms: Annotated[float, Field(ge=0, le=100)] = 0.0
    tilt_db: Annotated[float, Field(ge=-24, le=24)] = 0.0
    limit_db: Annotated[float, Field(ge=0, le=60)] = 0.0
    mp3_level: Annotated[float, Field(ge=0, le=0.9)] | None = None


class Input(Represented):
    """One corpus in one representation."""

    material: str
    only: Only = None
    changed: list[str] = Field(default_factory=list, max_length=100)
    augmented: list[str] = Field(default_factory=list, max_length=100)


class Transfer(Represented):
    """An experiment's networks applied to another corpus."""

    experiment: str
    source: str


class Evaluate(Checked):
    """How the forests are cross-validated."""

    seed: Seed
    test_fraction: Fraction
    max_features: Part
    penalty: Positive
    bootstrap: Annotated[int, Field(ge=100, le=10_000)]


class MaxEpochs(Checked):
    """How many epochs the networks of each kind are trained."""

    cnn: Count
    sample_level: Count
    multi_kernel: Count
    dense: Count


class Scale(Checked):
    """How much of everything is made."""

    clip_seconds: Annotated[float, Field(ge=0.25, le=60)]
    loops: dict[Key, Many]
    settings: dict[Key, Many | None]
    drawn_settings: dict[Key, Many]
    max_epochs: MaxEpochs
    width: Width
    precision: Literal["float32", "mixed_bfloat16"]
    trees: Count
    splits: Count


class MatchSize(Checked):
    """How much the match tool's model is made from."""

    loops: Annotated[int, Field(ge=4, le=1_000_000)]
    calibration_loops: Many
    unseen_loops: Many
    settings: Many
    epochs: Count


class Match(Checked):
    """Examples, network and evaluation of the match tool."""

    seed: Seed
    materials: Annotated[list[Key], Some]
    clip_seconds: Annotated[float, Field(ge=1, le=60)]
    layers: Annotated[list[Count], Some]
    embedding: Count
    dropout: Share
    noise: NotNegative
    batch_size: Count
    learning_rate: Positive
    weight_decay: NotNegative
    coverage: Fraction
    refused: Fraction
    sizes: dict[ScaleName, MatchSize]
