"""Grooves by style, written in step notation.

The marks (see `steps`):

    X  accent     x  stroke     o  ghost note     .  rest
    ?  a stroke, and  ,  a ghost note, that is played half of the times

Where a voice has several patterns, a loop takes one.
"""

from __future__ import annotations

from dataclasses import dataclass

EIGHTHS = "X.x.X.x.X.x.X.x."
SIXTEENTHS = "Xoxox?xoXoxox,xo"


@dataclass(frozen=True)
class Style:
    """A family of grooves.

    Attributes
    ----------
    tempo_bpm : (float, float)
        The slowest and the fastest loop.
    kits : tuple of str
        Names in `kits.KITS`.
    swing : (float, float)
        Range of `humanise.Pulse.swing`.
    groove : dict
        For each voice the patterns to choose from.
    fills : tuple of str
        Names in `fills.FILLS`.
    """

    tempo_bpm: tuple[float, float]
    kits: tuple[str, ...]
    swing: tuple[float, float]
    groove: dict[str, tuple[str, ...]]
    fills: tuple[str, ...]


STYLES: dict[str, Style] = {
    "rock": Style(
        (92, 140),
        ("studio", "power", "crushed"),
        (0.0, 0.05),
        {
            "kick": (
                "X.......X.?.....",
                "X.....?.X.x...?.",
                "X..x....?.x..x..",
                "X.x.....X.x....?",
            ),
            "snare": ("....X.......X...", "....X..,.,..X..,", "....X..o.o..X..."),
            "closed": (EIGHTHS, "XoxoXoxoXoxoXoxo", "X.x.X.x.X.x.X..."),
            "open": ("................", "..............x."),
            "crash": ("X...............|................", "................|................"),
        },
        ("toms", "roll", "sparse"),
    ),
    "punk": Style(
        (140, 170),
        ("power", "crushed", "studio"),
        (0.0, 0.02),
        {
            "kick": ("X.....x.X.....x.", "X..x..x.X..x..x.", "X...?.x.X.x.?.x."),
            "snare": ("....X.......X...", "..X...X...X...X.", "....X..x....X..."),
            "open": (EIGHTHS, "X...X...X...X..."),
            "crash": ("X...............|X...............", "X...............|................"),
        },
        ("roll", "toms"),
    ),
    "funk": Style(
        (88, 118),
        ("tight", "studio", "vintage"),
        (0.05, 0.18),
        {
            "kick": (
                "X.x.....?.x..x..",
                "X..x..x...x..?..",
                "X.....x..xx...?.",
                "X?....x.?.x.....",
            ),
            "snare": (
                "....X..o.o.oX..o",
                "....X.,o,o..X.,o",
                ".,..X..o.oo.?..X",
                "....X..o..o.X.o.",
            ),
            "closed": (SIXTEENTHS, "XoxoXox.XoxoXox.", "XxoxXxoxXxoxXxox"),
            "open": (
                ".......x........",
                "..............x.",
                ".......?......x.",
                "..........x.....",
            ),
        },
        ("roll", "linear"),
    ),
    "disco": Style(
        (110, 128),
        ("studio", "tight", "electronic"),
        (0.0, 0.06),
        {
            "kick": ("X...X...X...X...", "X...X...X...X.?."),
            "snare": ("....X.......X...", "....X.......X..,"),
            "closed": ("Xx..Xx..Xx..Xx..", "X.,.X.,.X.,.X.,."),
            "open": ("..X...X...X...X.",),
            "tambourine": ("................", "x.x.X.x.x.x.X.x.", "xoxoXoxoxoxoXoxo"),
            "cowbell": ("................", "x..x..x..x..x.?."),
        },
        ("roll", "toms"),
    ),
    "boom-bap": Style(
        (82, 98),
        ("vintage", "crushed", "tight"),
        (0.12, 0.3),
        {
            "kick": (
                "X......x..X.....",
                "X.x....?..xx....",
                "X..x...x..x...?.",
                "X.....x.?.Xx....",
            ),
            "snare": ("....X.......X...", "....X..,....X..o", "....X.......X.,o"),
            "closed": ("XoxoXoxoXoxoXoxo", "x.x,x.x.x.xox.x.", "XoxxXoxoXo?oXoxx"),
            "open": ("................", "......x.........", "..........x....."),
        },
        ("sparse", "linear"),
    ),
    "house": Style(
        (118, 130),
        ("electronic", "808", "hybrid"),
        (0.0, 0.14),
        {
            "kick": ("X...X...X...X...", "X...X...X...X..?"),
            "clap": ("....X.......X...", "....X.......X.,."),
            "open": ("..X...X...X...X.", "..x...x...x...X."),
            "closed": ("o.ooo.ooo.ooo.oo", "xo.xxo.xxo.xxo.x", "................"),
            "shaker": ("xoXoxoXoxoXoxoXo", "................"),
            "conga": ("...x..x....x.x..", "................", "..x..x.?..x..x.."),
        },
        ("roll", "sparse"),
    ),
    "breakbeat": Style(
        (150, 170),
        ("tight", "vintage", "crushed"),
        (0.0, 0.12),
        {
            "kick": (
                "X.x.......xx....|X.x.......x.....",
                "X.........x.....",
                "X..x......x..x..",
            ),
            "snare": (
                "....X..o.o..X..o",
                "....X..x.o..?..X",
                "....X..o.X..o.X.",
                "....X..o....X..o",
            ),
            "closed": (EIGHTHS, "X.X.x.X.x.X.x.X.", "XoxoX.xoXoxoX.xo"),
            "ride": ("................", "x.x.x.x.x.x.x.x."),
        },
        ("linear", "roll"),
    ),
    "shuffle": Style(
        (106, 140),
        ("studio", "vintage", "brush"),
        (0.0, 0.0),
        {
            "kick": ("X.....X.....", "X.....X.x..?", "X..x..X..x..", "X.x...X.x..."),
            "snare": ("...X.....X..", "..oX.o..oX.o", "...X.,...X.o", "o.oX.oo.oX.o"),
            "closed": ("X.xX.xX.xX.x", "X.oX.oX.oX.o"),
            "ride": ("............", "x.xx.xx.xx.x"),
        },
        ("triplets",),
    ),
    "bossa nova": Style(
        (112, 150),
        ("brush", "tight", "hybrid"),
        (0.0, 0.04),
        {
            "kick": ("X..xX..xX..xX..x", "X..oX..oX..oX..o"),
            "rim": ("X..x..x...x..x..", "..x..x..X..x..x.", "X..x..X...x.x..."),
            "closed": ("xoxoxoxoxoxoxoxo", "x.x.x.x.x.x.x.x.", "xxxxxxxxxxxxxxxx"),
            "shaker": ("................", "XoxoXoxoXoxoXoxo"),
        },
        ("linear", "sparse"),
    ),
    "swing": Style(
        (128, 170),
        ("brush", "studio"),
        (0.0, 0.0),
        {
            "ride": ("X..x.xX..x.x", "X..x.xx..X.x", "X..X.xX..x.."),
            "pedal": ("...X.....X..",),
            "kick": ("o..o..o..o..", "x.....,.....", "X....?......"),
            "snare": ("..o..,..o..o", ".....o..x...", "..,..x...,.o", "o....o.,...x"),
        },
        ("triplets",),
    ),
    "reggae": Style(
        (70, 92),
        ("tight", "vintage", "studio"),
        (0.1, 0.3),
        {
            "kick": ("X...X...X...X...", "X.......X.....?.", "x.......X......."),
            "rim": ("........X.......", "....?...X..x....", "..x.....X.x...x."),
            "closed": ("XoxoXoxoXoxoXoxo", "xxXoxxXoxxXoxxXo", "x.Xox.Xox.Xox.Xo"),
            "open": ("................", "......x.......x."),
            "bongo": ("................", "..o..o.x..o..o.x"),
        },
        ("toms", "sparse"),
    ),
    "trap": Style(
        (70, 84),
        ("808", "hybrid", "electronic"),
        (0.0, 0.05),
        {
            "kick": (
                "X.....x...x.....",
                "X..x......x..x..",
                "X......X..x...?.",
                "X.x..x....x.....",
            ),
            "clap": ("........X.......", "........X......,"),
            "closed": ("XxxxXxxxXxxxXxxx", "XoxxxoXxXoxxxxXx", "XxxoXxxoXoxxxxxx"),
            "open": ("................", "......x.........", "..............x."),
            "snare": ("................", "...........,,o,o"),
        },
        ("hats", "sparse"),
    ),
    "ballad": Style(
        (70, 88),
        ("power", "studio", "brush"),
        (0.0, 0.1),
        {
            "kick": ("X.......X.x.....", "X......xX.......", "X..?....X.x..x.."),
            "snare": ("....X.......X...", "....X..,....X.,o"),
            "closed": ("XoxoXoxoXoxoXoxo", "Xox,Xox,Xox,Xoxx"),
            "shaker": ("................", "xoxoxoxoxoxoxoxo"),
            "crash": ("X...............|................", "................|................"),
        },
        ("toms", "sparse"),
    ),
    "tribal": Style(
        (92, 130),
        ("power", "studio", "vintage"),
        (0.0, 0.12),
        {
            "kick": ("X.......X.......", "X.....x.X.....x.", "X..x......x....."),
            "low": ("X..x..x...X..x..", "X.xo..x.X..x..xo", "XooxooxoXoxooxox"),
            "mid": ("....X..x....X.xx", "..x...X..ox...X.", ".o.x..X.....x.X."),
            "high": ("................", "......x.......xx", ".x....o.?..x...."),
            "rim": ("................", "x..x..x.x..x..x."),
        },
        ("toms",),
    ),
    "percussion": Style(
        (98, 150),
        ("studio", "electronic", "vintage", "tight"),
        (0.0, 0.1),
        {
            "conga": ("XooxooXxoxooXoxx", "o.x.X.xxo.x.X.xx", "x..oX.ooxx.oX.x."),
            "tumba": ("......xx......xx", "...x..x....x..x.", "................"),
            "clave": ("X..X..X...X.X...", "..X.X...X..X..X.", "................"),
            "cowbell": ("................", "X.x.X.xxX.x.X.xx", "x...x...x...x.x."),
            "shaker": ("XoxoXoxoXoxoXoxo", "xxXxxxXxxxXxxxXx", "................"),
            "tambourine": ("....X.......X...", "X.ooX.ooX.ooX.oo", "................"),
        },
        ("hands",),
    ),
}
