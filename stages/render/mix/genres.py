"""Genres: who plays in the band, and what."""

from __future__ import annotations

from dataclasses import dataclass

from stages.render.guitar.styles import JAZZ, POP, ROCK, SOUL
from stages.render.mix.parts import Technique, bass, broken, comp, melody


@dataclass(frozen=True)
class Part:
    """One pitched instrument beside drums and guitar.

    Attributes
    ----------
    name : str
    programmes : tuple of int
        General MIDI instruments to choose from.
    technique : callable
        One of `parts`.
    patterns : tuple of str
        Step notation to choose from.
    lowest : int
        Lowest pitch of its register.
    level_db : float
        Its peak; a drum kit's is about 0 dB.
    """

    name: str
    programmes: tuple[int, ...]
    technique: Technique
    patterns: tuple[str, ...]
    lowest: int
    level_db: float


@dataclass(frozen=True)
class Genre:
    """A band: a style of `drum.styles` (which sets the tempo), one of `guitar.styles`, parts."""

    drums: str
    guitar: str
    parts: tuple[Part, ...]
    progressions: tuple[str, ...]
    scale: str = "minor pentatonic"


def _bass(programmes: tuple[int, ...], *patterns: str, level_db: float = -3.0) -> Part:
    return Part("bass", programmes, bass, patterns, 28, level_db)


def _keys(
    programmes: tuple[int, ...], technique: Technique, *patterns: str, level_db: float = -8.0
) -> Part:
    return Part("keys", programmes, technique, patterns, 57, level_db)


def _pad(*programmes: int, level_db: float = -14.0) -> Part:
    return Part("pad", programmes, comp, ("c.......c.......", "c..............."), 60, level_db)


def _brass(*patterns: str, level_db: float = -8.0) -> Part:
    return Part("brass", (56, 61, 62), comp, patterns, 62, level_db)


def _lead(programmes: tuple[int, ...], *patterns: str, level_db: float = -8.0) -> Part:
    return Part("lead", programmes, melody, patterns, 60, level_db)


_FINGERED, _PICKED, _SYNTH_BASS, _UPRIGHT = (33, 35), (34,), (38, 39), (32,)
_PIANO, _ELECTRIC_PIANO, _ORGAN, _CLAVINET = (0, 1), (4, 5), (16, 17, 18), (7,)
_SAXOPHONE, _FLUTE, _SYNTH_LEAD, _VIBRAPHONE = (64, 66), (73, 75), (80, 81), (11, 12)

GENRES: dict[str, Genre] = {
    "pop rock": Genre(
        "rock",
        "folk strum",
        (
            _bass(_PICKED, "R.R.R.R.R.R.R.R.", "R...R.R.R...5.8.", "R..R..R.R..R..a."),
            _keys(_PIANO, comp, "C...c...C...c...", "C.....C.c...C...", "C..c..C...c.C..."),
            _pad(48, 49),
        ),
        POP,
    ),
    "hard rock": Genre(
        "punk",
        "palm-muted rock",
        (
            _bass(_PICKED, "RRRRRRRRRRRRRRRR", "R.R.R.R.R.R.R.8.", "R.RRR.RRR.RRR.8."),
            _keys(_ORGAN, comp, "C.......C.......", "C...C...C...c.C."),
            _lead(_SYNTH_LEAD, "X...x.x.X.x-..x.", "X.xxx...X.xxx.x."),
        ),
        ROCK,
    ),
    "funk": Genre(
        "funk",
        "funk scratch",
        (
            _bass((36, 37, 33), "R-.R..8-.5R-..7a", "R.-R.-8R-.7.5.8-", "R-R-..7-8-R-..a."),
            _keys(_CLAVINET, comp, "C-.c-.C-..c-C-.c", "..C-.c-.C-c-..C-", ".C-.c-C-.c-.C-c-"),
            _brass("C-............C-", "..........C-.C-.", "C-.C-..........."),
        ),
        SOUL,
        "dorian",
    ),
    "disco": Genre(
        "disco",
        "muted arpeggio",
        (
            _bass(_FINGERED, "R.8.R.8.R.8.R.8.", "R-.8R-.8R-.8R-58", "R.8-R.8-5.8-a.8-"),
            _keys(_ELECTRIC_PIANO, comp, "..C-..C-..C-..C-", "C-..C-.C-.C-..C-"),
            Part("strings", (48, 50), comp, ("c.......C...c...", "C...c.......C..."), 67, -11.0),
        ),
        ("I:m7 IV:7 bVII:maj7 bIII:maj7", "I:m bVI bVII I:m", "VI:m7 II:m7 V:7 I:maj7"),
        "dorian",
    ),
    "hip-hop": Genre(
        "boom-bap",
        "jazz comping",
        (
            _bass((33, 38, 32), "R.....R-..5.R-..", "R..-..8.R-..7.a.", "R......R-.R-..5-"),
            _keys(
                _ELECTRIC_PIANO, comp, "C.....c-..C.....", "C..c..C...c.....", "..C...c...C-..c-"
            ),
            _lead(_FLUTE, "X.x.-...x.X.x-..", "..X.x.x-....X.x-"),
        ),
        JAZZ,
        "dorian",
    ),
    "house": Genre(
        "house",
        "muted arpeggio",
        (
            _bass(_SYNTH_BASS, "..R-..R-..R-..R-", "R-.R-.R-R-.R-.8-", "..RR..R8..RR..78"),
            _keys(_PIANO, comp, "C-.C-.C-..C-.C-.", "..C-..C-..C-..C-", "C-.C-.C-C-.C-.C-"),
            _pad(50, 51, 89, 90),
        ),
        ("I:m7 IV:7", "I:m9 bVII", "VI:m7 IV:maj7 I V"),
    ),
    "blues": Genre(
        "shuffle",
        "blues riff",
        (
            _bass(_FINGERED, "R..3..5..3..", "R.R3.35.57.5", "R..R.R5..5.a"),
            _keys(_ORGAN, comp, "C.....C..c.-", "..C-.C-.C-.C", "C..c-.C..c-."),
            _lead((22, 66), "X.x-..X.xx.-", "..X.x.x-..x-"),
        ),
        ("I:7 IV:7", "I:7 IV:7 I:7 V:7"),
        "blues",
    ),
    "bossa nova": Genre(
        "bossa nova",
        "bossa comping",
        (
            _bass(_UPRIGHT, "R.....5.5.....R.", "R.....5...5...a.", "R..5..R.5..5..R."),
            _keys(
                _ELECTRIC_PIANO, comp, "C..c..C...c..C..", "..C...C...c..C..", "c...C..c....C..."
            ),
            _lead(_FLUTE, "X...x.x.X..x..-.", "X..x..X.-...x.x."),
        ),
        JAZZ,
        "major pentatonic",
    ),
    "jazz": Genre(
        "swing",
        "jazz comping",
        (
            _bass(_UPRIGHT, "R..3..5..a..", "R..5..3..a..", "8..7..5..a.."),
            _keys(_PIANO, comp, "C-......C-..", "..C....C-...", ".....C-..C.."),
            _lead((*_SAXOPHONE, *_VIBRAPHONE), "X.xx.xX.-..x", "X.x-.xX.xx.x", "..xX..x.xX.-"),
        ),
        JAZZ,
        "mixolydian",
    ),
    "reggae": Genre(
        "reggae",
        "reggae skank",
        (
            _bass(_FINGERED, "R..R-.5.8-..5.R-", "R-..R.3.5-......", "..R.R.-.5.3.R-.."),
            _keys(_ORGAN, comp, "..C-.cC-..C-.cC-", ".cC-.cC-.cC-.cC-"),
            _brass("C.-.....c-.C-...", "....C-c-....C.-.", "C..-..C-........"),
        ),
        ("I:m IV:m", "I V", "I:m bVII"),
    ),
    "soul ballad": Genre(
        "ballad",
        "ballad arpeggio",
        (
            _bass(_FINGERED, "R.....5.R...a...", "R..R..5.R..R..a.", "R...8...5...a..."),
            _keys(_PIANO, broken, "1.2.3.4.3.2.4.3.", "1.3.2.3.4.3.2.3.", "1234321412343214"),
            _pad(48, 49, 52),
        ),
        ("I:maj7 VI:m7 II:m7 V:7", "I V VI:m IV", "VI:m7 IV:maj7 I V"),
        "major pentatonic",
    ),
}
