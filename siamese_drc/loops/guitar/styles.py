"""Guitars, and a style sheet (see `siamese_drc.loops.score`) of what is played on them.

A style has a line with its technique (see `techniques`) and patterns, and may have lines with its
chord progressions (default: pop), the scale of its melodies (default: minor pentatonic) and the
frets at which the hand may be (default: 0 2 5).
"""

from __future__ import annotations

from dataclasses import dataclass

from siamese_drc.loops.guitar.techniques import TECHNIQUES
from siamese_drc.loops.harmony import Technique, read_progressions
from siamese_drc.loops.score import Range, Resonance, read_header, read_sheet

_BODY = (Resonance(105, 0.15, -16), Resonance(210, 0.1, -18))  # air and top of an acoustic


@dataclass(frozen=True)
class Guitar:
    """One instrument and amplifier: see `score.Stem`."""

    programme: int
    resonances: tuple[Resonance, ...] = ()
    drive_db: float = 0.0
    tilt_db: float = 0.0


GUITARS: dict[str, Guitar] = {
    "nylon": Guitar(24, _BODY),
    "steel": Guitar(25, _BODY, tilt_db=1.0),
    "jazz": Guitar(26, tilt_db=-2.0),
    "clean": Guitar(27, tilt_db=1.0),
    "muted": Guitar(28),
    "crunch": Guitar(27, drive_db=12.0, tilt_db=-1.0),
    "overdriven": Guitar(29, drive_db=3.0),
    "distorted": Guitar(30),
}


@dataclass(frozen=True)
class Style:
    """A family of guitar loops.

    Attributes
    ----------
    tempo_bpm : (float, float)
        The slowest and the fastest loop.
    swing : (float, float)
        Range of `humanise.Pulse.swing`.
    guitars : tuple of str
        Names in `GUITARS`.
    technique : callable
    patterns, progressions : list of str
        Alternatives.
    scale : str
        Name in `harmony.SCALES`.
    frets : list of int
        Alternatives for the position of the hand.
    """

    tempo_bpm: Range
    swing: Range
    guitars: tuple[str, ...]
    technique: Technique
    patterns: list[str]
    progressions: list[str]
    scale: str
    frets: list[int]


_STYLES = """
folk strum: 84-132 bpm, swing 0-0.1, steel nylon
    strum      D.d.d.u.D.u.d.u. D..ud.u.D..ud.u. D.d.D.du..u.D.du D.d.D.du.udu.uD.

funk scratch: 92-116 bpm, swing 0-0.15, clean muted crunch
    strum      DxxUxxDxxUxDxxUx xxDxxUxxDxxxUxDx D.xuDxxUx.DxxUxx xxxUxxDUxxDxxUxx
    chords     soul
    frets      3 5 7

ballad arpeggio: 70-92 bpm, swing 0-0.05, nylon steel clean
    pick       1234543212345432 1.3454.31.3454.3 123.543.123.5434 1536453615364536

palm-muted rock: 112-164 bpm, swing 0-0.03, overdriven distorted crunch
    chug       m.m.m.M.m.m.m.M. M..mm.M.m.mmM.m. m.mmm.mmM.mmm.m. M.m.m.M.m.m.M.m.
    chords     rock

blues riff: 84-128 bpm, swing 0-0, crunch jazz overdriven
    riff       X.xX.xX.x-.x X.xx-xX.xx.x Xxx-xxX.xX.-
    chords     I:7 IV:7, I:7 I:7
    scale      blues
    frets      0 3 5 8

bossa comping: 104-148 bpm, swing 0-0.04, nylon jazz
    strum      d..d..d...d..d.. d..du..d..d.u..d d.u..d..u.d..u..
    chords     jazz
    frets      2 4 5

reggae skank: 72-96 bpm, swing 0.05-0.25, clean jazz muted
    strum      xxD.x.D.xxD.xxDu x.D.x.Dux.D.x.Du x.Duxxx.x.DuxxD.
    chords     I:m I:m, I V, I:m bVII, I:m IV:m
    frets      3 5 7

travis picking: 96-150 bpm, swing 0-0.08, steel nylon
    pick       1.4.2.5.1.4.3.6. 1.5.3.4.1.5.3.6. 1.3.2534.1.3253. 1.452.4.1.453.4.

pentatonic riff: 88-140 bpm, swing 0-0.12, clean crunch overdriven steel
    riff       X.xx.xX.x.xX..x. X..x.xx.X.x.-.xx XxX.x.xxX.xx-.x. X.x.xX.xx-X.x.xx
    chords     I:m I:m
    frets      0 3 5 10

muted arpeggio: 98-136 bpm, swing 0-0.05, muted clean
    muted      1315141315141314 1.2345.4321.2345 13.14.15.13.1413 1231241251241231
    frets      0 3 5 7

metal gallop: 124-170 bpm, swing 0-0, distorted
    chug       m.mmm.mmm.mmM... M...m.mmm.mmm.mm mmm.mmm.mmm.M.M. m.mmM..mm.mmM...
    chords     I:5 bVI:5 bVII:5 I:5, I:5 bIII:5, I:5 I:5 bVI:5 bVII:5

jazz comping: 100-160 bpm, swing 0-0, jazz clean
    strum      d..d.ud..d.u d.ud..d.ud.u d..d..d.uu.d d.uu.d..ud..
    chords     jazz
    frets      2 4 6

spanish picking: 76-120 bpm, swing 0-0.04, nylon steel
    riff       XxxxXxxxXxxxXxxx X.xxX.xxX.xxXxxx X.xxxxX.xxxxX.xx
    chords     I:m bVII bVI V
    scale      phrygian
    frets      0 4 7
"""


def _styles() -> dict[str, Style]:
    styles = {}
    for name, (header, lines) in read_sheet(_STYLES).items():
        (technique,) = lines.keys() & TECHNIQUES.keys()
        styles[name] = Style(
            *read_header(header),
            TECHNIQUES[technique],
            lines[technique].split(),
            read_progressions(lines.get("chords", "pop")),
            lines.get("scale", "minor pentatonic"),
            [int(fret) for fret in lines.get("frets", "0 2 5").split()],
        )
    return styles


STYLES = _styles()
