"""The chain on recordings from two Debian packages, from import to forest."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from experiments.clone import make_clone, provenance, run
from experiments.drum_kits import GROOVES, Instrument, perform, read_kit, read_stereo
from experiments.results import (
    UNITS,
    land,
    markdown_table,
    rounded,
    update_page,
)
from siamese_drc.report.results import PROTOCOLS, read_results
from stages.project import files
from stages.project.params import load_params

BUILD = Path("build/recordings")
RESULTS = files.METRICS / "recordings"
PAGE = Path("docs/recordings.md")
PACKAGES = ("hydrogen-drumkits", "lmms-common")

MATERIALS = ("drum", "guitar")
GRIDS = ["ds1", "ds2", "dm2"]  # together they vary all four parameters
REPRESENTATIONS = {"drum": "stft128", "guitar": "mel512"}  # those that rendered loops have too
LOOPS = {"drum": 32, "guitar": 22}  # every recording at least once; all of the guitar
EXPERIMENTS = {material: f"{material}-cnn-{REPRESENTATIONS[material]}" for material in MATERIALS}

SAMPLES = Path("usr/share/lmms/samples")
DRUMKITS = Path("usr/share/hydrogen/data/drumkits")
SAMPLE_RATE = 44100
SEED = 1

# Played guitar in lmms-common: three Latin phrases, and one chord on a steel-string guitar, clean
# and at three strengths of distortion.
PHRASES = ("latin/latin_guitar01.ogg", "latin/latin_guitar02.ogg", "latin/latin_guitar03.ogg")
CHORD = (
    "instruments/steel_guitar01.ogg",
    "instruments/steel_guitar_slight_distorted01.ogg",
    "instruments/steel_guitar_medium_distorted01.ogg",
    "instruments/steel_guitar_heavy_distorted01.ogg",
)
CHORD_SECONDS = 2  # of each: what rings on after that hardly changes

# Which groove each kit plays, and the ids of the instruments that play its voices.
KIT_SECONDS = 8
KITS = {
    "Audiophob": ("half-time", {"kick": 0, "snare": 4, "hat": 6, "open": 10, "perc": 7}),
    "BJA_Pacific": ("funk", {"kick": 0, "snare": 1, "hat": 2, "open": 3, "perc": 4}),
    "circAfrique v4": ("tom", {"kick": 17, "snare": 1, "hat": 20, "open": 19, "perc": 2}),
    "ColomboAcousticDrumkit": ("rock", {"kick": 0, "snare": 1, "hat": 5, "open": 6, "perc": 3}),
    "ElectricEmpireKit": ("house", {"kick": 2, "snare": 13, "hat": 20, "open": 25, "perc": 29}),
    "ForzeeStereo": ("break", {"kick": 0, "snare": 4, "hat": 9, "open": 10, "perc": 2}),
    "Gimme A Hand 1.0": ("funk", {"kick": 0, "snare": 1, "hat": 2, "open": 7, "perc": 5}),
    "HardElectro1": ("house", {"kick": 0, "snare": 3, "hat": 6, "open": 10, "perc": 4}),
    "Millo-Drums_v.1": ("hip-hop", {"kick": 0, "snare": 4, "hat": 6, "open": 10, "perc": 7}),
    "Millo_MultiLayered2": ("tom", {"kick": 0, "snare": 2, "hat": 6, "open": 10, "perc": 7}),
    "Millo_MultiLayered3": ("rock", {"kick": 0, "snare": 4, "hat": 6, "open": 10, "perc": 7}),
    "rumpf_kit_z01_h2": ("hip-hop", {"kick": 0, "snare": 2, "hat": 6, "open": 10, "perc": 11}),
    "The Black Pearl 1.0": ("half-time", {"kick": 0, "snare": 2, "hat": 6, "open": 21, "perc": 7}),
    "VariBreaks": ("break", {"kick": 0, "snare": 3, "hat": 9, "open": 11, "perc": 8}),
}


def run_on_recordings() -> None:
    """Download, import, compress, train and evaluate; keep the results in metrics/recordings/."""
    write_folders(unpack_packages(BUILD), BUILD / "audio")
    clone = BUILD / "project"
    shutil.rmtree(clone, ignore_errors=True)
    make_clone(Path.cwd(), clone, use_recordings)
    dvc = [sys.executable, "-m", "dvc"]
    for material in MATERIALS:
        shutil.copytree(BUILD / "audio" / material, clone / "recordings" / material)
        run([*dvc, "add", "--quiet", f"recordings/{material}"], clone)
    stages = [
        f"{st}@{name}" for name in EXPERIMENTS.values() for st in ("evaluate", "unseen-loops")
    ]
    run([*dvc, "repro", *stages], clone)
    made_by = provenance(clone)
    for folder in ("experiments", "runs", "unseen_loops"):
        shutil.rmtree(RESULTS / folder, ignore_errors=True)
    for name, metrics in load_params(clone / "params.yaml").metrics.items():
        made = {"metrics": str(metrics), **made_by}
        land(clone, name, RESULTS, RESULTS / "runs" / name, made)


def unpack_packages(folder: Path, packages: Sequence[str] = PACKAGES) -> Path:
    """Download Debian packages, unless they are there, and unpack them; return their folder.

    Nothing is installed, so no root is needed; the lists of packages must be there (`apt-get
    update`).
    """
    root = folder / "unpacked"
    archives = folder / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if not list(archives.glob(f"{package}_*.deb")):
            run(["apt-get", "download", package], archives)
        [archive] = archives.glob(f"{package}_*.deb")
        run(["dpkg-deb", "-x", str(archive.resolve()), str(root.resolve())], archives)
    return root


def write_folders(root: Path, folder: Path) -> None:
    """Write `folder/drum` and `folder/guitar` from the unpacked packages under `root`.

    A file is one performance, because windows of one file are kept together where loops must be
    unseen: all that a kit plays is one file, and so is one chord at all strengths of distortion.
    """
    for material in MATERIALS:
        shutil.rmtree(folder / material, ignore_errors=True)
        (folder / material).mkdir(parents=True)
    for beat in sorted((root / SAMPLES / "beats").glob("*.ogg")):
        shutil.copyfile(beat, folder / "drum" / beat.name)
    for number, (name, groove, drums) in enumerate(read_kits(root)):
        rng = np.random.default_rng([SEED, number])
        played = perform(GROOVES[groove], drums, rng, seconds=KIT_SECONDS, sample_rate=SAMPLE_RATE)
        _write(folder / "drum" / f"kit {name}.flac", played)
    for phrase in PHRASES:
        shutil.copyfile(root / SAMPLES / phrase, folder / "guitar" / Path(phrase).name)
    takes = [read_stereo(root / SAMPLES / take, SAMPLE_RATE) for take in CHORD]
    strums = [_half_scale(take[: CHORD_SECONDS * SAMPLE_RATE]) for take in takes]
    _write(folder / "guitar" / "steel_guitar.flac", np.concatenate(strums))


def read_kits(root: Path) -> Iterator[tuple[str, str, dict[str, Instrument]]]:
    """Yield of each of `KITS` its name, its groove and its drums by their voices."""
    for name, (groove, voices) in KITS.items():
        kit = read_kit(root / DRUMKITS / name)
        yield name, groove, {voice: kit[instrument] for voice, instrument in voices.items()}


def use_recordings(content: Any) -> None:
    """Change the content of params.yaml: the materials are recordings, with one experiment each.

    `unseen_loops` tests networks that were trained on composed loops only.
    """
    epochs = dict(content["unseen_loops"][EXPERIMENTS["drum"]]["max_epochs"])
    sections = ["materials", "corpora", "closed_form", "inputs"]
    sections += ["experiments", "unseen_loops", "transfers", "pretrained"]
    for section in sections:
        content[section] = {}
    for name, experiment in EXPERIMENTS.items():
        representation, training = REPRESENTATIONS[name], f"{name}-training"
        for scale in content["scales"].values():
            loops, drawn = scale["loops"], scale["drawn_settings"]
            loops.update({name: LOOPS[name], training: loops["drum-training"]})
            drawn[training] = drawn["drum-training"]
        folders = {name: f"recordings/{name}", training: f"siamese_drc/loops/{name}"}
        for corpus, folder in folders.items():
            content["materials"][corpus] = {"source": {"folder": folder}}
            content["corpora"][corpus] = {"material": corpus, "grids": list(GRIDS)}
            content["inputs"][f"{corpus}-{representation}"] = {
                "material": corpus,
                "corpus": corpus,
                "representation": representation,
            }
        content["corpora"][training]["drawn"] = True
        content["closed_form"][name] = {"material": name}
        entry = {"model": "cnn", "representation": representation}
        content["experiments"][experiment] = entry | {"corpus": name}
        content["unseen_loops"][experiment] = entry | {
            "corpus": training,
            "tested": name,
            "max_epochs": dict(epochs),
        }


def write_tables() -> None:
    """Write the table of errors into its page."""
    update_page(PAGE, "errors", error_table())


def error_table(recorded: Path = RESULTS, rendered: Path = files.METRICS / "laptop") -> str:
    """Return the mean absolute errors on recordings, and by the same experiments on rendered loops.

    A check mark is at what was learnt; a cell without a result stays empty.
    """
    names, rows = [*EXPERIMENTS.values()], []
    ours, theirs = (
        read_results(folder, names, names, complete=False) for folder in (recorded, rendered)
    )
    entries = [
        f"{before}{protocol}"
        for protocol in PROTOCOLS
        for before in ("", "untrained/", "no_network/")
    ]
    columns = {f"`{entry}`": (ours, entry) for entry in [*entries, "constant", "closed_form"]}
    columns |= {f"rendered, `{entry}`": (theirs, entry) for entry in PROTOCOLS}
    for name, data_set, parameter in ours.measured():
        place = (name, data_set, parameter)
        cells = [
            rounded(of.mae(place, entry)) + (" \N{CHECK MARK}" if of.learnt(place, entry) else "")
            for of, entry in columns.values()
        ]
        rows.append([data_set, UNITS[parameter], *cells])
    return markdown_table(["data set", "parameter", *columns], rows, texts=2)


def _half_scale(sound: np.ndarray) -> np.ndarray:
    return 0.5 * sound / np.abs(sound).max()


def _write(file: Path, sound: np.ndarray) -> None:
    soundfile.write(file, _half_scale(sound), SAMPLE_RATE, subtype="PCM_24")
