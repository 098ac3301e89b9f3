"""What the drummer plays, against the tablature."""

import numpy as np
import pytest

from recordings.debian.grooves import GROOVES, TIMING_S, Groove, strokes

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
