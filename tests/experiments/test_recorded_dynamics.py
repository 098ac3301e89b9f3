"""Dynamics of recordings: their clips, their table, the errors on packs that were held out."""

import numpy as np
import pytest
import soundfile

from experiments import recorded_dynamics
from experiments.recorded_dynamics import (
    GAMES,
    SAMPLES,
    Clip,
    clips,
    held_out_errors,
    make_table,
    take_turns,
    windows,
)
from experiments.recordings import DRUMKITS, KITS
from siamese_drc.match.training_examples import ExampleOptions, make_examples
from stages.project.params import load_params

RATE = 44100
OPTIONS = ExampleOptions(clip_seconds=1.0, settings=2, seed=0, sample_rate=RATE)


def hits(seconds, seed):
    """Return decaying noise, a hit every quarter of a second."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    sound = random.standard_normal(time.size) * np.exp(-(time % 0.25) / random.uniform(0.02, 0.2))
    return sound / np.abs(sound).max()


def write(file, seconds, seed=0, rate=RATE):
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, hits(seconds, seed), rate)


def test_windows_are_spread_evenly_and_a_short_recording_is_repeated(tmp_path):
    ramp = np.arange(20 * RATE) / (20 * RATE)
    soundfile.write(tmp_path / "long.wav", ramp, RATE, subtype="FLOAT")
    found = list(windows(tmp_path / "long.wav", 4, samples=RATE, sample_rate=RATE))
    starts = [0, 19 / 80, 19 / 40, 57 / 80]
    assert [window[0] for window in found] == pytest.approx(starts, abs=1e-4)
    assert {window.size for window in found} == {RATE}
    soundfile.write(tmp_path / "short.wav", ramp[: RATE // 2], RATE, subtype="FLOAT")
    [window] = windows(tmp_path / "short.wav", 4, samples=RATE, sample_rate=RATE)
    np.testing.assert_allclose(window, np.tile(ramp[: RATE // 2], 2), atol=1e-6)


def test_a_window_has_the_length_of_a_clip_at_any_rate(tmp_path):
    write(tmp_path / "a.wav", 3, rate=48000)
    found = list(windows(tmp_path / "a.wav", 2, samples=RATE, sample_rate=RATE))
    assert [window.size for window in found] == [RATE, RATE]


def test_clips_have_their_material_and_their_pack_or_song(tmp_path):
    write(tmp_path / SAMPLES / "beats/break.ogg", 1)
    write(tmp_path / "usr/share/sonic-pi/samples/loop_a.flac", 3)
    soundfile.write(
        tmp_path / "usr/share/sonic-pi/samples/loop_silent.flac", np.zeros(2 * RATE), RATE
    )
    write(tmp_path / GAMES / "fretsonfire/data/songs/band/song/guitar.ogg", 2)
    write(tmp_path / SAMPLES / "latin/latin_guitar01.ogg", 1)
    song = tmp_path / GAMES / "warzone2100/music/albums/first/track1_enhanced.opus"
    song.parent.mkdir(parents=True)
    soundfile.write(song, hits(2, 0), 48000, format="OGG", subtype="OPUS")
    for name, (_, voices) in KITS.items():
        write(tmp_path / DRUMKITS / name / "hit.wav", 0.1)
        instruments = "".join(
            f"<instrument><id>{number}</id><filename>hit.wav</filename></instrument>"
            for number in voices.values()
        )
        (tmp_path / DRUMKITS / name / "drumkit.xml").write_text(f"<kit>{instruments}</kit>")
    found = list(clips(tmp_path, OPTIONS, -60.0))
    assert all(np.abs(clip.signal).max() == 1 and clip.signal.size == RATE for clip in found)
    groups = {(clip.material, clip.group) for clip in found}
    assert groups == {
        ("drum", "lmms beats"),
        ("drum", "loop_a"),
        ("guitar", "song"),
        ("guitar", "lmms latin guitar"),
        ("mix", "track1"),
        *(("drum", name) for name in KITS),
    }


def test_the_first_of_every_pack_comes_first():
    given = [Clip("drum", group, np.array([n])) for n, group in enumerate("aaabbc")]
    assert [clip.signal[0] for clip in take_turns(given)] == [0, 3, 5, 1, 4, 2]


def test_held_out_packs_are_judged_by_both_models(monkeypatch):
    monkeypatch.setattr(recorded_dynamics, "CLIPS", {"drum": 2})
    monkeypatch.setattr(recorded_dynamics, "_FOLDS", 2)
    monkeypatch.setattr(recorded_dynamics, "_TESTED", 3)
    params = load_params()
    size = params.match.sizes["smoke"]
    match = params.match.model_copy(update={"clip_seconds": 1.0, "layers": [8]})
    params = params.model_copy(update={"scale": "smoke", "match": match})
    given = [Clip("drum", f"pack {n % 6}", hits(1, n).astype(np.float32)) for n in range(24)]
    table = make_table(given, OPTIONS)
    assert table["dry"].dtype == np.float16
    assert 0 < table["part"].mean() < 0.5
    in_part = {(group, part) for group, part in zip(table["group"], table["part"], strict=True)}
    assert len(in_part) == 6  # a pack is whole in one part
    composed = make_examples(["drum"], OPTIONS, loops=size.loops, calibration_loops=2)
    found = held_out_errors(given, table, composed, params)["drum"]
    assert found["difference"]["clips"] == 6
    assert found["difference"]["low"] <= found["difference"]["mean"] <= found["difference"]["high"]
    composed_alone, both = found["composed"], found["recordings"]
    change = both["distances"]["gain_curve_db"]["match"]
    change -= composed_alone["distances"]["gain_curve_db"]["match"]
    assert change == pytest.approx(found["difference"]["mean"])
    nothing = (one["distances"]["gain_curve_db"]["nothing"] for one in (composed_alone, both))
    assert next(nothing) == next(nothing)  # on the same loops and references
