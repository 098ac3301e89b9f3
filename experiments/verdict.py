"""Tables of the committed errors for README.md, the tool's page and the model card."""

from __future__ import annotations

from pathlib import Path

from experiments.results import UNITS, markdown_table, read_json, update_page
from siamese_drc.report.claims import FAILS, HOLDS, distance, judge, read_claims, seed_spread
from siamese_drc.report.published import PublishedCell, read_published
from siamese_drc.report.results import Results, error_text, read_results
from stages.project import files
from stages.project.params import load_params

PAGE = Path("README.md")
TOOL_PAGE = Path("docs/tool.md")
MODEL_CARD = files.MODELS / "README.md"
TUNED_MODEL_1 = ("drum-cnn-stft128", "drum-d4p-cnn-stft128")
ENTRIES = ("paper", "unseen_loops", "constant", "closed_form")
DISTANCES = {"gain_curve_db": "gain curve, rms (dB)", "crest_factor_db": "crest factor (dB)"}


def write_tables() -> None:
    """Write the verdict into README.md and the errors of match into its page and model card."""
    update_page(PAGE, "verdict", verdict())
    update_page(TOOL_PAGE, "match", match_distances())
    update_page(MODEL_CARD, "match", match_errors())


def verdict(metrics: Path = files.METRICS) -> str:
    """Return two sentences on all errors, and the table of the tuned Model 1 on drums."""
    params = load_params()
    results = read_results(metrics / params.scale / "experiments", params.evaluated)
    cells = read_published()
    return summary(cells, results) + "\n" + table(cells, results)


def summary(cells: list[PublishedCell], results: Results) -> str:
    """Return how far all errors are from the published ones, and how many claims hold."""
    far = distance(cells, results)
    spread = seed_spread(results)
    verdicts = [judge(claim, cells, results, spread).verdict for claim in read_claims()]
    held, failed = verdicts.count(HOLDS), verdicts.count(FAILS)
    sentences = f"Of the paper's {len(verdicts)} conclusions, {held} hold here, {failed} do not,"
    sentences += f" and {len(verdicts) - held - failed} are undecided."
    if far is not None:
        sentences = (
            f"Over the {far.count} errors that the paper and this project both have, ours by the"
            f" paper's protocol is **{far.median:.1f} times** the published one in the median"
            f" ({far.lowest:.1f} to {far.highest:.1f} times). {sentences}"
        )
    return sentences + "\n"


def table(cells: list[PublishedCell], results: Results) -> str:
    """Return the errors of the tuned Model 1 on every drum data set beside the published ones."""
    chosen = {cell.place: cell for cell in cells if cell.experiment in TUNED_MODEL_1}
    rows = []
    for cell in sorted(chosen.values(), key=_order):
        ours = [results.mae(*cell.place[:2], entry, cell.parameter) for entry in ENTRIES]
        name = UNITS[cell.parameter]
        rows.append([cell.grid.upper(), name, cell.value, *(error_text(mae) for mae in ours)])
    header = ["grid", "parameter", "published", "ours, `paper`", "ours, `unseen_loops`"]
    return markdown_table([*header, "constant", "closed form"], rows, texts=2)


def match_distances(metrics: Path = files.METRICS) -> str:
    """Return how far match is from the reference's own settings, by material."""
    rows = []
    for material, found in _match_results(metrics)["materials"].items():
        for key, name in DISTANCES.items():
            by = found["another_recording"]["distances"][key]
            values = [by[way] for way in ("match", "nothing", "preset")]
            rows.append([material, name, *(f"{value:.2f}" for value in values)])
    return markdown_table(
        ["material", "distance", "match", "nothing", "best preset"], rows, texts=2
    )


def match_errors(metrics: Path = files.METRICS) -> str:
    """Return the errors of match's estimated settings, and how often its intervals hold them."""
    rows = []
    for material, found in _match_results(metrics)["materials"].items():
        settings = found["another_recording"]["settings"]
        cells = [f"{by['mae']:.3g} / {100 * by['inside']:.0f} %" for by in settings.values()]
        rows.append([material, *cells])
    header = ["material", *(UNITS[name] for name in settings)]
    return markdown_table(header, rows)


def _match_results(metrics: Path) -> dict:
    return read_json(metrics / load_params().scale / "match.json")


def _order(cell: PublishedCell) -> tuple[int, int]:
    grids = ("ds1", "ds2", "ds3", "ds4", "dm1", "dm2", "d4p")
    return grids.index(cell.grid), list(UNITS).index(cell.parameter)
