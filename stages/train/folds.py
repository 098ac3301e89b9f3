"""Outer folds of the `unseen_loops` protocol: whole loops, spread over the grids' offsets."""

from __future__ import annotations

from collections.abc import Sequence

from stages.common.errors import InputError


def outer_folds(groups: Sequence[str], folds: int) -> list[list[int]]:
    """Divide loops into folds that share no group.

    Parameters
    ----------
    groups : sequence of str, one per loop
        Loops of one group (windows of one recording) stay together.
    folds : int

    Returns
    -------
    list of `folds` lists of loop numbers, sorted
        The loops are dealt in the order of their grid offset (number mod 8), so that every fold
        holds loops of as many offsets as it can.

    Raises
    ------
    InputError
        If there are fewer groups than folds.
    """
    members: dict[str, list[int]] = {}
    for loop in sorted(range(len(groups)), key=lambda loop: (loop % 8, loop)):
        members.setdefault(groups[loop], []).append(loop)
    if len(members) < folds:
        raise InputError(
            f"folds {folds}: must be at most the number of loops or recordings, {len(members)}"
        )
    dealt: list[list[int]] = [[] for _ in range(folds)]
    for loops in members.values():
        min(dealt, key=len).extend(loops)
    return [sorted(fold) for fold in dealt]
