"""The folders of recordings, from packages that hold only clicks and tones."""

from collections import Counter

import numpy as np
import pytest
import soundfile

from recordings.debian.folders import (
    CHORD,
    CHORD_SECONDS,
    DRUMKITS,
    KIT_SECONDS,
    KITS,
    PHRASES,
    SAMPLE_RATE,
    SAMPLES,
    perform,
    write_folders,
)
from recordings.debian.grooves import GROOVES, Groove
from recordings.debian.kits import Instrument, Layer
from stages.render.recordings import import_loops


def drum(file, sound):
    soundfile.write(file, sound, SAMPLE_RATE, subtype="FLOAT")
    return Instrument(file.stem, 1.0, (Layer(file, 0.0, 1.0, 1.0),))


def test_the_closed_hi_hat_chokes_the_open_one(tmp_path):
    drums = {
        "open": drum(tmp_path / "open.wav", np.full(SAMPLE_RATE, 0.5)),
        "hat": drum(tmp_path / "hat.wav", np.array([0.01])),
    }
    groove = Groove(tempo_bpm=60, swing=0.0, tabs={"open": "9" + "." * 15})
    ringing = perform(groove, drums, np.random.default_rng(0))[:, 0]
    choked = Groove(tempo_bpm=60, swing=0.0, tabs={"open": "9" + "." * 15, "hat": "..9....."})
    stopped = perform(choked, drums, np.random.default_rng(0))[:, 0]
    half = SAMPLE_RATE // 2  # the closed hi-hat comes after two sixteenths of 0.25 s
    assert ringing[half + 2000] > 0.3
    assert abs(stopped[half + 2000]) == 0.0
    assert stopped[half - 2000] == ringing[half - 2000]


@pytest.mark.parametrize("name", KITS)
def test_a_kit_has_every_voice_of_its_groove(name):
    groove, voices = KITS[name]
    assert set(GROOVES[groove].tabs) <= set(voices)


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    root = tmp_path_factory.mktemp("packages")
    rng = np.random.default_rng(3)
    for name in ["beats/a.ogg", "beats/b.ogg", *PHRASES, *CHORD]:
        file = root / SAMPLES / name
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, rng.normal(0, 0.1, 3 * SAMPLE_RATE), SAMPLE_RATE)
    for name, (_, voices) in KITS.items():
        kit = root / DRUMKITS / name
        kit.mkdir(parents=True)
        soundfile.write(kit / "hit.wav", rng.normal(0, 0.1, 1000), SAMPLE_RATE)
        instruments = "".join(
            f"<instrument><id>{number}</id><filename>hit.wav</filename></instrument>"
            for number in voices.values()
        )
        (kit / "drumkit.xml").write_text(f"<drumkit_info>{instruments}</drumkit_info>")
    return root


def test_each_performance_is_one_recording(packages, tmp_path):
    write_folders(packages, tmp_path)
    windows = {}
    for material in ("drum", "guitar"):
        loops = import_loops(
            tmp_path / material,
            count=200,
            samples=SAMPLE_RATE,
            sample_rate=SAMPLE_RATE,
            silence_db=-60.0,
        )
        windows[material] = sorted(Counter(loop.file for loop in loops).values())
    assert windows["drum"] == [3] * 2 + [KIT_SECONDS] * len(KITS)
    assert windows["guitar"] == [3] * len(PHRASES) + [len(CHORD) * CHORD_SECONDS]


def test_folders_are_written_anew_and_alike(packages, tmp_path):
    write_folders(packages, tmp_path)
    first = {file.name: file.read_bytes() for file in (tmp_path / "drum").iterdir()}
    (tmp_path / "drum" / "left over.wav").touch()
    write_folders(packages, tmp_path)
    assert {file.name: file.read_bytes() for file in (tmp_path / "drum").iterdir()} == first
