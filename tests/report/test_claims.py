"""The claims compare the cells that they mean to compare."""

from __future__ import annotations

import pytest

from stages.report.claims import Claim, read_claims
from stages.report.published import read_published

CELLS = read_published()
CLAIMS = {claim.claim: claim for claim in read_claims()}


def comparisons(start: str) -> list[tuple[tuple[str, str, str], tuple[str, str, str] | None]]:
    """Return (experiment, data set, parameter) of both sides, of the claim that begins so."""
    (claim,) = [claim for text, claim in CLAIMS.items() if text.startswith(start)]
    return [(good.place, bad.place if bad else None) for good, bad in claim.comparisons(CELLS)]


@pytest.mark.parametrize(
    ("start", "count"),
    [
        ("Two parameters varied", 3 * 2 * 4),  # models x instruments x parameters
        ("Of one parameter, handcrafted", 3 * 2 * 2),
        ("Of one parameter, raw audio", 2 * 4),
        ("Of two parameters, Model 2", 2 * 3),
        ("Model 2 is the best", 2 * 2 * 4),
        ("A spectrogram", 4),
        ("A shorter frame", 4),
        ("Kernels of 1x3 in", 2 * 2),
        ("Kernels of 1x3 bring", 2 * 2),
        ("Larger filters", 4),
        ("Fewer filters or layers", 2 * 4),
        ("Model 3 is not", 2 * 8),
        ("The tuned Model 1", 4 * 8 + 3 * 4),  # all six sets, and the variants on three
        ("Four parameters", 4),
        ("Of four parameters", 4),
        ("A network trained", 4),
        ("On mixes", 4),
        ("Mixes", 4),
    ],
)
def test_each_claim_makes_its_comparisons(start, count):
    found = comparisons(start)
    assert len(found) == count
    assert len(set(found)) == count


def test_every_claim_is_tested():
    assert len(CLAIMS) == 18


def test_what_is_compared_is_alike():
    assert (
        ("drum-cnn-stft128", "drum-ds3", "attack_ms"),
        ("drum-cnn-stft512", "drum-ds3", "attack_ms"),
    ) in comparisons("A shorter frame")
    assert (
        ("guitar-sample-level-waveform", "guitar-dm2", "release_ms"),
        ("guitar-sample-level-waveform", "guitar-ds4", "release_ms"),
    ) in comparisons("Two parameters varied")
    assert comparisons("Four parameters")[0] == (
        ("drum-cnn-stft128", "drum-dm1", "threshold_db"),
        ("drum-d4p-cnn-stft128", "drum-d4p", "threshold_db"),
    )
    assert comparisons("A network trained")[0] == (
        ("mix-d4p-cnn-stft128", "mix-d4p", "threshold_db"),
        None,
    )


def test_a_cell_that_returns_in_later_tables_is_compared_once():
    mel = Claim("", "", {"experiment": ["drum-cnn-mel512"]}, None)
    assert len(mel.comparisons(CELLS)) == 8
