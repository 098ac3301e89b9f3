"""Genres: the instruments of a band and what they play, as a style sheet.

The format is that of `siamese_drc.loops.score`, the marks are those of `parts`. A genre's header
names a style of `drum.styles`, which sets the tempo, and one of `guitar.styles`. Its lines are
parts, each with its instruments and alternative patterns; chord progressions (default: pop); and
the scale of the melodies (default: minor pentatonic).
"""

from __future__ import annotations

from dataclasses import dataclass

from siamese_drc.loops.harmony import Technique, play_melody, read_progressions
from siamese_drc.loops.mix.parts import play_bass, play_broken_chords, play_chords
from siamese_drc.loops.score import read_sheet

# General MIDI instruments.
_PROGRAMMES = {
    **{"fingered": (33, 35), "picked": (34,), "synth-bass": (38, 39), "upright": (32,)},
    **{"piano": (0, 1), "e-piano": (4, 5), "organ": (16, 17, 18), "clavinet": (7,)},
    **{"sax": (64, 66), "flute": (73, 75), "synth-lead": (80, 81), "vibes": (11, 12)},
    **{"brass": (56, 61, 62)},
}

# For each kind of part: name, technique, lowest pitch, peak level in dB (a drum kit: about 0 dB).
_PARTS: dict[str, tuple[str, Technique, int, float]] = {
    "bass": ("bass", play_bass, 28, -3.0),
    "keys": ("keys", play_chords, 57, -8.0),
    "arpeggio": ("keys", play_broken_chords, 57, -8.0),
    "pad": ("pad", play_chords, 60, -14.0),
    "strings": ("strings", play_chords, 67, -11.0),
    "brass": ("brass", play_chords, 62, -8.0),
    "lead": ("lead", play_melody, 60, -8.0),
}


@dataclass(frozen=True)
class Part:
    """One pitched instrument beside drums and guitar.

    Attributes
    ----------
    name : str
    technique : callable
    lowest : int
        Lowest pitch of its register.
    level_db : float
        Its peak level.
    programmes : list of int
        General MIDI instruments to choose from.
    patterns : list of str
        Alternatives in step notation.
    """

    name: str
    technique: Technique
    lowest: int
    level_db: float
    programmes: list[int]
    patterns: list[str]


@dataclass(frozen=True)
class Genre:
    """A band: styles of drums and guitar, further parts, and the harmony that they share."""

    drums: str
    guitar: str
    parts: list[Part]
    progressions: list[str]
    scale: str


_GENRES = """
pop rock: rock, folk strum
    bass      picked       R.R.R.R.R.R.R.R. R...R.R.R...5.8. R..R..R.R..R..a.
    keys      piano        C...c...C...c... C.....C.c...C... C..c..C...c.C...
    pad       48+49        c.......c....... c...............

hard rock: punk, palm-muted rock
    bass      picked       RRRRRRRRRRRRRRRR R.R.R.R.R.R.R.8. R.RRR.RRR.RRR.8.
    keys      organ        C.......C....... C...C...C...c.C.
    lead      synth-lead   X...x.x.X.x-..x. X.xxx...X.xxx.x.
    chords    rock

funk: funk, funk scratch
    bass      36+37+33     R-.R..8-.5R-..7a R.-R.-8R-.7.5.8- R-R-..7-8-R-..a.
    keys      clavinet     C-.c-.C-..c-C-.c ..C-.c-.C-c-..C- .C-.c-C-.c-.C-c-
    brass     brass        C-............C- ..........C-.C-. C-.C-...........
    chords    soul
    scale     dorian

disco: disco, muted arpeggio
    bass      fingered     R.8.R.8.R.8.R.8. R-.8R-.8R-.8R-58 R.8-R.8-5.8-a.8-
    keys      e-piano      ..C-..C-..C-..C- C-..C-.C-.C-..C-
    strings   48+50        c.......C...c... C...c.......C...
    chords    I:m7 IV:7 bVII:maj7 bIII:maj7, I:m bVI bVII I:m, VI:m7 II:m7 V:7 I:maj7
    scale     dorian

hip-hop: boom-bap, jazz comping
    bass      33+38+32     R.....R-..5.R-.. R..-..8.R-..7.a. R......R-.R-..5-
    keys      e-piano      C.....c-..C..... C..c..C...c..... ..C...c...C-..c-
    lead      flute        X.x.-...x.X.x-.. ..X.x.x-....X.x-
    chords    jazz
    scale     dorian

house: house, muted arpeggio
    bass      synth-bass   ..R-..R-..R-..R- R-.R-.R-R-.R-.8- ..RR..R8..RR..78
    keys      piano        C-.C-.C-..C-.C-. ..C-..C-..C-..C- C-.C-.C-C-.C-.C-
    pad       50+51+89+90  c.......c....... c...............
    chords    I:m7 IV:7, I:m9 bVII, VI:m7 IV:maj7 I V

blues: shuffle, blues riff
    bass      fingered     R..3..5..3.. R.R3.35.57.5 R..R.R5..5.a
    keys      organ        C.....C..c.- ..C-.C-.C-.C C..c-.C..c-.
    lead      22+66        X.x-..X.xx.- ..X.x.x-..x-
    chords    I:7 IV:7, I:7 IV:7 I:7 V:7
    scale     blues

bossa nova: bossa nova, bossa comping
    bass      upright      R.....5.5.....R. R.....5...5...a. R..5..R.5..5..R.
    keys      e-piano      C..c..C...c..C.. ..C...C...c..C.. c...C..c....C...
    lead      flute        X...x.x.X..x..-. X..x..X.-...x.x.
    chords    jazz
    scale     major pentatonic

jazz: swing, jazz comping
    bass      upright      R..3..5..a.. R..5..3..a.. 8..7..5..a..
    keys      piano        C-......C-.. ..C....C-... .....C-..C..
    lead      sax+vibes    X.xx.xX.-..x X.x-.xX.xx.x ..xX..x.xX.-
    chords    jazz
    scale     mixolydian

reggae: reggae, reggae skank
    bass      fingered     R..R-.5.8-..5.R- R-..R.3.5-...... ..R.R.-.5.3.R-..
    keys      organ        ..C-.cC-..C-.cC- .cC-.cC-.cC-.cC-
    brass     brass        C.-.....c-.C-... ....C-c-....C.-. C..-..C-........
    chords    I:m IV:m, I V, I:m bVII

soul ballad: ballad, ballad arpeggio
    bass      fingered     R.....5.R...a... R..R..5.R..R..a. R...8...5...a...
    arpeggio  piano        1.2.3.4.3.2.4.3. 1.3.2.3.4.3.2.3. 1234321412343214
    pad       48+49+52     c.......c....... c...............
    chords    I:maj7 VI:m7 II:m7 V:7, I V VI:m IV, VI:m7 IV:maj7 I V
    scale     major pentatonic
"""


def _genres() -> dict[str, Genre]:
    genres = {}
    for name, (header, lines) in read_sheet(_GENRES).items():
        drums, guitar = header.split(", ")
        chords, scale = lines.pop("chords", "pop"), lines.pop("scale", "minor pentatonic")
        parts = [_part(kind, *text.split()) for kind, text in lines.items()]
        genres[name] = Genre(drums, guitar, parts, read_progressions(chords), scale)
    return genres


def _part(kind: str, instruments: str, *patterns: str) -> Part:
    programmes: list[int] = []
    for instrument in instruments.split("+"):
        programmes += _PROGRAMMES.get(instrument) or [int(instrument)]
    return Part(*_PARTS[kind], programmes, list(patterns))


GENRES = _genres()
