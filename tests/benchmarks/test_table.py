"""The benchmarks' common form: the table, the goals, the medians, the figures in JSON."""

import itertools

import numpy as np
import pytest

from benchmarks.__main__ import rounded
from benchmarks.interleaved import interleaved_medians
from benchmarks.memory import peak_megabytes
from benchmarks.table import Row, goals, markdown

ROWS = [
    Row("mel", 2.0, {"librosa": 10.0}, "ms", 1.6, "FFT alone", {"spectrogram_vs_librosa": 5.0}),
    Row("stft", 0.25, {"librosa": 1.0, "SciPy": 0.5}, "ms", goals={"spectrogram_vs_librosa": 4.0}),
]


def test_a_table_has_the_ratio_beside_every_peer_and_floor():
    assert markdown(ROWS).splitlines() == [
        "| step | unit | ours | librosa | SciPy | floor |",
        "| --- | --- | ---: | ---: | ---: | --- |",
        "| mel | ms | 2 | 10 (5.0x) |  | 1.6, FFT alone (1.2x) |",
        "| stft | ms | 0.25 | 1 (4.0x) | 0.5 (2.0x) |  |",
    ]


def test_a_distance_of_nearly_nothing_has_no_ratio():
    row = Row("level", 1e-6, {"other": 0.5}, "LU")
    assert markdown([row]).splitlines()[-1] == "| level | LU | 1e-06 | 0.5 |  |"


def test_a_goal_is_the_smallest_ratio_of_its_rows():
    assert goals(ROWS) == {"spectrogram_vs_librosa": 4.0}
    assert goals(ROWS[::-1]) == {"spectrogram_vs_librosa": 4.0}


def test_medians_are_of_turns_and_leave_the_first_out():
    order = []
    clock = itertools.accumulate([0, 1, 0, 10, 0, 3, 0, 20, 0, 2, 0, 90])
    ways = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    found = interleaved_medians(ways, rounds=3, clock=lambda: next(clock))
    assert found == {"a": 2, "b": 20}
    assert order == ["a", "b"] * 4


def test_peak_memory_counts_what_is_held_and_what_is_let_go():
    half = 2**25
    assert peak_megabytes(lambda: np.ones(half, np.uint8)) == pytest.approx(half / 1e6, rel=0.1)
    both = peak_megabytes(lambda: len(np.ones(half, np.uint8) + np.ones(half, np.uint8)))
    assert both > 1.9 * half / 1e6


def test_json_has_four_digits():
    assert rounded({"a": [1.23456789, 7, "x"], "b": None}) == {"a": [1.235, 7, "x"], "b": None}
