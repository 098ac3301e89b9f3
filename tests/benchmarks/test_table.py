"""The benchmarks' common form: the table, the goals, the medians, the figures in JSON."""

import itertools

import numpy as np
import pytest

from benchmarks.__main__ import rounded
from benchmarks.measuring import in_own_process, interleaved_medians, peak_megabytes, settings_of
from benchmarks.table import Row, goals, goals_table, markdown

ROWS = [
    Row("mel", 2.0, {"librosa": 10.0}, "ms", 1.6, "FFT alone", {"spectrogram_vs_librosa": 5.0}),
    Row("stft", 0.25, {"librosa": 1.0, "SciPy": 0.5}, "ms", goals={"spectrogram_vs_librosa": 4.0}),
]


def test_a_table_has_the_ratio_beside_every_peer_and_floor():
    assert markdown(ROWS).splitlines() == [
        "| step | unit | ours | librosa | SciPy | limit |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        "| mel | ms | 2 | 10 (5.0x) |  | 1.6 (1.2x), FFT alone |",
        "| stft | ms | 0.25 | 1 (4.0x) | 0.5 (2.0x) |  |",
    ]


def test_a_distance_of_nearly_nothing_has_no_ratio():
    row = Row("level", 1e-6, {"other": 0.5}, "LU")
    assert markdown([row]).splitlines()[-1] == "| level | LU | 1e-06 | 0.5 |  |"


def test_a_goal_is_the_smallest_ratio_of_its_rows():
    assert goals(ROWS) == {"spectrogram_vs_librosa": 4.0}
    assert goals(ROWS[::-1]) == {"spectrogram_vs_librosa": 4.0}


def test_the_table_of_goals_says_which_are_met():
    found = {"spectrogram_vs_librosa": 4.0, "compress_vs_pedalboard": 9.0}
    assert goals_table(found).splitlines()[2:] == [
        "| `spectrogram_vs_librosa` | 5 | 4.0 | no |",
        "| `compress_vs_pedalboard` | 8 | 9.0 | yes |",
    ]


def test_some_settings_are_spread_over_the_grid():
    settings, every = settings_of("d4p", count=5), settings_of("d4p")
    assert len(settings) == 5
    assert len(set(settings.threshold_db)) == len(set(every.threshold_db))


def test_medians_are_of_turns_and_leave_the_first_out():
    order = []
    clock = itertools.accumulate([0, 1, 0, 10, 0, 3, 0, 20, 0, 2, 0, 90])
    ways = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    found = interleaved_medians(ways, rounds=3, clock=lambda: next(clock))
    assert found == {"a": 2, "b": 20}
    assert order == ["a", "b"] * 4


def test_a_benchmark_runs_in_a_new_process():
    assert in_own_process("machine", "processor_name")


def test_peak_memory_counts_what_is_held_and_what_is_let_go():
    half = 2**28  # much more than a process may hold free
    assert peak_megabytes(lambda: np.ones(half, np.uint8)) == pytest.approx(half / 1e6, rel=0.1)
    both = peak_megabytes(lambda: len(np.ones(half, np.uint8) + np.ones(half, np.uint8)))
    assert both > 1.9 * half / 1e6


def test_json_has_four_digits():
    assert rounded({"a": [1.23456789, 7, "x"], "b": None}) == {"a": [1.235, 7, "x"], "b": None}
