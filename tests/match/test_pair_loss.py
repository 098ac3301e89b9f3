"""What errors of settings cost, by hand."""

import numpy as np
import pytest

from stages.match.dynamics import PEAKS
from stages.match.pair_loss import loss_targets, pair_loss

PEAK_DB = 10.0


def cost(found, wanted):
    dry = np.zeros((1, PEAKS.stop), np.float32)
    dry[:, PEAKS] = PEAK_DB / 10
    targets = loss_targets(np.array([wanted]), dry)
    return float(pair_loss(targets, np.array([found], np.float32)))


def test_nothing_is_wrong():
    assert cost([0.5, 0.2, 0.3, 0.4], [0.5, 0.2, 0.3, 0.4]) == 0


@pytest.mark.parametrize(
    ("found", "wanted", "gain_db"),
    [
        # Thresholds of -10 and 0 dB, peaks at 10 dB, with no limit to the ratio: 20 and 10 dB.
        ([0.4, 0.0, 0.5, 0.5], [0.6, 0.0, 0.5, 0.5], 10),
        ([0.4, 0.5, 0.5, 0.5], [0.6, 0.5, 0.5, 0.5], 5),  # at 2:1
        ([0.4, 1.0, 0.5, 0.5], [0.6, 1.0, 0.5, 0.5], 0),  # at 1:1 nothing is heard
        ([0.9, 0.2, 0.5, 0.5], [1.0, 0.2, 0.5, 0.5], 0),  # both above the peaks
        ([0.4, 0.5, 0.5, 0.5], [0.6, 0.0, 0.5, 0.5], 0),  # 20 dB at 2:1 are 10 dB without limit
    ],
)
def test_an_error_costs_what_it_does_to_the_gain(found, wanted, gain_db):
    of_settings = np.mean(np.abs(np.subtract(found, wanted)))
    assert cost(found, wanted) == pytest.approx(of_settings + gain_db / 20, abs=1e-6)
