"""The closed-form limit of a corpus: `python -m stages.evaluate.closed_form <corpus>`.

What can be known from a loop and its compressed version as stored in 24 bits, aligned: no learnt
result on such pairs can be better. It assumes the compressor's default options (peak detector,
branching smoother, hard knee, no make-up gain). Under any other the recursion does not explain
the clips, and no row counts as solved.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.audio import read_audio
from stages.common.errors import InputError, run_stage
from stages.common.parallel import parallel_map
from stages.common.params import PARAMETERS, Params, load_params
from stages.compress.settings import read_settings
from stages.evaluate.recursion_fit import RecursionFit, fit_recursion

# Noise alone gives a misfit of 1; a clip of another compressor has one of thousands.
LARGEST_MISFIT = 2.0
# 1 % of each parameter's range in dB, ratio, ms and ms: with a larger standard error, the clip
# does not tell the parameter.
LARGEST_STANDARD_ERRORS = np.array([0.4, 0.2, 1.0, 10.0])


def main(arguments: list[str]) -> None:
    """Write data/closed_form/<corpus>.csv, a row per row of the corpus's settings.csv."""
    params = load_params()
    if len(arguments) != 1 or arguments[0] not in params.corpora:
        raise InputError(
            "usage: python -m stages.evaluate.closed_form CORPUS, "
            f"one of: {', '.join(params.corpora)}"
        )
    (corpus,) = arguments
    settings = read_settings(corpus)
    clips_of_files = [rows for _, rows in settings.groupby(["grid", "loop"], sort=False)]
    fits = parallel_map(
        partial(fit_file, params, corpus),
        clips_of_files,
        description=f"closed form {corpus}",
        unit="file",
    )
    table = estimates(settings, [fit for of_file in fits for fit in of_file])
    with files.replaced(files.closed_form_table(corpus)) as path:
        table.to_csv(path, index=False)


def fit_file(params: Params, corpus: str, clips: pd.DataFrame) -> list[RecursionFit | None]:
    """Fit the recursion to the clips of one file, given as rows of settings.csv."""
    grid, loop = str(clips["grid"].iloc[0]), int(clips["loop"].iloc[0])
    length, rate = params.clip_samples, params.sample_rate
    dry = read_audio(
        files.loop_file(params.corpora[corpus].material, loop), sample_rate=rate, samples=length
    )
    path = files.compressed_file(corpus, grid, loop)
    return [
        fit_recursion(
            dry,
            read_audio(path, sample_rate=rate, start=position * length, samples=length),
            sample_rate=rate,
        )
        for position in clips["position"]
    ]


def estimates(settings: pd.DataFrame, fits: list[RecursionFit | None]) -> pd.DataFrame:
    """Turn fits into an answer for every parameter of every row.

    Parameters
    ----------
    settings : DataFrame
        The corpus's settings.csv.
    fits : list, one per row

    Returns
    -------
    DataFrame, a row per row of `settings`
        The four parameters, and `solved`: whether the clip told all of them. Where it did not
        tell a parameter, its value is the median of the row's grid.
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
    run_stage(main)
