"""What runs on two threads gives the bytes of one thread, for any number of images."""

import threading

import numpy as np
import pytest

from stages.train.networks import side_by_side as module
from stages.train.networks.conv_pool_gradients import conv_pool_gradient
from stages.train.networks.conv_pool_kernels import conv_pool
from stages.train.networks.side_by_side import side_by_side


def forward_and_back(images):
    generator = np.random.default_rng(7)
    kernel = generator.normal(size=(3, 3, images.shape[-1], 15)).astype(np.float32) / 3
    pooled, position = conv_pool(images, kernel, np.zeros(15, np.float32), 0.1, 5)
    upstream = generator.normal(size=pooled.shape).astype(np.float32)
    by = conv_pool_gradient(images, kernel, pooled, position, 0.1, upstream)
    return [pooled, position, *by]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_two_threads_give_the_bytes_of_one(count, monkeypatch):
    images = np.random.default_rng(6).normal(size=(count, 7, 70, 10)).astype(np.float32)
    monkeypatch.setattr(module, "cpu_count", lambda: 1)
    alone = forward_and_back(images)
    monkeypatch.setattr(module, "cpu_count", lambda: 2)
    together = forward_and_back(images)
    for one, other in zip(alone, together, strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("cores", [1, 2])
def test_both_are_called_and_an_error_comes_back(cores, monkeypatch):
    monkeypatch.setattr(module, "cpu_count", lambda: cores)
    called = []
    side_by_side(
        lambda: called.append(threading.get_ident()), lambda: called.append(threading.get_ident())
    )
    assert len(set(called)) == cores
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda: None, _fail)


def _fail() -> None:
    raise ZeroDivisionError
