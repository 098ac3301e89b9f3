"""The files that `drc-match --export` writes: settings of other compressors, and the gain itself.

| file | content |
|---|---|
| settings.json | the answer, which `drc-match apply` reads |
| gain.csv | the gain at every millisecond |
| ffmpeg-acompressor.txt | a filter line: `ffmpeg -i LOOP -af "$(cat FILE)" OUTPUT` |
| sox-compand.txt | an effect: `sox LOOP OUTPUT $(cat FILE)` |
| pedalboard.py | Python code that defines `board` |
| drc-match-ZamComp.lv2/ | a preset of the LV2 plug-in ZamComp (ZamCompX2 for stereo) |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from siamese_drc.export.fitting import (
    EVERY,
    Fitted,
    Limits,
    Stage,
    Wanted,
    fit_branching,
    fit_chain,
    fit_compand,
)

JUCE = Limits((-100.0, 0.0), 1000.0, (0.02, 2000.0), (0.2, 5000.0))
# FFmpeg's times are four time constants; its knee reaches from 1 to 8 as a factor.
ACOMPRESSOR = Limits((-60.2, 0.0), 20.0, (0.005, 500.0), (0.005, 2250.0), 18.06)
ZAMCOMP = Limits((-80.0, 0.0), 20.0, (0.1, 100.0), (1.0, 500.0))
_MAKEUP_DB = {"acompressor": 36.0, "zamcomp": 30.0}  # largest, both from 0 on
FILES = (
    "settings.json",
    "gain.csv",
    "ffmpeg-acompressor.txt",
    "sox-compand.txt",
    "pedalboard.py",
    "drc-match-ZamComp.lv2/manifest.ttl",
)
_QUIET_DB = -20.0  # peak of a loop that acompressor, whose threshold ends at -60 dB, is to turn up
_SILENT_DB = -200  # level at which sox's filter starts

_PEDALBOARD = '''"""Compressor settings by drc-match."""

from pedalboard import Compressor, Gain, Pedalboard

board = Pedalboard(
    [
{plugins}
    ]
)
# processed = board(loop, sample_rate), with loop an array of float32, (channels, samples)
'''
_PRESET = """@prefix lv2:  <http://lv2plug.in/ns/lv2core#> .
@prefix pset: <http://lv2plug.in/ns/ext/presets#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

<urn:siamese-drc:{name}-preset>
    a pset:Preset ;
    lv2:appliesTo <urn:zamaudio:{name}> ;
    rdfs:label "drc-match" ;
    lv2:port {ports} .
"""


class Export(NamedTuple):
    """One file for another program."""

    program: str
    file: str
    """Its name, relative to the folder of all of them."""
    text: str
    error_db: float
    """Root mean square difference of the gain on the loop."""
    note: str = ""
    """What cannot be written into the file."""


def exports(
    settings: Mapping[str, float],
    loop: np.ndarray,
    gain_db: np.ndarray,
    *,
    sample_rate: int,
    document: Mapping[str, Any],
) -> list[Export]:
    """Return settings of other compressors whose gain on the loop is closest to a given one.

    Parameters
    ----------
    settings : mapping of str to float
        `threshold_db`, `ratio`, `attack_ms` and `release_ms` of the compressor that gave the gain:
        the fits start there.
    loop : ndarray, shape (channels, samples), float32, full scale 1.0
    gain_db : ndarray, shape (1, samples) or (channels, samples), dB
        One gain for all channels, or one for each; make-up gain included.
    sample_rate : int, Hz
    document : mapping
        Content of settings.json, of finite numbers.
    """
    start = Stage(*(settings[n] for n in ("threshold_db", "ratio", "attack_ms", "release_ms")))
    size = np.abs(loop.astype(float))
    gain_db = np.asarray(gain_db, float)
    each = Wanted(size, np.broadcast_to(gain_db, size.shape), sample_rate)
    by_link = {
        name: Wanted(np.repeat(one, len(gain_db), axis=0), gain_db, sample_rate)
        for name, one in {
            "maximum": size.max(axis=0, keepdims=True),
            "average": size.mean(axis=0, keepdims=True),
        }.items()
    }
    if len(size) == 1:
        del by_link["average"]
    return [
        Export("drc-match apply", "settings.json", f"{json.dumps(document, indent=2)}\n", 0.0),
        _csv(gain_db, by_link["maximum"]),
        _acompressor(by_link, start),
        _compand(by_link["maximum"], start),
        _pedalboard(each, start),
        _zamcomp(by_link["maximum"], start, len(size)),
    ]


def _csv(gain_db: np.ndarray, wanted: Wanted) -> Export:
    count = gain_db.shape[1]
    samples = np.arange(count)
    times = np.append(np.arange(0, count, wanted.sample_rate / 1000), count - 1)
    columns = np.array([np.interp(times, samples, row) for row in gain_db])
    names = ["gain_db"] if len(gain_db) == 1 else [f"gain_db_{n + 1}" for n in range(len(gain_db))]
    lines = [
        f"{time / wanted.sample_rate:.6f}," + ",".join(f"{gain:.4f}" for gain in row)
        for time, row in zip(times, columns.T, strict=True)
    ]
    drawn = np.array([np.interp(samples, times, np.round(row, 4)) for row in columns])
    error = wanted.error_db(drawn[:, EVERY - 1 :: EVERY])
    return Export(
        "gain curve", "gain.csv", "\n".join([",".join(["time_s", *names]), *lines, ""]), error
    )


def _acompressor(by_link: Mapping[str, Wanted], start: Stage) -> Export:
    peak_db = 20 * np.log10(max(float(by_link["maximum"].magnitude.max()), 1e-6))
    boost_db = min(-peak_db, _MAKEUP_DB["acompressor"]) if peak_db < _QUIET_DB else 0.0
    boosted = replace(start, threshold_db=start.threshold_db + boost_db)
    found = [
        (
            fit_chain(wanted.louder(boost_db), boosted, ACOMPRESSOR, squared=detection == "rms"),
            link,
            detection,
        )
        for link, wanted in by_link.items()
        for detection in ("peak", "rms")
    ]
    fitted, link, detection = min(found, key=lambda each: each[0].error_db)
    rate = next(iter(by_link.values())).sample_rate
    (stage,) = fitted.stages
    attack, release = (
        4000 / (-np.expm1(-1000 / (time_ms * rate)) * rate)
        for time_ms in (stage.attack_ms, stage.release_ms)
    )
    makeup_db = fitted.makeup_db - boost_db
    within = 0 <= makeup_db <= _MAKEUP_DB["acompressor"]
    level = f"level_in={_amplitude(boost_db)}:" if boost_db else ""
    line = (
        f"acompressor={level}threshold={_amplitude(stage.threshold_db)}:ratio={stage.ratio:.6g}"
        f":attack={attack:.6g}:release={release:.6g}:knee={_amplitude(min(stage.knee_db, 18.06))}"
        f":detection={detection}:link={link}"
    )
    if within:
        line += f":makeup={_amplitude(makeup_db)}"
    else:
        line += f",volume={makeup_db:.4f}dB:precision=double"
    return Export("FFmpeg acompressor", "ffmpeg-acompressor.txt", line + "\n", fitted.error_db)


def _compand(wanted: Wanted, start: Stage) -> Export:
    found = fit_compand(wanted, start)
    loudest = float(found.gain_db.max())  # an output level above 0 dBFS is refused
    points = ",".join(
        f"{level:.2f},{level + gain - loudest:.3f}"
        for level, gain in zip(found.level_db, found.gain_db, strict=True)
    )
    line = (
        f"compand {found.attack_ms / 1000:.6g},{found.release_ms / 1000:.6g} {points}"
        f" {loudest:.3f} {_SILENT_DB}\n"
    )
    return Export("sox compand", "sox-compand.txt", line, found.error_db)


def _pedalboard(wanted: Wanted, start: Stage) -> Export:
    fitted = fit_chain(wanted, start, JUCE, stages=2)
    plugins = [
        f"Compressor(threshold_db={stage.threshold_db:.4f}, ratio={stage.ratio:.5g},"
        f" attack_ms={2 * np.pi * stage.attack_ms:.6g},"
        f" release_ms={2 * np.pi * stage.release_ms:.6g}),"
        for stage in fitted.stages
    ]
    plugins.append(f"Gain(gain_db={fitted.makeup_db:.4f}),")
    text = _PEDALBOARD.format(plugins="\n".join(f"        {plugin}" for plugin in plugins))
    return Export("pedalboard", "pedalboard.py", text, fitted.error_db)


def _zamcomp(wanted: Wanted, start: Stage, channels: int) -> Export:
    fitted: Fitted = fit_branching(wanted, start, ZAMCOMP)
    (stage,) = fitted.stages
    makeup = min(max(fitted.makeup_db, 0.0), _MAKEUP_DB["zamcomp"])
    values = {
        "att": stage.attack_ms,
        "rel": stage.release_ms,
        "kn": 0.0,  # its knee is no soft knee: inside it, the line above the threshold goes on
        "rat": stage.ratio,
        "thr": stage.threshold_db,
        "mak": makeup,
        "slew": 1.0,
    }
    if channels == 1:
        values["sidech"] = 0.0
    else:
        values |= {"stereodet": 1.0, "sidechain": 0.0}  # the louder channel
    ports = " ,\n        ".join(
        f'[ lv2:symbol "{symbol}" ; pset:value {value:.6g} ]' for symbol, value in values.items()
    )
    name = "ZamComp" if channels == 1 else "ZamCompX2"
    rest = fitted.makeup_db - makeup
    note = f"add {rest:+.2f} dB after it" if abs(rest) > 0.005 else ""
    return Export(
        name,
        "drc-match-ZamComp.lv2/manifest.ttl",
        _PRESET.format(name=name, ports=ports),
        fitted.error_db,
        note,
    )


def _amplitude(level_db: float) -> str:
    return f"{10 ** (level_db / 20):.7g}"
