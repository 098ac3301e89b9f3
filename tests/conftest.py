"""What all tests share."""

import pytest
from joblib.externals.loky import get_reusable_executor


@pytest.fixture(autouse=True, scope="module")
def _fresh_workers() -> None:
    """End the worker processes of the module before: they stay in the folder they started in."""
    get_reusable_executor().shutdown(wait=True)
