"""The patterns of all styles, fills and genres are well formed."""

from __future__ import annotations

from siamese_drc.loops import drum, guitar, mix
from siamese_drc.loops.drum import FILLS
from siamese_drc.loops.harmony import PROGRESSIONS, SCALES


def all_patterns() -> list[str]:
    drums = [p for s in drum.STYLES.values() for text in s.groove.values() for p in text.split()]
    guitars = [p for s in guitar.STYLES.values() for p in s.patterns.split()]
    parts = [p for g in mix.STYLES.values() for text in g.parts.values() for p in text.split()[1:]]
    return drums + guitars + parts


def test_names_in_a_style_are_those_of_the_other_tables():
    for of_drums in drum.STYLES.values():
        assert {*of_drums.kits} <= {*drum.KITS}
        assert {*of_drums.fills} <= {*FILLS}
    for of_guitar in guitar.STYLES.values():
        assert {*of_guitar.guitars} <= {*guitar.GUITARS}
        assert_harmony(of_guitar.chords, of_guitar.scale)
    for of_band in mix.STYLES.values():
        assert_harmony(of_band.chords, of_band.scale)


def assert_harmony(chords, scale):
    assert chords in PROGRESSIONS or ":" in chords or " " in chords
    assert scale in SCALES


def test_every_bar_has_16_or_12_steps():
    wrong = [p for p in all_patterns() if {len(bar) for bar in p.split("|")} not in ({16}, {12})]
    assert wrong == []


def test_the_voices_of_a_style_share_a_grid():
    for style in drum.STYLES.values():
        patterns = " ".join(style.groove.values()).split()
        lengths = {len(p.split("|")[0]) for p in patterns}
        assert len(lengths) == 1
        assert ("triplets" in style.fills) == (lengths == {12})


def test_the_voices_of_a_fill_are_equally_long():
    for fills in FILLS.values():
        for fill in fills:
            assert len({len(pattern) for pattern in fill.values()}) == 1
