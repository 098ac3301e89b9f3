"""What the table of costs at the paper's sizes counts."""

import pytest

from benchmarks.paper_scale import (
    Cost,
    costs_table,
    examples_seen,
    experiments,
    input_bytes,
    paper_params,
)


def test_examples_are_rows_times_epochs_of_every_network():
    """drum-d4p: 64 loops x 625 settings x 4 epochs; five folds of four fifths of the loops."""
    params = paper_params()
    assert examples_seen(params, "drum-d4p-cnn-stft128") == pytest.approx(64 * 625 * 4 * (1 + 4))
    # Attack and release alone, 50 settings, and both together, 64; 30 epochs, one network each
    assert examples_seen(params, "drum-cnn-stft512") == 64 * (50 + 50 + 64) * 30


def test_inputs_are_two_bytes_a_value():
    """D4P on 64 drum loops: 625 settings of 65 bins x 2757 frames."""
    assert input_bytes(paper_params(), "drum-d4p-cnn-stft128") == 64 * 625 * 65 * 2757 * 2


def test_every_experiment_of_the_paper_has_a_line():
    """At 3.6 ms, a million examples take an hour."""
    params = paper_params()
    costs = dict.fromkeys(experiments(params).values(), Cost(3.6, 500.0))
    *lines, together = costs_table(params, costs).splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == [f"| {name}" for name in experiments(params)]
    (line,) = [line for line in lines if line.startswith("| drum-d4p-cnn-stft128 ")]
    assert line.startswith("| drum-d4p-cnn-stft128 | 6 | 0.800 | 3.6 | 0.8 | 500 |")
    hours = sum(examples_seen(params, name) for name in experiments(params)) / 1e6
    assert together.startswith(f"| together |  |  |  | {hours:.0f} |")
