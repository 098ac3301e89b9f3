"""What the table of costs at the paper's sizes counts."""

from benchmarks.paper_scale import (
    Cost,
    costs_table,
    examples_seen,
    experiments,
    input_bytes,
    paper_params,
)


def test_examples_are_rows_times_epochs_of_every_network():
    """Attack and release alone, 50 settings each, and both together, 64: a network each."""
    params = paper_params()
    rows = 64 * (50 + 50 + 64)
    assert examples_seen(params, "drum-cnn-stft512") == rows * params.size.max_epochs.cnn
    # Epochs of its own
    epochs = params.experiments["drum-d4p-cnn-stft128"].max_epochs["paper"]
    assert examples_seen(params, "drum-d4p-cnn-stft128") == 64 * 625 * epochs


def test_networks_of_unseen_loops_are_trainings_of_their_own():
    """On as many settings of each loop as are drawn, not on those of the grid."""
    params, name = paper_params(), "drum-d4p-cnn-stft128"
    drawn = params.size.drawn_settings["drum-d4p-training"]
    rows = params.size.loops["drum-training"] * drawn
    epochs = params.unseen_loops[name].max_epochs["paper"]
    assert examples_seen(params, f"{name}-unseen-loops") == rows * epochs
    assert f"{name}-unseen-loops" in experiments(params)


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
    million = examples_seen(params, "drum-d4p-cnn-stft128") / 1e6
    shown = f"{million:.3f} | 3.6 | {million:.1f}"
    assert line.startswith(f"| drum-d4p-cnn-stft128 | 1 | {shown} | 500 |")
    hours = sum(examples_seen(params, name) for name in experiments(params)) / 1e6
    assert together.startswith(f"| together |  |  |  | {hours:.0f} |")
