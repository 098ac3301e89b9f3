"""What can be evaluated: rows with features, whoever made these, and what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.errors import InputError
from stages.common.params import Params, Regressor, Targets
from stages.compress.settings import read_settings
from stages.evaluate.data_set import DataSet, read_array
from stages.handcraft.sets import joined_sets

_PLACE = ["grid", "loop", "position"]


@dataclass(frozen=True)
class Study:
    """An experiment, a transfer, or either of these with handcrafted features.

    Parameters
    ----------
    name : str
    corpus : str
    grids : list of str
    handcrafted : bool
        Whether the features are handcrafted; else they are the embeddings by networks, whose own
        output is judged beside them.
    unseen_loops : bool
        Whether loops are held out, from the networks too.
    delayed : bool
        Whether there are embeddings of delayed clips, too.
    targets : {"linear", "sound"}
        The domain in which the regressor works.
    regressor : {"forest", "ridge"}
    source : Study or None
        In a transfer: what the forests are fitted on.
    """

    name: str
    corpus: str
    grids: list[str]
    handcrafted: bool = False
    unseen_loops: bool = False
    delayed: bool = False
    targets: Targets = "linear"
    regressor: Regressor = "forest"
    source: Study | None = None

    def features(
        self, grid: str, data: DataSet, fold: int | None = None, *, delayed: bool = False
    ) -> np.ndarray:
        """Read the features of all rows of a data set, shape (rows, features), float32.

        Parameters
        ----------
        grid : str
        data : DataSet
            The study's corpus under the grid.
        fold : int or None
            The fold of loops that the features must know nothing of. Handcrafted ones know
            nothing of any loop but their own.
        delayed : bool
            Those of the delayed clips.

        Raises
        ------
        InputError
            If the file cannot be read, does not belong to these rows, or is not finite.
        """
        if self.handcrafted:
            return _read_handcrafted(self.corpus, grid, data.parameters)
        network = files.network_name(grid, fold)
        if delayed:
            network = files.delayed_network_name(network)
        path = files.embedding_file(self.name, network)
        return read_array(path, rows=len(data))

    def output(self, grid: str, data: DataSet, fold: int | None = None) -> np.ndarray:
        """Read a network's own output for all rows, shape (rows, parameters), real units."""
        path = files.output_file(self.name, files.network_name(grid, fold))
        return read_array(path, rows=len(data), columns=len(data.parameters))


def find_study(params: Params, name: str) -> Study:
    """Return what `name`, one of `params.evaluated`, stands for."""
    if name in params.experiments:
        experiment = params.experiments[name]
        return Study(
            name,
            experiment.corpus,
            params.grids_of(name),
            unseen_loops=experiment.unseen_loops,
            delayed=params.inputs[experiment.input].delayed_ms is not None,
            targets=experiment.targets,
            regressor=experiment.regressor,
        )
    if name in params.transfers:
        corpus = params.transfers[name].corpus
        source = find_study(params, params.transfers[name].experiment)
        return Study(
            name,
            corpus,
            params.corpora[corpus].grids,
            targets=source.targets,
            regressor=source.regressor,
            source=source,
        )
    if name in params.handcrafted:
        return _handcrafted(params, name, params.handcrafted[name].corpus)
    transfer = params.handcrafted_transfers[name]
    return Study(
        name,
        transfer.corpus,
        params.corpora[transfer.corpus].grids,
        handcrafted=True,
        source=_handcrafted(params, transfer.source, transfer.source),
    )


def _handcrafted(params: Params, name: str, corpus: str) -> Study:
    grids = params.corpora[corpus].grids
    return Study(name, corpus, grids, handcrafted=True, unseen_loops=True)


def _read_handcrafted(corpus: str, grid: str, parameters: list[str]) -> np.ndarray:
    """Read the joined sets of some parameters for a corpus's rows of one grid."""
    path = files.handcrafted_table(corpus)
    try:
        table = pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a table ({error})") from error
    if not table[_PLACE].equals(read_settings(corpus)[_PLACE]):
        raise InputError(f"{path}: its rows are not those of {files.settings_table(corpus)}")
    features = table[joined_sets(table.columns.tolist(), parameters)].to_numpy(dtype=np.float32)
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        raise InputError(f"{path}: row {np.argmin(finite)} holds a value that is not finite")
    return np.ascontiguousarray(features[table["grid"] == grid])
