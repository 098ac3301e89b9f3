"""The full-size libraries, as scores: varied, repeatable, and no two loops alike."""

from __future__ import annotations

import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.loops.composers import compose
from siamese_drc.loops.drum import KITS
from siamese_drc.loops.score import PERCUSSION, Score
from tests.loops.full_size import MATERIALS, library


def strokes(score: Score, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Start and velocity of all notes within the clip, the loop repeated."""
    times, velocities = [], []
    for stem in score.stems:
        for note in stem.notes:
            repeats = np.arange(note.start, seconds, score.seconds)
            times += list(repeats)
            velocities += [note.velocity] * len(repeats)
    return np.array(times), np.array(velocities)


def onset_pattern(score: Score, seconds: float = 4.0) -> np.ndarray:
    """Strokes over time, each blurred over the 20 ms in which the ear takes two for one."""
    times, velocities = strokes(score, seconds)
    frames = np.arange(0, seconds, 0.005)
    blurred = np.exp(-0.5 * ((frames[:, None] - times) / 0.010) ** 2)
    return blurred @ (velocities / 127)


@pytest.mark.parametrize("material", MATERIALS)
def test_no_two_loops_have_the_same_onset_pattern(material):
    alike = np.corrcoef([onset_pattern(score) for score in library(material)])
    assert np.max(alike - np.eye(len(alike))) < 0.9


@pytest.mark.parametrize("material", MATERIALS)
def test_tempos_spread_over_70_to_170(material):
    tempos = [score.tempo_bpm for score in library(material)]
    assert min(tempos) >= 70
    assert max(tempos) <= 170
    share, _ = np.histogram(tempos, bins=(70, 95, 120, 145, 170))
    assert np.min(share) >= 0.05 * len(tempos)


@pytest.mark.parametrize("material", MATERIALS)
def test_each_style_meets_every_offset_of_the_compressor_grids(material):
    styles = list(dict.fromkeys(score.style for score in library(material)))
    assert len(styles) >= 8
    offsets = {
        loop % 8
        for loop in range(0, 8 * len(styles))
        if compose(material, loop, seed=0).style == styles[0]
    }
    assert offsets == set(range(8))


@pytest.mark.parametrize("material", MATERIALS)
def test_a_clip_of_one_second_holds_several_strokes(material):
    for score in library(material):
        times, _ = strokes(score, 1.0)
        distinct = 1 + np.count_nonzero(np.diff(np.sort(times)) > 0.03)
        assert distinct >= 3, score.name
        assert np.min(times) < 0.02


@pytest.mark.parametrize("material", MATERIALS)
def test_every_loop_is_played_in_its_own_room(material):
    rooms = [score.room for score in library(material)]
    assert len(set(rooms)) == len(rooms)
    decays = [room.decay_s for room in rooms]
    assert max(decays) > 4 * min(decays)


def test_drums_have_kits_ghost_notes_and_accents():
    drums = library("drum")
    assert {score.programme for score in drums} == set(KITS)
    snares = [s for score in drums for s in score.stems if s.name == "snare"]
    velocities = np.array([note.velocity for snare in snares for note in snare.notes])
    ghosts = velocities < 60
    assert 0.1 < np.mean(ghosts) < 0.6
    assert np.mean((velocities[ghosts] >= 30) & (velocities[ghosts] <= 50)) > 0.9
    assert np.mean(velocities > 105) > 0.2


def bar_of(score: Score, bar: int) -> set[tuple[str, int, int]]:
    """Piece, nearest sixteenth and key of each stroke in one of the two bars."""
    bar_s, sixteenth_s = score.seconds / 2, 15 / score.tempo_bpm
    return {
        (stem.name, round((note.start - bar * bar_s) / sixteenth_s), note.pitch)
        for stem in score.stems
        for note in stem.notes
        if bar == (note.start >= bar_s - sixteenth_s / 4)
    }


def test_a_fill_tells_the_two_bars_of_a_drum_loop_apart():
    assert all(bar_of(score, 0) != bar_of(score, 1) for score in library("drum"))


def test_guitars_have_at_least_six_sounds():
    guitars = library("guitar")
    assert len({score.programme for score in guitars}) >= 6
    assert len({score.stems[0].programme for score in guitars}) >= 6


def test_a_mix_has_drums_bass_guitar_keys_and_one_more():
    for score in library("mix"):
        names = {stem.name for stem in score.stems if stem.bank != PERCUSSION}
        assert {"bass", "guitar", "keys"} < names
        assert len(names) >= 4
        assert any(stem.bank == PERCUSSION for stem in score.stems)
        assert all(stem.notes for stem in score.stems)


@pytest.mark.parametrize("material", MATERIALS)
def test_a_loop_follows_from_material_number_seed_and_stream_alone(material):
    assert compose(material, 5, seed=1) == library(material)[5]
    assert compose(material, 5, seed=1, stream=material) == library(material)[5]
    assert compose(material, 5, seed=2) != library(material)[5]
    assert compose(material, 5, seed=1, stream="another") != library(material)[5]


@pytest.mark.parametrize("name", ["horns", "score", ""])
def test_an_unknown_composer_is_an_error_with_the_known_ones(name):
    with pytest.raises(InputError, match=rf"^{name}: no such composer, .* drum, guitar, mix$"):
        compose(name, 0, seed=1)
