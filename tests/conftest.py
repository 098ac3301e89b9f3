"""What all tests share."""

from typing import Any

import pytest
from joblib.externals.loky import get_reusable_executor
from xdist.scheduler import LoadScopeScheduling


@pytest.fixture(autouse=True, scope="module")
def _fresh_workers() -> None:
    """End the worker processes of the module before: they stay in the folder they started in."""
    get_reusable_executor().shutdown(wait=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the pipeline's tests, which take half of the time."""
    items.sort(key=lambda item: item.path.parent.name != "pipeline")


def pytest_xdist_setupnodes() -> None:
    """Compile librosa's kernels before there are processes: two at once corrupt Numba's cache."""
    import librosa.onset  # noqa: F401


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Give the tests of a module to one process, and all of the pipeline's: they share much."""
    return _ByModule(config, log)


class _ByModule(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::")[0]
        return "pipeline" if module.startswith("tests/pipeline/") else module
