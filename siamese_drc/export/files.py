"""The files that `drc-match --export` writes: settings of other compressors, and the gain itself.

docs/tool.md says how each is used.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.export.fitting import POINTS, Wanted, fit_compand, fit_stage, fit_two_stages


def _ranges(*ends: tuple[float, float]) -> dict[str, tuple[float, float]]:
    return dict(zip([*PARAMETERS, "knee_db"], ends, strict=False))


# Ranges of threshold (dBFS), ratio, attack and release (ms, time constants) and knee (dB)
JUCE = _ranges((-100.0, 0.0), (1.0, 1000.0), (0.02, 2000.0), (0.2, 5000.0))
# FFmpeg's times are four time constants; its knee reaches from 1 to 8 as a factor.
ACOMPRESSOR = _ranges((-60.2, 0.0), (1.0, 20.0), (0.005, 500.0), (0.005, 2250.0), (0.0, 18.06))
ZAMCOMP = _ranges((-80.0, 0.0), (1.0, 20.0), (0.1, 100.0), (1.0, 500.0))
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
{plugins}        Gain(gain_db={makeup_db:.4f}),
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
    file: str  # its name, relative to the folder of all of them
    text: str
    error_db: float  # root mean square difference of the gain on the loop
    note: str = ""  # what cannot be written into the file


def exports(
    settings: Mapping[str, float],
    loop: np.ndarray,
    gain_db: np.ndarray,
    *,
    sample_rate: int,
    document: Mapping[str, Any],
    start_s: float = 0.0,
) -> list[Export]:
    """Return settings of other compressors whose gain on the loop is closest to a given one.

    The fits start at `settings`, those of the compressor that gave the gain. `loop` has the shape
    (channels, samples); `gain_db`, make-up gain included, has one row for all channels or one for
    each. `document` is the content of settings.json, of finite numbers. The signal begins in its
    file at `start_s`: the gain curve has the file's times.
    """
    start = {name: settings[name] for name in PARAMETERS}
    size = np.abs(loop.astype(float))
    gain_db = np.asarray(gain_db, float)
    each = Wanted(size, np.broadcast_to(gain_db, size.shape), sample_rate)
    links = {"maximum": size.max(axis=0)}
    if len(size) > 1:
        links["average"] = size.mean(axis=0)
    by_link = {
        name: Wanted(np.tile(key, (len(gain_db), 1)), gain_db, sample_rate)
        for name, key in links.items()
    }
    return [
        Export("drc-match apply", "settings.json", f"{json.dumps(document, indent=2)}\n", 0.0),
        _csv(by_link["maximum"], start_s),
        _acompressor(by_link, start),
        _compand(by_link["maximum"], start),
        _pedalboard(each, start),
        _zamcomp(by_link["maximum"], start, len(size)),
    ]


def _csv(wanted: Wanted, start_s: float) -> Export:
    gain_db, rate = wanted.gain_db, wanted.sample_rate
    samples = np.arange(gain_db.shape[1])
    times = np.append(np.arange(0, samples.size, rate / 1000), samples.size - 1)
    columns = np.array([np.interp(times, samples, row) for row in gain_db]).round(4)
    names = ["gain_db"] if len(gain_db) == 1 else [f"gain_db_{n + 1}" for n in range(len(gain_db))]
    text, rows = io.StringIO(), np.column_stack([start_s + times / rate, columns.T])
    header, digits = ",".join(["time_s", *names]), ["%.6f", *["%.4f"] * len(names)]
    np.savetxt(text, rows, digits, ",", header=header, comments="")
    drawn = np.array([np.interp(samples, times, row) for row in columns])
    error_db = wanted.error_db(drawn[POINTS])
    return Export("gain curve", "gain.csv", text.getvalue(), error_db)


def _acompressor(by_link: Mapping[str, Wanted], start: dict[str, float]) -> Export:
    loudest = by_link["maximum"]
    peak_db = 20 * np.log10(max(float(loudest.magnitude.max()), 1e-6))
    boost_db = min(-peak_db, _MAKEUP_DB["acompressor"]) if peak_db < _QUIET_DB else 0.0
    boosted = start | {"threshold_db": start["threshold_db"] + boost_db}
    found = {}
    for link, wanted in by_link.items():
        louder = wanted._replace(magnitude=wanted.magnitude * 10 ** (boost_db / 20))
        found[link, "peak"] = fit_stage(louder, boosted, ACOMPRESSOR, "level")
        found[link, "rms"] = fit_stage(louder, boosted, ACOMPRESSOR, "power")
    link, detection = min(found, key=lambda each: found[each].error_db)
    (stage,), makeup_db, error_db = found[link, detection]
    attack, release = (
        4000 / (-np.expm1(-1000 / (stage[name] * loudest.sample_rate)) * loudest.sample_rate)
        for name in ("attack_ms", "release_ms")
    )
    makeup_db -= boost_db
    level = f"level_in={_amplitude(boost_db)}:" if boost_db else ""
    line = (
        f"acompressor={level}threshold={_amplitude(stage['threshold_db'])}"
        f":ratio={stage['ratio']:.6g}:attack={attack:.6g}:release={release:.6g}"
        f":knee={_amplitude(min(stage['knee_db'], 18.06))}:detection={detection}:link={link}"
    )
    if 0 <= makeup_db <= _MAKEUP_DB["acompressor"]:
        line += f":makeup={_amplitude(makeup_db)}"
    else:
        line += f",volume={makeup_db:.4f}dB:precision=double"
    return Export("FFmpeg acompressor", "ffmpeg-acompressor.txt", line + "\n", error_db)


def _compand(wanted: Wanted, start: dict[str, float]) -> Export:
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


def _pedalboard(wanted: Wanted, start: dict[str, float]) -> Export:
    stages, makeup_db, error_db = fit_two_stages(wanted, start, JUCE)
    plugins = "".join(
        f"        Compressor(threshold_db={stage['threshold_db']:.4f}, ratio={stage['ratio']:.5g},"
        f" attack_ms={2 * np.pi * stage['attack_ms']:.6g},"
        f" release_ms={2 * np.pi * stage['release_ms']:.6g}),\n"
        for stage in stages
    )
    text = _PEDALBOARD.format(plugins=plugins, makeup_db=makeup_db)
    return Export("pedalboard", "pedalboard.py", text, error_db)


def _zamcomp(wanted: Wanted, start: dict[str, float], channels: int) -> Export:
    (stage,), makeup_db, error_db = fit_stage(wanted, start, ZAMCOMP)
    makeup = min(max(makeup_db, 0.0), _MAKEUP_DB["zamcomp"])
    values = {
        "att": stage["attack_ms"],
        "rel": stage["release_ms"],
        "kn": 0.0,  # its knee is no soft knee: inside it, the line above the threshold goes on
        "rat": stage["ratio"],
        "thr": stage["threshold_db"],
        "mak": makeup,
        "slew": 1.0,
    }
    if channels == 1:
        name, values["sidech"] = "ZamComp", 0.0
    else:
        name = "ZamCompX2"
        values |= {"stereodet": 1.0, "sidechain": 0.0}  # the louder channel
    ports = " ,\n        ".join(
        f'[ lv2:symbol "{symbol}" ; pset:value {value:.6g} ]' for symbol, value in values.items()
    )
    rest = makeup_db - makeup
    note = f"add {rest:+.2f} dB after it" if abs(rest) > 0.005 else ""
    return Export(name, FILES[-1], _PRESET.format(name=name, ports=ports), error_db, note)


def _amplitude(level_db: float) -> str:
    return f"{10 ** (level_db / 20):.7g}"
