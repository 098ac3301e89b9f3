"""The compiled kernels as an operation that TensorFlow differentiates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from stages.train.networks.conv_pool_gradients import conv_pool_gradient, input_layer_gradient
from stages.train.networks.conv_pool_kernels import conv_pool


def differentiable_conv_pool(images: Any, kernel: Any, bias: Any, rate: float, seed: Any) -> Any:
    """Return what `conv_pool` does, as a tensor; its images have no gradient if one channel."""

    @tf.custom_gradient
    def operation(images: Any, kernel: Any, bias: Any) -> tuple[Any, Callable[[Any], list[Any]]]:
        pooled, position = tf.numpy_function(
            conv_pool,
            [images, kernel, bias, rate, seed],
            [tf.float32, tf.uint8],
            stateful=False,
        )
        n, height, width, channels = images.shape
        pooled.set_shape((n, height // 2, width // 2, kernel.shape[-1]))

        def gradient(upstream: Any) -> list[Any]:
            known = [images, kernel, pooled, position, rate, upstream]
            if channels == 1:
                found = tf.numpy_function(
                    input_layer_gradient, known, [tf.float32] * 2, stateful=False
                )
                found = [tf.zeros_like(images), *found]
            else:
                found = tf.numpy_function(
                    conv_pool_gradient, known, [tf.float32] * 3, stateful=False
                )
            for by, of in zip(found, (images, kernel, bias), strict=True):
                by.set_shape(of.shape)
            return found

        return pooled, gradient

    return operation(*(tf.convert_to_tensor(value) for value in (images, kernel, bias)))
