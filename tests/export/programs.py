"""The programs for which settings are exported, run on arrays; a test skips where one is absent."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

LADSPA = Path("/usr/lib/ladspa")
LAYOUTS = {1: "mono", 2: "stereo"}


def by_ffmpeg(signal: np.ndarray, line: str, rate: int) -> np.ndarray:
    """Return a signal (channels, samples) after a filter line, by the library in PyAV's wheel."""
    av = pytest.importorskip("av")
    graph = av.filter.Graph()
    layout = LAYOUTS[len(signal)]
    nodes = [graph.add_abuffer(format="dblp", sample_rate=rate, layout=layout, time_base=None)]
    for part in line.strip().split(","):
        name, _, options = part.partition("=")
        nodes.append(graph.add(name, options))
    nodes.append(graph.add("aformat", "sample_fmts=dblp"))
    nodes.append(graph.add("abuffersink"))
    graph.link_nodes(*nodes).configure()
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(signal, np.float64), format="dblp", layout=layout
    )
    frame.sample_rate, frame.pts = rate, 0
    graph.push(frame)
    graph.push(None)
    parts = []
    while True:
        try:
            parts.append(graph.pull().to_ndarray())
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(parts, axis=1)


def by_sox(signal: np.ndarray, effect: str, rate: int, folder: Path) -> np.ndarray:
    needed("sox")
    return _by_file(
        ["sox", "{in}", "-e", "float", "-b", "32", "{out}", *effect.split()], signal, rate, folder
    )


def by_ladspa(signal: np.ndarray, plugin: str, controls: str, rate: int, folder: Path):
    """Return a signal after a LADSPA plug-in of zam-plugins, by the program ffmpeg."""
    needed("ffmpeg")
    if not (LADSPA / f"{plugin}-ladspa.so").exists():
        pytest.skip("zam-plugins is not installed")
    line = f"ladspa=f={plugin}-ladspa:p={plugin}:c={controls}"
    chain = f"[0:a]asplit[a][b];[a][b]join=inputs=2:channel_layout=stereo,{line}"
    if len(signal) == 2:  # the third input is the side chain
        chain = f"[0:a]pan=3.0|c0=c0|c1=c1|c2=c0,{line}"
    command = ["ffmpeg", "-v", "error", "-y", "-i", "{in}", "-filter_complex", chain]
    done = _by_file([*command, "-c:a", "pcm_f32le", "{out}"], signal, rate, folder)
    return done[: len(signal)]


def needed(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def _by_file(command: list[str], signal: np.ndarray, rate: int, folder: Path) -> np.ndarray:
    dry, wet = folder / "dry.wav", folder / "wet.wav"
    soundfile.write(dry, signal.T, rate, subtype="FLOAT")
    names = {"{in}": str(dry), "{out}": str(wet)}
    done = subprocess.run(
        [names.get(word, word) for word in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return soundfile.read(wet, always_2d=True)[0].T


def as_ffmpeg_compand(effect: str) -> str:
    """Return FFmpeg's filter line for an effect of sox; both have one code."""
    _, times, points, gain, start = effect.split()
    attack, decay = times.split(",")
    pairs = re.findall(r"([^,]+),([^,]+)", points)
    curve = "|".join(f"{level}/{output}" for level, output in pairs)
    options = f"attacks={attack}:decays={decay}:points={curve}:gain={gain}:volume={start}"
    return f"compand={options}"
