"""Fit the closed-form limit of a corpus: `python -m stages.closed_form <corpus>`.

The limit is the error of the settings that are computed from a loop and its compressed version as
stored in 24 bits, aligned: no learnt result on such pairs can be better. It assumes the default
options of the compressor (peak detector, branching smoother, hard knee, no make-up gain). Under
others the fit does not explain the clips, and no row counts as solved.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from siamese_drc.audio import read_audio
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import parallel_map
from siamese_drc.solver.closed_form import PairFit, fit_pair
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params

# Noise alone gives a misfit of 1; a clip of another compressor has one of thousands.
LARGEST_MISFIT = 2.0
# 1 % of each parameter's range in dB, ratio, ms and ms: with a larger standard error, the parameter
# counts as not determined by the clip.
LARGEST_STANDARD_ERRORS = np.array([0.4, 0.2, 1.0, 10.0])


def main(params: Params, corpus: str) -> None:
    """Write data/closed_form/<corpus>.csv, a row per row of the corpus's settings table."""
    settings = files.read_settings(corpus)
    fits = parallel_map(
        partial(fit_file, params, corpus),
        [rows for _, rows in settings.groupby(["grid", "loop"], sort=False)],
        description=f"closed form {corpus}",
        unit="file",
    )
    table = estimates(settings, [fit for of_file in fits for fit in of_file])
    with replaced(files.closed_form_table(corpus)) as path:
        table.to_csv(path, index=False)


def fit_file(params: Params, corpus: str, clips: pd.DataFrame) -> list[PairFit | None]:
    """Fit the clips of one file, given as rows of the settings table."""
    grid, loop = str(clips["grid"].iloc[0]), int(clips["loop"].iloc[0])
    length, rate = params.clip_samples, params.sample_rate
    dry = read_audio(
        files.loop_file(params.corpora[corpus].material, loop), sample_rate=rate, samples=length
    )
    path = files.compressed_file(corpus, grid, loop)
    return [
        fit_pair(
            dry,
            read_audio(path, sample_rate=rate, start=position * length, samples=length),
            sample_rate=rate,
        )
        for position in clips["position"]
    ]


def estimates(settings: pd.DataFrame, fits: list[PairFit | None]) -> pd.DataFrame:
    """Return a row per row of the settings table: four parameters, and `solved`.

    A parameter that the clip does not determine has the median of the row's grid, and `solved`
    says whether the clip determines all of them.
    """
    values = settings.groupby("grid")[list(PARAMETERS)].transform("median").to_numpy(copy=True)
    solved = np.zeros(values.shape, bool)
    for row, fit in enumerate(fits):
        if fit is not None and fit.misfit <= LARGEST_MISFIT:
            solved[row] = fit.standard_errors <= LARGEST_STANDARD_ERRORS
            values[row, solved[row]] = fit.values[solved[row]]
    table = pd.DataFrame(values, columns=list(PARAMETERS)).round(6)
    table["solved"] = np.all(solved, axis=1)
    return table


if __name__ == "__main__":
    run_stage(main, "closed_form")
