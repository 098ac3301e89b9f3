"""Grooves by style, and fills, as style sheets (see `siamese_drc.loops.score`).

The marks of the patterns:

    X  accent     x  stroke     o  ghost note     .  rest
    ?  a stroke, and  ,  a ghost note, each played with a probability of one half

A loop takes one of the alternative patterns of each voice.
"""

from __future__ import annotations

from dataclasses import dataclass

from siamese_drc.loops.score import Range, read_header, read_sheet


@dataclass(frozen=True)
class Style:
    """A family of grooves.

    Attributes
    ----------
    tempo_bpm : (float, float)
        The slowest and the fastest loop.
    swing : (float, float)
        Range of `humanise.Pulse.swing`.
    kits : tuple of str
        Names in `kits.KITS`.
    groove : dict
        For each voice its alternative patterns.
    fills : tuple of str
        Names in `FILLS`.
    """

    tempo_bpm: Range
    swing: Range
    kits: tuple[str, ...]
    groove: dict[str, list[str]]
    fills: tuple[str, ...]


_STYLES = """
rock: 92-140 bpm, swing 0-0.05, studio power crushed
    kick       X.......X.?..... X.....?.X.x...?. X..x....?.x..x.. X.x.....X.x....?
    snare      ....X.......X... ....X..,.,..X.., ....X..o.o..X...
    closed     X.x.X.x.X.x.X.x. XoxoXoxoXoxoXoxo X.x.X.x.X.x.X...
    open       ................ ..............x.
    crash      X...............|................ ................|................
    fills      toms roll sparse

punk: 140-170 bpm, swing 0-0.02, power crushed studio
    kick       X.....x.X.....x. X..x..x.X..x..x. X...?.x.X.x.?.x.
    snare      ....X.......X... ..X...X...X...X. ....X..x....X...
    open       X.x.X.x.X.x.X.x. X...X...X...X...
    crash      X...............|X............... X...............|................
    fills      roll toms

funk: 88-118 bpm, swing 0.05-0.18, tight studio vintage
    kick       X.x.....?.x..x.. X..x..x...x..?.. X.....x..xx...?. X?....x.?.x.....
    snare      ....X..o.o.oX..o ....X.,o,o..X.,o .,..X..o.oo.?..X ....X..o..o.X.o.
    closed     Xoxox?xoXoxox,xo XoxoXox.XoxoXox. XxoxXxoxXxoxXxox
    open       .......x........ ..............x. .......?......x. ..........x.....
    fills      roll linear

disco: 110-128 bpm, swing 0-0.06, studio tight electronic
    kick       X...X...X...X... X...X...X...X.?.
    snare      ....X.......X... ....X.......X..,
    closed     Xx..Xx..Xx..Xx.. X.,.X.,.X.,.X.,.
    open       ..X...X...X...X.
    tambourine ................ x.x.X.x.x.x.X.x. xoxoXoxoxoxoXoxo
    cowbell    ................ x..x..x..x..x.?.
    fills      roll toms

boom-bap: 82-98 bpm, swing 0.12-0.3, vintage crushed tight
    kick       X......x..X..... X.x....?..xx.... X..x...x..x...?. X.....x.?.Xx....
    snare      ....X.......X... ....X..,....X..o ....X.......X.,o
    closed     XoxoXoxoXoxoXoxo x.x,x.x.x.xox.x. XoxxXoxoXo?oXoxx
    open       ................ ......x......... ..........x.....
    fills      sparse linear

house: 118-130 bpm, swing 0-0.14, electronic 808 hybrid
    kick       X...X...X...X... X...X...X...X..?
    clap       ....X.......X... ....X.......X.,.
    open       ..X...X...X...X. ..x...x...x...X.
    closed     o.ooo.ooo.ooo.oo xo.xxo.xxo.xxo.x ................
    shaker     xoXoxoXoxoXoxoXo ................
    conga      ...x..x....x.x.. ................ ..x..x.?..x..x..
    fills      roll sparse

breakbeat: 150-170 bpm, swing 0-0.12, tight vintage crushed
    kick       X.x.......xx....|X.x.......x..... X.........x..... X..x......x..x..
    snare      ....X..o.o..X..o ....X..x.o..?..X ....X..o.X..o.X. ....X..o....X..o
    closed     X.x.X.x.X.x.X.x. X.X.x.X.x.X.x.X. XoxoX.xoXoxoX.xo
    ride       ................ x.x.x.x.x.x.x.x.
    fills      linear roll

shuffle: 106-140 bpm, swing 0-0, studio vintage brush
    kick       X.....X..... X.....X.x..? X..x..X..x.. X.x...X.x...
    snare      ...X.....X.. ..oX.o..oX.o ...X.,...X.o o.oX.oo.oX.o
    closed     X.xX.xX.xX.x X.oX.oX.oX.o
    ride       ............ x.xx.xx.xx.x
    fills      triplets

bossa nova: 112-150 bpm, swing 0-0.04, brush tight hybrid
    kick       X..xX..xX..xX..x X..oX..oX..oX..o
    rim        X..x..x...x..x.. ..x..x..X..x..x. X..x..X...x.x...
    closed     xoxoxoxoxoxoxoxo x.x.x.x.x.x.x.x. xxxxxxxxxxxxxxxx
    shaker     ................ XoxoXoxoXoxoXoxo
    fills      linear sparse

swing: 128-170 bpm, swing 0-0, brush studio
    ride       X..x.xX..x.x X..x.xx..X.x X..X.xX..x..
    pedal      ...X.....X..
    kick       o..o..o..o.. x.....,..... X....?......
    snare      ..o..,..o..o .....o..x... ..,..x...,.o o....o.,...x
    fills      triplets

reggae: 70-92 bpm, swing 0.1-0.3, tight vintage studio
    kick       X...X...X...X... X.......X.....?. x.......X.......
    rim        ........X....... ....?...X..x.... ..x.....X.x...x.
    closed     XoxoXoxoXoxoXoxo xxXoxxXoxxXoxxXo x.Xox.Xox.Xox.Xo
    open       ................ ......x.......x.
    bongo      ................ ..o..o.x..o..o.x
    fills      toms sparse

trap: 70-84 bpm, swing 0-0.05, 808 hybrid electronic
    kick       X.....x...x..... X..x......x..x.. X......X..x...?. X.x..x....x.....
    clap       ........X....... ........X......,
    closed     XxxxXxxxXxxxXxxx XoxxxoXxXoxxxxXx XxxoXxxoXoxxxxxx
    open       ................ ......x......... ..............x.
    snare      ................ ...........,,o,o
    fills      hats sparse

ballad: 70-88 bpm, swing 0-0.1, power studio brush
    kick       X.......X.x..... X......xX....... X..?....X.x..x..
    snare      ....X.......X... ....X..,....X.,o
    closed     XoxoXoxoXoxoXoxo Xox,Xox,Xox,Xoxx
    shaker     ................ xoxoxoxoxoxoxoxo
    crash      X...............|................ ................|................
    fills      toms sparse

tribal: 92-130 bpm, swing 0-0.12, power studio vintage
    kick       X.......X....... X.....x.X.....x. X..x......x.....
    low        X..x..x...X..x.. X.xo..x.X..x..xo XooxooxoXoxooxox
    mid        ....X..x....X.xx ..x...X..ox...X. .o.x..X.....x.X.
    high       ................ ......x.......xx .x....o.?..x....
    rim        ................ x..x..x.x..x..x.
    fills      toms

percussion: 98-150 bpm, swing 0-0.1, studio electronic vintage tight
    conga      XooxooXxoxooXoxx o.x.X.xxo.x.X.xx x..oX.ooxx.oX.x.
    tumba      ......xx......xx ...x..x....x..x. ................
    clave      X..X..X...X.X... ..X.X...X..X..X. ................
    cowbell    ................ X.x.X.xxX.x.X.xx x...x...x...x.x.
    shaker     XoxoXoxoXoxoXoxo xxXxxxXxxxXxxxXx ................
    tambourine ....X.......X... X.ooX.ooX.ooX.oo ................
    fills      hands
"""

# A fill replaces the drums of the groove at the end of a bar. It ends with the bar; a bar has 16
# steps, or 12 where the groove is in triplets. Each line is one fill: voices and their patterns.
_FILLS = """
toms      high Xx......  mid ..xxX...  low .....xXx  kick X.....x.
toms      snare Xoox....  high ....Xx..  low ......Xx  kick X...X...
toms      high Xx..  low ..XX  kick X..x
roll      snare ooxxXxXX  kick X...X...
roll      snare oxxX  kick X.x.
roll      snare XoxxXoxX  open ......X.  kick X..?X...
linear    kick X..X..X.  snare .oX.oX.X  closed x..x....
linear    snare X.oX.oX.  kick .x..x..x
linear    snare oX.X  kick x.x.
sparse    snare X..X  kick ..x.
sparse    kick X.....x.  snare ...X...X  open ......x.
sparse    open X...  snare ..oX
triplets  snare Xoxxox  kick x..x..
triplets  high Xx....  mid ..Xx..  low ....XX  kick X.....
triplets  snare xxX  kick X..
hats      closed xxxxXXXX  snare ....o.oX  kick X..x....
hats      closed XxxX  snare ..oX
hands     conga XxXxX...  tumba .....xXX  bongo ........
hands     conga X..X..X.  tumba .xx.xx.X  bongo ......XX
hands     bongo XxXX  tumba X...
"""

# Voices that are silent during a fill; the others continue.
REPLACED = {
    *("kick", "snare", "rim", "clap", "closed", "open", "ride"),
    *("high", "mid", "low", "bongo", "conga", "tumba"),
}


def _styles() -> dict[str, Style]:
    styles = {}
    for name, (header, groove) in read_sheet(_STYLES).items():
        fills = tuple(groove.pop("fills").split())
        patterns = {voice: text.split() for voice, text in groove.items()}
        styles[name] = Style(*read_header(header), patterns, fills)
    return styles


def _fills() -> dict[str, list[dict[str, str]]]:
    fills: dict[str, list[dict[str, str]]] = {}
    for line in _FILLS.split("\n")[1:-1]:
        name, *words = line.split()
        fills.setdefault(name, []).append(dict(zip(words[::2], words[1::2], strict=True)))
    return fills


STYLES, FILLS = _styles(), _fills()
