"""The patterns of all styles, fills and genres are well formed."""

from __future__ import annotations

from siamese_drc.loops.drum.styles import FILLS
from siamese_drc.loops.drum.styles import STYLES as DRUM_STYLES
from siamese_drc.loops.guitar.styles import STYLES as GUITAR_STYLES
from siamese_drc.loops.mix.genres import GENRES


def all_patterns() -> list[str]:
    drums = [p for s in DRUM_STYLES.values() for ps in s.groove.values() for p in ps]
    guitars = [p for s in GUITAR_STYLES.values() for p in s.patterns]
    parts = [p for g in GENRES.values() for part in g.parts for p in part.patterns]
    return drums + guitars + parts


def test_every_bar_has_16_or_12_steps():
    wrong = [p for p in all_patterns() if {len(bar) for bar in p.split("|")} not in ({16}, {12})]
    assert wrong == []


def test_the_voices_of_a_style_share_a_grid():
    for style in DRUM_STYLES.values():
        lengths = {len(p.split("|")[0]) for ps in style.groove.values() for p in ps}
        assert len(lengths) == 1
        assert ("triplets" in style.fills) == (lengths == {12})


def test_the_voices_of_a_fill_are_equally_long():
    for fills in FILLS.values():
        for fill in fills:
            assert len({len(pattern) for pattern in fill.values()}) == 1
