"""The two folders of recordings: drum loops and guitar phrases chosen from the packages."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import soundfile

from recordings.debian.grooves import GROOVES, Groove, strokes
from recordings.debian.kits import Instrument, read_kit, read_stereo

SAMPLES = Path("usr/share/lmms/samples")
DRUMKITS = Path("usr/share/hydrogen/data/drumkits")
SAMPLE_RATE = 44100
SEED = 1

# Played guitar in lmms-common: three Latin phrases, and one chord on a steel-string guitar, clean
# and at three strengths of distortion.
PHRASES = ("latin/latin_guitar01.ogg", "latin/latin_guitar02.ogg", "latin/latin_guitar03.ogg")
CHORD = (
    "instruments/steel_guitar01.ogg",
    "instruments/steel_guitar_slight_distorted01.ogg",
    "instruments/steel_guitar_medium_distorted01.ogg",
    "instruments/steel_guitar_heavy_distorted01.ogg",
)
CHORD_SECONDS = 2  # of each: what rings on after that hardly changes

# Which groove each kit plays, and the ids of the instruments that play its voices.
KIT_SECONDS = 8
KITS = {
    "Audiophob": ("half-time", {"kick": 0, "snare": 4, "hat": 6, "open": 10, "perc": 7}),
    "BJA_Pacific": ("funk", {"kick": 0, "snare": 1, "hat": 2, "open": 3, "perc": 4}),
    "circAfrique v4": ("tom", {"kick": 17, "snare": 1, "hat": 20, "open": 19, "perc": 2}),
    "ColomboAcousticDrumkit": ("rock", {"kick": 0, "snare": 1, "hat": 5, "open": 6, "perc": 3}),
    "ElectricEmpireKit": ("house", {"kick": 2, "snare": 13, "hat": 20, "open": 25, "perc": 29}),
    "ForzeeStereo": ("break", {"kick": 0, "snare": 4, "hat": 9, "open": 10, "perc": 2}),
    "Gimme A Hand 1.0": ("funk", {"kick": 0, "snare": 1, "hat": 2, "open": 7, "perc": 5}),
    "HardElectro1": ("house", {"kick": 0, "snare": 3, "hat": 6, "open": 10, "perc": 4}),
    "Millo-Drums_v.1": ("hip-hop", {"kick": 0, "snare": 4, "hat": 6, "open": 10, "perc": 7}),
    "Millo_MultiLayered2": ("tom", {"kick": 0, "snare": 2, "hat": 6, "open": 10, "perc": 7}),
    "Millo_MultiLayered3": ("rock", {"kick": 0, "snare": 4, "hat": 6, "open": 10, "perc": 7}),
    "rumpf_kit_z01_h2": ("hip-hop", {"kick": 0, "snare": 2, "hat": 6, "open": 10, "perc": 11}),
    "The Black Pearl 1.0": ("half-time", {"kick": 0, "snare": 2, "hat": 6, "open": 21, "perc": 7}),
    "VariBreaks": ("break", {"kick": 0, "snare": 3, "hat": 9, "open": 11, "perc": 8}),
}


def write_folders(root: Path, folder: Path) -> None:
    """Write `folder/drum` and `folder/guitar` from the unpacked packages under `root`.

    A file is what a listener would take for one performance, because windows of one file are kept
    together where loops must be unseen: all that a kit plays is one file, and so is one chord at
    all its strengths of distortion.
    """
    for material in ("drum", "guitar"):
        shutil.rmtree(folder / material, ignore_errors=True)
        (folder / material).mkdir(parents=True)
    for beat in sorted((root / SAMPLES / "beats").glob("*.ogg")):
        shutil.copyfile(beat, folder / "drum" / beat.name)
    for number, (name, (groove, voices)) in enumerate(KITS.items()):
        kit = read_kit(root / DRUMKITS / name)
        drums = {voice: kit[instrument] for voice, instrument in voices.items()}
        rng = np.random.default_rng([SEED, number])
        _write(folder / "drum" / f"kit {name}.flac", perform(GROOVES[groove], drums, rng))
    for phrase in PHRASES:
        shutil.copyfile(root / SAMPLES / phrase, folder / "guitar" / Path(phrase).name)
    takes = [read_stereo(root / SAMPLES / take, SAMPLE_RATE) for take in CHORD]
    strums = [_half_scale(take[: CHORD_SECONDS * SAMPLE_RATE]) for take in takes]
    _write(folder / "guitar" / "steel_guitar.flac", np.concatenate(strums))


def perform(groove: Groove, drums: dict[str, Instrument], rng: np.random.Generator) -> np.ndarray:
    """Play a groove on recorded drums for `KIT_SECONDS`.

    A stroke on the closed hi-hat chokes the open one, as feet do; all else rings out.

    Returns
    -------
    ndarray, shape (samples, 2), float64
    """
    sound = np.zeros((KIT_SECONDS * SAMPLE_RATE, 2))
    played = sorted(strokes(groove, KIT_SECONDS, rng), key=lambda stroke: stroke.start)
    for number, stroke in enumerate(played):
        hit = drums[stroke.voice].strike(stroke.velocity, SAMPLE_RATE)
        start = round(stroke.start * SAMPLE_RATE)
        if stroke.voice == "open":
            closed = (later.start for later in played[number + 1 :] if later.voice == "hat")
            hit = _choke(hit, round(next(closed, KIT_SECONDS) * SAMPLE_RATE) - start)
        end = min(start + len(hit), len(sound))
        sound[start:end] += hit[: end - start]
    return sound


def _choke(hit: np.ndarray, samples: int) -> np.ndarray:
    """Stop a hit after `samples`, over 10 ms."""
    fade = np.clip((samples - np.arange(len(hit))) / (0.01 * SAMPLE_RATE), 0, 1)
    return hit * fade[:, np.newaxis]


def _half_scale(sound: np.ndarray) -> np.ndarray:
    return 0.5 * sound / np.abs(sound).max()


def _write(file: Path, sound: np.ndarray) -> None:
    soundfile.write(file, _half_scale(sound), SAMPLE_RATE, subtype="PCM_24")
