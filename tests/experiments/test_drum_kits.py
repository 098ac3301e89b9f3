"""Performances on recorded drum kits: tablature, timing, kits as Hydrogen writes them."""

import numpy as np
import pytest
import soundfile

from experiments.drum_kits import (
    GROOVES,
    TIMING_S,
    Groove,
    Instrument,
    Layer,
    perform,
    read_kit,
    strokes,
)

FOUR = Groove(
    tempo_bpm=120, swing=0.5, tabs={"kick": "9...6...9...6...", "hat": ".2.2.2.2.2.2.2.2"}
)


def play(groove, seconds, seed=0):
    return list(strokes(groove, seconds, np.random.default_rng(seed)))


def test_loud_strokes_fall_on_their_places():
    kicks = [stroke for stroke in play(FOUR, 20) if stroke.voice == "kick"]
    assert len(kicks) == 40  # every half second
    late = np.array([stroke.start for stroke in kicks]) - 0.5 * np.arange(40)
    assert np.abs(late).max() < 5 * TIMING_S
    assert late.std() > TIMING_S / 2
    velocities = np.array([stroke.velocity for stroke in kicks]).reshape(-1, 2).mean(axis=0)
    assert velocities == pytest.approx([0.97, 6 / 9], abs=0.05)  # loud ones are held at 1


def test_swing_delays_every_second_sixteenth_and_ornaments_come_and_go():
    hats = [stroke.start for stroke in play(FOUR, 40) if stroke.voice == "hat"]
    assert 0.6 * 160 < len(hats) < 0.9 * 160
    within_eighth = (np.array(hats) % 0.25) / 0.125  # in sixteenths
    assert within_eighth == pytest.approx(1.5, abs=6 * TIMING_S / 0.125)


def test_a_seed_is_a_performance():
    assert play(FOUR, 4, seed=1) == play(FOUR, 4, seed=1)
    assert play(FOUR, 4, seed=1) != play(FOUR, 4, seed=2)


@pytest.mark.parametrize("name", GROOVES)
def test_tabs_are_whole_bars_with_a_downbeat(name):
    tabs = GROOVES[name].tabs
    assert {len(tab) for tab in tabs.values()} == {16}
    assert set("".join(tabs.values())) <= set(".123456789")
    assert tabs["kick"][0] == "9"


NEW = """<?xml version="1.0" encoding="UTF-8"?>
<drumkit_info xmlns="http://www.hydrogen-music.org/drumkit">
 <name>new</name>
 <instrumentList>
  <instrument>
   <id>3</id><name>Snare</name><volume>0.5</volume>
   <layer><filename>soft.wav</filename><min>0</min><max>0.4</max><gain>2</gain></layer>
   <layer><filename>hard.wav</filename><min>0.4</min><max>0.9</max><gain>1</gain></layer>
  </instrument>
  <instrument><id>4</id><name>empty</name><volume>1</volume></instrument>
 </instrumentList>
</drumkit_info>
"""
OLD = """<drumkit_info>
 <instrumentList>
  <instrument>
   <id>0</id><filename>hard.wav</filename><name>Kick</name><volume>0.8</volume>
  </instrument>
 </instrumentList>
</drumkit_info>
"""


@pytest.fixture
def folder(tmp_path):
    soundfile.write(tmp_path / "soft.wav", np.full((100, 2), [0.1, 0.2]), 44100, subtype="FLOAT")
    soundfile.write(tmp_path / "hard.wav", np.full(60, 0.5), 44100, subtype="FLOAT")
    return tmp_path


def test_the_layer_follows_the_velocity(folder):
    (folder / "drumkit.xml").write_text(NEW)
    kit = read_kit(folder)
    assert list(kit) == [3]
    soft = kit[3].strike(0.25, 44100)
    np.testing.assert_allclose(soft, np.full((100, 2), [0.025, 0.05]), rtol=1e-6)  # 0.5 * 2 * 0.25
    hard = kit[3].strike(0.8, 44100)
    np.testing.assert_allclose(hard, np.full((60, 2), 0.2), rtol=1e-6)  # mono goes to both sides


def test_a_velocity_that_no_layer_names_takes_the_nearest(folder):
    (folder / "drumkit.xml").write_text(NEW)
    assert len(read_kit(folder)[3].strike(1.0, 44100)) == 60


def test_an_old_kit_names_one_file_per_instrument(folder):
    (folder / "drumkit.xml").write_text(OLD)
    kick = read_kit(folder)[0].strike(0.5, 44100)
    np.testing.assert_allclose(kick, np.full((60, 2), 0.2), rtol=1e-6)


def test_a_hit_is_resampled(folder):
    (folder / "drumkit.xml").write_text(OLD)
    assert len(read_kit(folder)[0].strike(0.5, 22050)) == 30


RATE = 44100


def drum(file, sound):
    soundfile.write(file, sound, RATE, subtype="FLOAT")
    return Instrument(1.0, (Layer(file, 0.0, 1.0, 1.0),))


def test_the_closed_hi_hat_chokes_the_open_one(tmp_path):
    drums = {
        "open": drum(tmp_path / "open.wav", np.full(RATE, 0.5)),
        "hat": drum(tmp_path / "hat.wav", np.array([0.01])),
    }
    groove = Groove(tempo_bpm=60, swing=0.0, tabs={"open": "9" + "." * 15})
    ringing = perform(groove, drums, np.random.default_rng(0), seconds=8, sample_rate=RATE)[:, 0]
    choked = Groove(tempo_bpm=60, swing=0.0, tabs={"open": "9" + "." * 15, "hat": "..9....."})
    stopped = perform(choked, drums, np.random.default_rng(0), seconds=8, sample_rate=RATE)[:, 0]
    half = RATE // 2  # the closed hi-hat comes after two sixteenths of 0.25 s
    assert ringing[half + 2000] > 0.3
    assert abs(stopped[half + 2000]) == 0.0
    assert stopped[half - 2000] == ringing[half - 2000]
