"""The picture of a match shows what was processed."""

from __future__ import annotations

import numpy as np
import pytest

from siamese_drc.app.output import SPANS, Applied, Overview, compressor_of
from siamese_drc.app.pictures import draw_match, save_picture, static_curve
from siamese_drc.match.families import FamilyCompressor
from tests.compressor.textbook import drum_loop

RATE = 44100
SETTINGS = {
    "threshold_db": -30.0,
    "ratio": 4.0,
    "attack_ms": 5.0,
    "release_ms": 100.0,
    "makeup_db": 3.0,
}


@pytest.fixture(scope="module")
def overview():
    loop = drum_loop(RATE)[np.newaxis]
    found = Overview(RATE, RATE)
    linked = FamilyCompressor(SETTINGS, sample_rate=RATE)
    for block in np.split(loop, [7, 1000, 30001], axis=1):
        found.add(block, linked.process(block))
    return found


def test_an_overview_has_the_extremes_of_every_span(overview):
    loop = drum_loop(RATE)[np.newaxis]
    whole = FamilyCompressor(SETTINGS, sample_rate=RATE).process(loop)
    span = -(-RATE // SPANS)
    assert overview.seconds[1] == span / RATE
    for n in (0, 5, len(overview.dry) - 1):
        part = slice(n * span, (n + 1) * span)
        assert overview.dry[n] == np.abs(loop[0, part]).max()
        assert overview.wet[n] == np.abs(whole.signal[0, part]).max()
        assert overview.reduction_db[n] == whole.reduction_db[part].max()


@pytest.mark.parametrize(("level", "knee_db"), [(-10.0, 0.0), (-25.0, 12.0), (-10.0, 12.0)])
def test_the_static_curve_is_what_the_compressor_does_to_a_steady_level(level, knee_db):
    settings = {**SETTINGS, "knee_db": knee_db}
    steady = np.full((1, 5 * RATE), 10 ** (level / 20), np.float32)
    compressing = compressor_of(Applied(settings), RATE, 1)
    out = compressing.process(steady).signal[0, -1]
    assert static_curve(np.array([level, -40.0]), settings) == pytest.approx(
        [20 * np.log10(out), -37.0], abs=1e-3
    )


@pytest.mark.parametrize(
    ("name", "begins"), [("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG"), ("a.pdf", b"%PDF")]
)
def test_a_picture_is_the_same_bytes_every_time(tmp_path, overview, name, begins):
    for folder in ("once", "again"):
        save_picture(draw_match(overview, SETTINGS), tmp_path / folder / name)
    once, again = ((tmp_path / folder / name).read_bytes() for folder in ("once", "again"))
    assert once == again
    assert once.startswith(begins)
    assert [path.name for path in (tmp_path / "once").iterdir()] == [name]
