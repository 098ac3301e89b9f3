"""Where the values lie that a convolution over bands and frames reads and writes.

Values are kept in rows, time last, a row for each band. Outputs have a row for every position of
the kernels among the bands and every filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stages.train.networks.correlation import TAPS
from stages.train.networks.lanes import LANES, padded


@dataclass(frozen=True)
class Bands:
    """A convolution of a spectrogram by kernels, padded in time and not in frequency.

    Parameters
    ----------
    bands, frames : of the spectrogram
    length, height : of the kernels: frames, and bands spanned
    filters : at each position
    block : positions whose filters are computed at once, as those of a single, higher kernel
    """

    bands: int
    frames: int
    length: int
    height: int
    filters: int
    block: int

    @property
    def positions(self) -> int:
        """Places of the kernels among the bands."""
        return self.bands - self.height + 1

    @property
    def blocks(self) -> int:
        """Blocks of positions; the last one may reach beyond them."""
        return -(-self.positions // self.block)

    @property
    def before(self) -> int:
        """Zeros before the first frame."""
        return (self.length - 1) // 2

    @property
    def width(self) -> int:
        """Numbers in a row: whole vectors may be read from its last frame on."""
        return padded(self.frames + self.length - 1 + LANES)

    @cached_property
    def offsets(self) -> np.ndarray:
        """Where every tap of the kernels begins, shape (blocks, taps), int64.

        Zeros fill them up to what is read at once.
        """
        span = self.height + self.block - 1
        block, frame, band = np.ogrid[: self.blocks, : self.length, :span]
        taps = (block * self.block + band) * self.width + frame
        taps = taps.reshape(self.blocks, -1)
        return np.pad(taps, ((0, 0), (0, -taps.shape[1] % TAPS)))

    def rows(self) -> np.ndarray:
        """Zeros for the rows of a spectrogram, and for those beyond that the last block reads."""
        return np.zeros((self.bands + self.block, self.width), np.float32)
