"""What all tests share."""

import pytest
from joblib.externals.loky import get_reusable_executor


@pytest.fixture(autouse=True, scope="module")
def _fresh_workers() -> None:
    """End the worker processes of the module before: they stay in the folder they started in."""
    get_reusable_executor().shutdown(wait=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every file to one process; the pipeline's share what takes them minutes to make."""
    for item in items:
        group = "pipeline" if item.path.parent.name == "pipeline" else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
