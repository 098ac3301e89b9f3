"""What all tests share."""

from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor


@pytest.fixture(autouse=True, scope="module")
def _fresh_workers() -> None:
    """End the worker processes of the module before: they stay in the folder they started in."""
    get_reusable_executor().shutdown(wait=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a module's tests to one process of pytest-xdist, and the pipeline's too: they share."""
    item.add_marker(pytest.mark.xdist_group("pipeline" if _of_pipeline(item) else item.path.stem))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the pipeline's, which take half of the time."""
    items.sort(key=lambda item: not _of_pipeline(item))


def _of_pipeline(item: pytest.Item) -> bool:
    return item.path.parent == Path(__file__).parent / "pipeline"
