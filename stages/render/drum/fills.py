"""Fills: what replaces the groove's drums in the last beats of a bar.

Written as in `styles`, but a fill ends with its bar, whatever its length: 16 steps to a bar,
or 12 where the groove is in triplets.
"""

from __future__ import annotations

# Voices that go silent while a fill plays; what else sounds carries on.
REPLACED = {
    *("kick", "snare", "rim", "clap", "closed", "open", "ride"),
    *("high", "mid", "low", "bongo", "conga", "tumba"),
}

FILLS: dict[str, tuple[dict[str, str], ...]] = {
    "toms": (
        {"high": "Xx......", "mid": "..xxX...", "low": ".....xXx", "kick": "X.....x."},
        {"snare": "Xoox....", "high": "....Xx..", "low": "......Xx", "kick": "X...X..."},
        {"high": "Xx..", "low": "..XX", "kick": "X..x"},
    ),
    "roll": (
        {"snare": "ooxxXxXX", "kick": "X...X..."},
        {"snare": "oxxX", "kick": "X.x."},
        {"snare": "XoxxXoxX", "open": "......X.", "kick": "X..?X..."},
    ),
    "linear": (
        {"kick": "X..X..X.", "snare": ".oX.oX.X", "closed": "x..x...."},
        {"snare": "X.oX.oX.", "kick": ".x..x..x"},
        {"snare": "oX.X", "kick": "x.x."},
    ),
    "sparse": (
        {"snare": "X..X", "kick": "..x."},
        {"kick": "X.....x.", "snare": "...X...X", "open": "......x."},
        {"open": "X...", "snare": "..oX"},
    ),
    "triplets": (
        {"snare": "Xoxxox", "kick": "x..x.."},
        {"high": "Xx....", "mid": "..Xx..", "low": "....XX", "kick": "X....."},
        {"snare": "xxX", "kick": "X.."},
    ),
    "hats": (
        {"closed": "xxxxXXXX", "snare": "....o.oX", "kick": "X..x...."},
        {"closed": "XxxX", "snare": "..oX"},
    ),
    "hands": (
        {"conga": "XxXxX...", "tumba": ".....xXX", "bongo": "........"},
        {"conga": "X..X..X.", "tumba": ".xx.xx.X", "bongo": "......XX"},
        {"bongo": "XxXX", "tumba": "X..."},
    ),
}
