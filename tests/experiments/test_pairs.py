"""Pairs that a CSV file names: matched, kept, and compared with what is known of them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from experiments import pairs
from experiments.__main__ import main
from siamese_drc.audio import write_audio
from siamese_drc.core.errors import InputError
from siamese_drc.match.sound import process
from tests.compressor.textbook import drum_loop

RATE = 44100
SETTINGS = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 10.0,
    "release_ms": 120.0,
    "makeup_db": -3.0,
}


@pytest.fixture
def listed(tmp_path) -> Path:
    """A pair with known settings, and one of which a file is missing."""
    once = drum_loop(RATE)
    loop = np.concatenate([once, 0.5 * once, 0.8 * once[::2], once[: RATE // 2]])
    (tmp_path / "audio").mkdir()
    write_audio(tmp_path / "audio/dry.wav", loop, RATE)
    write_audio(tmp_path / "audio/wet.wav", process(loop, SETTINGS, sample_rate=RATE), RATE)
    file = tmp_path / "pairs.csv"
    lines = ["dry,compressed,threshold_db,ratio,attack_ms,release_ms"]
    lines += ["audio/dry.wav,audio/wet.wav,-24,4,10,120", "audio/missing.wav,audio/wet.wav"]
    file.write_text("\n".join(lines) + "\n")
    return file


def test_pairs_are_matched_and_their_settings_compared(listed, capsys, monkeypatch):
    main(["pairs", str(listed)])
    printed = capsys.readouterr()
    assert "1/2 audio/wet.wav: gain error 0.0" in printed.err
    lines = printed.out.splitlines()
    assert lines[0] == "1 of 2 pairs are the same performance: 1 branching"
    threshold = next(line for line in lines if "error of threshold (dB)" in line).split("|")
    assert float(threshold[2]) < 0.05
    assert threshold[4].strip() == "1 of 1"
    results = listed.with_name("pairs-results.csv")
    with results.open(newline="") as stored:
        first, second = csv.DictReader(stored)
    found = {name: float(first[f"found_{name}"]) for name in pairs.PARAMETERS}
    assert found == pytest.approx({name: SETTINGS[name] for name in found}, rel=0.01)
    assert float(first["gain_error_db"]) < 0.02
    assert float(first["residual_db"]) < -60
    assert "missing.wav: cannot be read" in second["situation"]

    monkeypatch.setattr(pairs, "match_sounds", pytest.fail)  # what is known is kept
    main(["pairs", str(listed)])
    assert capsys.readouterr().out == printed.out

    # A new pair comes first, and the run is killed in the next one: nothing known is lost.
    header, *lines = listed.read_text().splitlines()
    listed.write_text(
        "\n".join([header, "audio/new.wav,audio/wet.wav,,,,", "a.wav,b.wav,,,,", *lines])
    )
    monkeypatch.setattr(pairs, "match_pair", kill_at_second())
    with pytest.raises(KeyboardInterrupt):
        main(["pairs", str(listed)])
    with results.open(newline="") as stored:
        assert [row["dry"] for row in csv.DictReader(stored)] == ["audio/new.wav", first["dry"]]


def kill_at_second():
    answers = iter([dict.fromkeys(pairs.COLUMNS, "") | {"situation": "no answer"}])

    def matched(folder, pair):
        try:
            return next(answers)
        except StopIteration:
            raise KeyboardInterrupt from None

    return matched


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dry,wet\na.wav,b.wav\n", "line 2: column compressed is missing or empty"),
        ("dry,compressed,ratio\na.wav,b.wav,high\n", "line 2: ratio 'high', must be a number"),
    ],
)
def test_a_wrong_list_is_one_line(tmp_path, text, message):
    file = tmp_path / "pairs.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        pairs.read_pairs(file)
    with pytest.raises(InputError, match=r"none\.csv: missing"):
        pairs.read_pairs(tmp_path / "none.csv")
