"""The sections of params.yaml, apart from the grids."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from stages.common.params.checked import Checked, Count, Fraction, Positive, Seed
from stages.common.params.gain_bank import GainBank
from stages.common.params.models import Width


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
    """Options of the compressor that no grid varies."""

    detector: Literal["peak", "rms"] = "peak"
    smoothing: Literal["branching", "decoupled"] = "branching"
    knee_db: Annotated[float, Field(ge=0, le=60)] = 0.0
    makeup_db: Annotated[float, Field(ge=-60, le=60)] = 0.0
    identifiable_db: Annotated[float, Field(ge=0)] = 0.5


class Corpus(Checked):
    """One material under some grids."""

    material: str
    grids: Annotated[list[str], Field(min_length=1)]


class Representation(Checked):
    """A power spectrogram (n_fft, and mel_bands where it is a mel one), the first samples, or gain.

    `gain` is the gain-reduction curve, measured against a bank of such curves.
    """

    n_fft: Annotated[int, Field(ge=16)] | None = None
    mel_bands: Count | None = None
    samples: Count | None = None
    gain: GainBank | None = None

    @field_validator("n_fft")
    @classmethod
    def _power_of_two(cls, n_fft: int | None) -> int | None:
        if n_fft is not None and n_fft.bit_count() != 1:
            raise ValueError("must be a power of two")
        return n_fft

    @model_validator(mode="after")
    def _kind(self) -> Representation:
        if sum(kind is not None for kind in (self.n_fft, self.samples, self.gain)) != 1:
            raise ValueError("needs one of n_fft, samples and gain")
        if self.mel_bands is not None and self.n_fft is None:
            raise ValueError("mel_bands needs n_fft")
        return self


class Input(Checked):
    """One corpus in one representation."""

    material: str
    corpus: str
    representation: str
    only: Annotated[list[str], Field(min_length=1)] | None = None
    delayed_ms: Positive | None = None


class Handcraft(Checked):
    """How the handcrafted features are measured."""

    seed: Seed
    frame: Annotated[int, Field(ge=64)]
    hop: Count
    components: Count
    iterations: Count
    mel_bands: Count
    mfccs: Count

    @model_validator(mode="after")
    def _sizes(self) -> Handcraft:
        if self.frame % self.hop:
            raise ValueError(f"hop {self.hop} must divide frame {self.frame}")
        if self.mfccs > self.mel_bands:
            raise ValueError(f"mfccs {self.mfccs} must be at most mel_bands {self.mel_bands}")
        return self


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


class Handcrafted(Checked):
    """Forests on the handcrafted features of one corpus."""

    corpus: str


class HandcraftedTransfer(Checked):
    """Forests on the handcrafted features of one corpus, applied to another."""

    source: str
    corpus: str


class Evaluate(Checked):
    """How the forests are cross-validated."""

    seed: Seed
    test_fraction: Fraction
    max_features: Annotated[float, Field(gt=0, le=1)]
    penalty: Positive
    bootstrap: Count


class Scale(Checked):
    """How much of everything is made."""

    clip_seconds: Annotated[float, Field(ge=0.25, le=60)]
    loops: dict[str, Annotated[int, Field(ge=2)]]
    grid_loops: dict[str, Annotated[int, Field(ge=2)]]
    settings: dict[str, Annotated[int, Field(ge=2)] | None]
    max_epochs: dict[str, Count]
    dropout: dict[str, Annotated[float, Field(ge=0, lt=1)]]
    patience: Count
    width: Width
    trees: Count
    splits: Count
    folds: Annotated[int, Field(ge=2)]
    folds_run: Count

    @model_validator(mode="after")
    def _folds(self) -> Scale:
        if self.folds_run > self.folds:
            raise ValueError(f"folds_run {self.folds_run} must be at most folds {self.folds}")
        return self
