"""Exported settings, loaded by the programs that they are for: the gain is as close as stated."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest
import soundfile

from siamese_drc.app.examples import SETTINGS, write_pairs
from siamese_drc.export.files import ACOMPRESSOR, FILES, ZAMCOMP, exports
from siamese_drc.export.fitting import Wanted, fit_compand, fit_stage
from siamese_drc.match.families import FamilyCompressor, Link
from siamese_drc.solver.gain_model import Family
from tests.export.programs import as_ffmpeg_compand, by_ffmpeg, by_ladspa, by_sox
from tests.match.references import hits

RATE = 44100
MAKEUP_DB = 2.0
FOUND = {**SETTINGS, "makeup_db": MAKEUP_DB}


def gain_db(loop: np.ndarray, settings: dict[str, float], link: Link | None = None) -> np.ndarray:
    compressor = FamilyCompressor(settings, sample_rate=RATE, link=link, channels=len(loop))
    return settings["makeup_db"] - compressor.process(loop).reduction_db[np.newaxis].astype(float)


class Case:
    """A loop, the gain that is wanted on it, and what is exported."""

    def __init__(self, loop: np.ndarray, link: Link | None = None) -> None:
        self.loop = loop
        self.gain = gain_db(loop, FOUND, link)
        made = exports(FOUND, loop, self.gain, sample_rate=RATE, document={"settings": FOUND})
        assert [each.file for each in made] == [*FILES]
        self.files = {each.file: each for each in made}

    def error_db(self, processed: np.ndarray) -> float:
        """Return the error of the gain that another program applied, as it is stated."""
        samples = self.loop.shape[1]
        with np.errstate(all="ignore"):
            theirs = 20 * np.log10(np.abs(processed[:, :samples] / self.loop))
        loud = np.abs(self.loop) > 0.003
        apart = (theirs - self.gain)[loud]
        return float(np.sqrt(np.mean(np.square(apart))))


@pytest.fixture(scope="module")
def mono(tmp_path_factory) -> Case:
    loop = write_pairs(tmp_path_factory.mktemp("pairs"))[0].loop
    return Case(soundfile.read(loop, dtype="float32", always_2d=True)[0].T)


@pytest.fixture(scope="module")
def stereo(mono) -> Case:
    loop = mono.loop[:, : 2 * RATE]
    return Case(np.concatenate([loop, 0.6 * np.roll(loop, 3000)]), link="maximum")


def closeness(case: Case, file: str, processed: np.ndarray) -> None:
    stated, error = case.files[file].error_db, case.error_db(processed)
    assert error == pytest.approx(stated, rel=0.2)


def test_ffmpeg_acompressor(mono):
    line = mono.files["ffmpeg-acompressor.txt"].text
    closeness(mono, "ffmpeg-acompressor.txt", by_ffmpeg(mono.loop, line, RATE))


def test_sox_compand(mono, tmp_path):
    effect = mono.files["sox-compand.txt"].text
    closeness(mono, "sox-compand.txt", by_ffmpeg(mono.loop, as_ffmpeg_compand(effect), RATE))
    closeness(mono, "sox-compand.txt", by_sox(mono.loop, effect, RATE, tmp_path))


def test_pedalboard(mono):
    pytest.importorskip("pedalboard")
    export = mono.files["pedalboard.py"]
    names: dict = {}
    exec(export.text, names)
    closeness(mono, "pedalboard.py", names["board"](mono.loop, RATE))
    assert export.error_db < 0.3


def controls(preset: str) -> str:
    """Return a preset's values as the `ladspa` filter takes them; both have one order."""
    values = re.findall(r'lv2:symbol "(\w+)" ; pset:value (\S+)', preset)
    return "|".join(f"c{n}={value}" for n, (_, value) in enumerate(values))


def test_zamcomp_is_this_compressor(mono, tmp_path):
    preset = mono.files[FILES[-1]]
    assert preset.error_db < 1e-4
    wet = by_ladspa(mono.loop, "ZamComp", controls(preset.text), RATE, tmp_path)
    wanted = mono.loop * 10 ** (mono.gain / 20)
    left = np.square(wet[:, : wanted.shape[1]] - wanted).sum() / np.square(wanted).sum()
    assert 10 * np.log10(left) < -90


def test_stereo(stereo, tmp_path):
    line = stereo.files["ffmpeg-acompressor.txt"].text
    closeness(stereo, "ffmpeg-acompressor.txt", by_ffmpeg(stereo.loop, line, RATE))
    preset = stereo.files[FILES[-1]]
    assert "urn:zamaudio:ZamCompX2" in preset.text
    assert preset.error_db < 1e-3
    wet = by_ladspa(stereo.loop, "ZamCompX2", controls(preset.text), RATE, tmp_path)
    assert stereo.error_db(wet) < 0.01


def test_a_quiet_loop_is_turned_up_for_acompressor():
    loop = 0.003 * hits(1.0, seed=1)[np.newaxis]
    settings = {**FOUND, "threshold_db": -74.0}
    gain = gain_db(loop, settings)
    made = exports(settings, loop, gain, sample_rate=RATE, document={}, start_s=2.5)
    (line,) = (each for each in made if each.file == "ffmpeg-acompressor.txt")
    (curve,) = (each for each in made if each.file == "gain.csv")
    assert curve.text.splitlines()[1].startswith("2.500000,")
    assert line.error_db < 0.3
    processed = by_ffmpeg(loop, line.text, RATE)
    theirs = 20 * np.log10(np.abs(processed / loop))
    loud = np.abs(loop) > 0.003 * 0.003
    assert np.sqrt(np.mean(np.square((theirs - gain)[loud]))) < 0.4


def test_the_gain_curve_is_the_gain(mono):
    rows = list(csv.reader(io.StringIO(mono.files["gain.csv"].text)))
    assert rows[0] == ["time_s", "gain_db"]
    times, gains = np.array(rows[1:], float).T
    drawn = np.interp(np.arange(mono.loop.shape[1]) / RATE, times, gains)
    assert np.sqrt(np.mean(np.square(drawn - mono.gain[0]))) < 0.02
    assert json.loads(mono.files["settings.json"].text)["settings"] == FOUND


def test_no_start_leads_to_settings_of_acompressor_that_leave_less(mono):
    """What is left is what its equations cannot do."""
    wanted = Wanted(np.abs(mono.loop).astype(float), mono.gain, RATE)
    random = np.random.default_rng(0)
    families: list[Family] = ["level", "power"]
    for family in families:
        for _ in range(3):
            times = {"attack_ms": random.uniform(1, 80), "release_ms": random.uniform(20, 500)}
            start = {"threshold_db": random.uniform(-40, -10), "ratio": 3.0, **times}
            found = fit_stage(wanted, start, ACOMPRESSOR, family)
            assert mono.files["ffmpeg-acompressor.txt"].error_db < 1.002 * found.error_db


def test_no_search_finds_times_of_compand_that_leave_less(mono):
    wanted = Wanted(np.abs(mono.loop).astype(float), mono.gain, RATE)
    stated = mono.files["sox-compand.txt"].error_db
    for attack, release in ((3.0, 150.0), (60.0, 30.0), (30.0, 500.0)):
        found = fit_compand(wanted, SETTINGS | {"attack_ms": attack, "release_ms": release})
        assert stated < found.error_db + 1e-3


def test_limits_are_kept_and_what_they_leave_is_stated(mono):
    settings = SETTINGS | {"release_ms": 900.0, "ratio": 50.0}
    gain = gain_db(mono.loop, settings)
    wanted = Wanted(np.abs(mono.loop).astype(float), gain, RATE)
    fitted = fit_stage(wanted, settings, ZAMCOMP)
    (stage,) = fitted.stages
    assert stage["ratio"] <= 20.01
    assert stage["release_ms"] <= 500.1
    assert 0.1 < fitted.error_db < 3
