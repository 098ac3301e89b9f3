"""From measurements of a dry loop and its clips to features that are finite in any case.

A measurement that an event does not allow (the rise of a note that does not rise) is NaN, and the
event is left out of the statistics; where no event allows it, they are 0.
"""

from __future__ import annotations

import numpy as np

ZERO = 1e-9


def compared(name: str, dry: np.ndarray, clips: np.ndarray) -> dict[str, np.ndarray]:
    """Return the two features that a measurement f of one signal makes: f(y) - f(x), f(y) / f(x).

    Where f(x) is 0, to 1e-9, the ratio says nothing and is 1; the difference tells what there is.

    Parameters
    ----------
    name : str
    dry : ndarray, shape (1,) or (events, 1)
    clips : ndarray, shape (clips,) or (events, clips)
    """
    zero = np.abs(dry) < ZERO
    ratio = np.where(zero, np.where(np.isnan(clips), clips, 1.0), clips / np.where(zero, 1.0, dry))
    return {f"{name}.difference": clips - dry, f"{name}.ratio": ratio}


def summarised(name: str, events: np.ndarray) -> dict[str, np.ndarray]:
    """Return mean, median and standard deviation over the events.

    Parameters
    ----------
    name : str
    events : ndarray, shape (events, clips)
        NaN where an event does not allow the measurement.
    """
    events = np.where(np.isnan(events).all(axis=0), 0.0, events)
    return {
        f"{name}.mean": np.nanmean(events, axis=0),
        f"{name}.median": np.nanmedian(events, axis=0),
        f"{name}.deviation": np.nanstd(events, axis=0),
    }
