"""What all tests share."""

from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor


@pytest.fixture(autouse=True, scope="module")
def _fresh_workers() -> None:
    """End the worker processes of the module before: they stay in the folder they started in."""
    get_reusable_executor().shutdown(wait=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a module's tests to one process of pytest-xdist, and the pipeline's too: they share.

    The pipeline's come first: they take half of the time.
    """
    for item in items:
        item.add_marker(
            pytest.mark.xdist_group("pipeline" if _of_pipeline(item) else item.path.stem)
        )
    items.sort(key=lambda item: not _of_pipeline(item))


def _of_pipeline(item: pytest.Item) -> bool:
    return item.path.parent == Path(__file__).parent / "pipeline"
