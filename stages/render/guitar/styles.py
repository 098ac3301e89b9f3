"""Guitar styles: what is played, how fast, and on which guitar. Notation: see `techniques`."""

from __future__ import annotations

from dataclasses import dataclass

from stages.render.guitar.techniques import Technique, chug, pick, pick_muted, riff, strum

POP = ("I V VI:m IV", "I VI:m IV V", "VI:m IV I V", "I IV")
ROCK = ("I:5 bVII:5 IV:5 I:5", "I:5 bIII:5 IV:5 bVI:5", "I:5 bVI:5 bVII:5 I:5")
SOUL = ("I:m7 IV:7", "I:9 IV:9", "I:m9 I:m9", "II:m7 V:7")
JAZZ = ("II:m7 V:7 I:maj7 VI:7", "I:maj7 VI:m7 II:m7 V:7", "I:m7 IV:7 bVII:maj7 bIII:maj7")


@dataclass(frozen=True)
class Style:
    """A family of guitar loops.

    Attributes
    ----------
    tempo_bpm : (float, float)
    swing : (float, float)
    sounds : tuple of str
        Names in `sounds.SOUNDS`.
    technique : callable
    patterns : tuple of str
    progressions : tuple of str
    scale : str
        Name in `harmony.SCALES`.
    positions : tuple of int
        Frets at which the hand may lie.
    """

    tempo_bpm: tuple[float, float]
    swing: tuple[float, float]
    sounds: tuple[str, ...]
    technique: Technique
    patterns: tuple[str, ...]
    progressions: tuple[str, ...] = POP
    scale: str = "minor pentatonic"
    positions: tuple[int, ...] = (0, 2, 5)


STYLES: dict[str, Style] = {
    "folk strum": Style(
        (84, 132),
        (0.0, 0.1),
        ("steel", "nylon"),
        strum,
        ("D.d.d.u.D.u.d.u.", "D..ud.u.D..ud.u.", "D.d.D.du..u.D.du", "D.d.D.du.udu.uD."),
    ),
    "funk scratch": Style(
        (92, 116),
        (0.0, 0.15),
        ("clean", "muted", "crunch"),
        strum,
        ("DxxUxxDxxUxDxxUx", "xxDxxUxxDxxxUxDx", "D.xuDxxUx.DxxUxx", "xxxUxxDUxxDxxUxx"),
        SOUL,
        positions=(3, 5, 7),
    ),
    "ballad arpeggio": Style(
        (70, 92),
        (0.0, 0.05),
        ("nylon", "steel", "clean"),
        pick,
        ("1234543212345432", "1.3454.31.3454.3", "123.543.123.5434", "1536453615364536"),
    ),
    "palm-muted rock": Style(
        (112, 164),
        (0.0, 0.03),
        ("overdriven", "distorted", "crunch"),
        chug,
        ("m.m.m.M.m.m.m.M.", "M..mm.M.m.mmM.m.", "m.mmm.mmM.mmm.m.", "M.m.m.M.m.m.M.m."),
        ROCK,
    ),
    "blues riff": Style(
        (84, 128),
        (0.0, 0.0),
        ("crunch", "jazz", "overdriven"),
        riff,
        ("X.xX.xX.x-.x", "X.xx-xX.xx.x", "Xxx-xxX.xX.-"),
        ("I:7 IV:7", "I:7 I:7"),
        "blues",
        positions=(0, 3, 5, 8),
    ),
    "bossa comping": Style(
        (104, 148),
        (0.0, 0.04),
        ("nylon", "jazz"),
        strum,
        ("d..d..d...d..d..", "d..du..d..d.u..d", "d.u..d..u.d..u.."),
        JAZZ,
        positions=(2, 4, 5),
    ),
    "reggae skank": Style(
        (72, 96),
        (0.05, 0.25),
        ("clean", "jazz", "muted"),
        strum,
        ("xxD.x.D.xxD.xxDu", "x.D.x.Dux.D.x.Du", "x.Duxxx.x.DuxxD."),
        ("I:m I:m", "I V", "I:m bVII", "I:m IV:m"),
        positions=(3, 5, 7),
    ),
    "travis picking": Style(
        (96, 150),
        (0.0, 0.08),
        ("steel", "nylon"),
        pick,
        ("1.4.2.5.1.4.3.6.", "1.5.3.4.1.5.3.6.", "1.3.2534.1.3253.", "1.452.4.1.453.4."),
    ),
    "pentatonic riff": Style(
        (88, 140),
        (0.0, 0.12),
        ("clean", "crunch", "overdriven", "steel"),
        riff,
        ("X.xx.xX.x.xX..x.", "X..x.xx.X.x.-.xx", "XxX.x.xxX.xx-.x.", "X.x.xX.xx-X.x.xx"),
        ("I:m I:m",),
        positions=(0, 3, 5, 10),
    ),
    "muted arpeggio": Style(
        (98, 136),
        (0.0, 0.05),
        ("muted", "clean"),
        pick_muted,
        ("1315141315141314", "1.2345.4321.2345", "13.14.15.13.1413", "1231241251241231"),
        positions=(0, 3, 5, 7),
    ),
    "metal gallop": Style(
        (124, 170),
        (0.0, 0.0),
        ("distorted",),
        chug,
        ("m.mmm.mmm.mmM...", "M...m.mmm.mmm.mm", "mmm.mmm.mmm.M.M.", "m.mmM..mm.mmM..."),
        ("I:5 bVI:5 bVII:5 I:5", "I:5 bIII:5", "I:5 I:5 bVI:5 bVII:5"),
    ),
    "jazz comping": Style(
        (100, 160),
        (0.0, 0.0),
        ("jazz", "clean"),
        strum,
        ("d..d.ud..d.u", "d.ud..d.ud.u", "d..d..d.uu.d", "d.uu.d..ud.."),
        JAZZ,
        positions=(2, 4, 6),
    ),
    "spanish picking": Style(
        (76, 120),
        (0.0, 0.04),
        ("nylon", "steel"),
        riff,
        ("XxxxXxxxXxxxXxxx", "X.xxX.xxX.xxXxxx", "X.xxxxX.xxxxX.xx"),
        ("I:m bVII bVI V",),
        "phrygian",
        positions=(0, 4, 7),
    ),
}
