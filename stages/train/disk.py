"""What a training writes: its state, and the weights that are kept of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stages.common import files
from stages.common.disk import require_space
from stages.common.errors import InputError
from stages.common.params import Params
from stages.train.weight_count import count_weights

# A checkpoint holds the weights, the optimizer's two slots for each, and the best weights; the one
# before stays until it is whole. Beside it lie the best weights by themselves.
_COPIES_IN_STATE = 2 * 4 + 1
_OVERHEAD = 2**17  # of a network's files: HDF5 and zip headers, learning curve


def require_training_space(params: Params, experiment: str) -> None:
    """Raise InputError unless the disks can hold the states and the weights of an experiment."""
    path = files.dry_file(params.experiments[experiment].input)
    try:
        shape = np.load(path, mmap_mode="r").shape[1:]
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as an array ({error})") from error
    state, kept = bytes_needed(params, experiment, shape)
    require_space(files.training_states(), state)
    require_space(files.MODELS / experiment, kept)


def bytes_needed(params: Params, experiment: str, shape: Sequence[int]) -> tuple[int, int]:
    """Return the bytes of the trainings' states, which are removed in the end, and of the models.

    Parameters
    ----------
    params : Params
    experiment : str
    shape : shape of one network input
    """
    model = params.model_of(experiment)
    state = kept = 0
    for grid in params.grids_of(experiment):
        weights = 4 * count_weights(model, shape, len(params.grids.named[grid].varied))
        networks = params.networks_of(experiment)
        state += networks * (_COPIES_IN_STATE * weights + _OVERHEAD)
        kept += networks * (weights + _OVERHEAD)
    return state, kept
