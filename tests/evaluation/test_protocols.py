"""What each protocol lets a regressor know, shown on embeddings whose answer is known."""

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor

from siamese_drc.core.errors import InputError
from siamese_drc.evaluation.errors import errors_of
from siamese_drc.evaluation.forest import BinnedForestRegressor
from siamese_drc.evaluation.protocols import (
    DataSet,
    Fit,
    predict,
    random_splits,
    transfer,
)

LOOPS, SETTINGS = 24, 30
TRAINING = 18  # loops of the training corpus of `unseen_loops`; the others are tested


@pytest.fixture(autouse=True)
def _one_process(monkeypatch):
    monkeypatch.setenv("DRC_JOBS", "1")


@pytest.fixture
def data() -> DataSet:
    """An attack grid: 30 values for each of 24 loops."""
    loop = np.repeat(np.arange(LOOPS), SETTINGS)
    attack = np.tile(np.linspace(1, 99, SETTINGS), LOOPS)
    everything = np.ones(len(loop), bool)
    return DataSet("drum-ds3", ["attack_ms"], attack[:, None], loop, loop.astype(str), everything)


def by_forests(fits, *, trees=20, max_features=0.34):
    def regressor(number: int, fit: Fit) -> BinnedForestRegressor:
        return BinnedForestRegressor(trees, max_features=max_features, random_state=(1, number))

    return predict(fits, regressor, description="test")


def rows_of(data: DataSet, chosen: np.ndarray) -> DataSet:
    columns = (data.targets, data.loop, data.group, data.identifiable)
    return DataSet(data.name, data.parameters, *(column[chosen] for column in columns))


def errors(data: DataSet, embeddings: np.ndarray) -> dict[str, float]:
    """Mean absolute error by `paper`, by `unseen_loops`, and of the constant predictor."""
    by_rows = random_splits(embeddings, data.targets, splits=3, test_fraction=0.2, seed=1)
    known, unseen = data.loop < TRAINING, data.loop >= TRAINING
    by_loops = transfer(embeddings[known], data.targets[known], embeddings[unseen])

    def median(*_: object) -> DummyRegressor:
        return DummyRegressor(strategy="median")

    tested = {
        "paper": (data, by_forests(by_rows)),
        "unseen_loops": (rows_of(data, unseen), by_forests(by_loops)),
        "constant": (
            data,
            predict(by_rows, lambda *_: DummyRegressor(strategy="median"), description="constant"),
        ),
    }
    found = {entry: errors_of(*each, bootstrap=10, seed=1) for entry, each in tested.items()}
    return {entry: found[entry]["attack_ms"]["mae"] for entry in found}


def test_embeddings_that_hold_the_target_are_read_by_both_protocols(data):
    embeddings = (data.targets * [1.0, -2.0, 0.1]).astype(np.float32)
    found = errors(data, embeddings)
    assert found["paper"] < 1.0  # the values are 3.4 ms apart
    assert found["unseen_loops"] < 1.0


def test_embeddings_that_hold_the_loop_alone_are_no_better_than_a_constant(data):
    codes = np.random.default_rng(0).normal(size=(LOOPS, 3)).astype(np.float32)
    found = errors(data, codes[data.loop])
    assert found["constant"] == pytest.approx(25, rel=0.06)
    assert found["paper"] == pytest.approx(found["constant"], rel=0.1)
    assert found["unseen_loops"] == pytest.approx(found["constant"], rel=0.1)


def test_only_the_paper_protocol_can_use_what_belongs_to_a_loop(data):
    """The target is told in a code of each loop's own, and the loop is told as well."""
    generator = np.random.default_rng(0)
    sign = generator.permutation(np.tile([-1.0, 1.0], LOOPS // 2))
    codes = generator.normal(size=(LOOPS, 4))
    told = sign[data.loop] * (data.targets[:, 0] - 50)
    embeddings = np.column_stack([told, codes[data.loop]]).astype(np.float32)
    found = errors(data, embeddings)
    assert found["paper"] < 0.4 * found["constant"]
    assert found["unseen_loops"] > 0.8 * found["constant"]


def test_random_splits_cover_every_row_and_never_overlap(data):
    fits = random_splits(data.targets, data.targets, splits=5, test_fraction=0.2, seed=1)
    for fit in fits:
        assert len(fit.test) == 0.2 * len(data)
        np.testing.assert_array_equal(
            np.sort(np.concatenate([fit.train, fit.test])), np.arange(len(data))
        )
    assert not np.array_equal(fits[0].test, fits[1].test)


def test_transfer_fits_on_one_material_and_tests_all_of_another(data):
    other = np.linspace(0, 1, 7)[:, None]
    (fit,) = transfer(data.targets, data.targets, other)
    assert (len(fit.train), len(fit.test)) == (len(data), 7)
    (prediction,) = by_forests([fit], trees=5, max_features=1.0)
    assert prediction.values.shape == (7, 1)
    # Every value lies below the smallest that the forest was fitted on
    np.testing.assert_allclose(prediction.values, 1.0, atol=1e-9)


def test_test_rows_do_not_affect_the_fit(data):
    other = np.concatenate([data.targets[:50], 1000 + data.targets]).astype(np.float32)
    features = data.targets.astype(np.float32)
    (alone,) = by_forests(transfer(features, data.targets, other[:50]))
    (beside,) = by_forests(transfer(features, data.targets, other))
    np.testing.assert_array_equal(beside.values[:50], alone.values)


def test_training_rows_left_out_do_not_affect_the_fit(data):
    features, train, test = data.targets.astype(np.float32), np.arange(200), np.arange(200, 250)
    changed = features.copy()
    changed[250:] = 1e6
    (before,) = by_forests([Fit(features, data.targets, train, features, test)])
    (after,) = by_forests([Fit(changed, data.targets, train, features, test)])
    np.testing.assert_array_equal(before.values, after.values)


def test_bytes_are_the_same_on_every_run_and_for_any_number_of_threads(data, monkeypatch):
    fits = random_splits(data.targets, data.targets, splits=3, test_fraction=0.2, seed=1)
    runs = []
    for jobs in ("1", "1", "2"):
        monkeypatch.setenv("DRC_JOBS", jobs)
        runs.append([each.values.tobytes() for each in by_forests(fits)])
    assert runs[0] == runs[1] == runs[2]
    assert len(set(runs[0])) == 3


def four_rows() -> DataSet:
    loop = np.array([0, 0, 1, 1])
    return DataSet("drum-ds2", ["ratio"], np.ones((4, 1)), loop, loop.astype(str), loop > 0)


def test_rows_are_read_as_float32(tmp_path):
    np.save(tmp_path / "features.npy", np.arange(12.0).reshape(4, 3))
    found = four_rows().read_rows(tmp_path / "features.npy", columns=3)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.arange(12).reshape(4, 3))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 2)), r"bad\.npy: has shape \(3, 2\), must have \(4, any\)"),
        (np.zeros(4), r"bad\.npy: has shape \(4,\)"),
        (np.array([[0.0], [1.0], [np.nan], [0.0]]), r"bad\.npy: row 2 holds .* not finite"),
        (np.array([[0.0], [np.inf], [1.0], [0.0]]), r"bad\.npy: row 1 holds .* not finite"),
    ],
)
def test_arrays_that_do_not_match_are_errors(tmp_path, array, message):
    np.save(tmp_path / "bad.npy", array)
    with pytest.raises(InputError, match=message):
        four_rows().read_rows(tmp_path / "bad.npy")


def test_missing_and_broken_arrays_are_errors(tmp_path):
    (tmp_path / "broken.npy").write_bytes(b"not an array")
    for name in ("none.npy", "broken.npy"):
        with pytest.raises(InputError, match=rf"{name}: (missing|cannot be read)"):
            four_rows().read_rows(tmp_path / name)


def test_arrays_of_another_width_are_errors(tmp_path):
    np.save(tmp_path / "output.npy", np.zeros((4, 3)))
    with pytest.raises(InputError, match=r"must have \(4, 2\)"):
        four_rows().read_rows(tmp_path / "output.npy", columns=2)
