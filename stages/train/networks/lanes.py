"""Vectors of 16 float32 in compiled loops: what the compiler does not find by itself.

A gather of a window and its scatter back run over short stretches of arrays that may overlap as
far as the compiler knows, so that it leaves them scalar. These two functions say that they do not.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

# The caller does not pass the typing context, which a type checker cannot know.
_intrinsic: Any = intrinsic

LANES = 16  # one AVX-512 register of float32; elsewhere the compiler takes two or four


def padded(count: int) -> int:
    """Return the next multiple of `LANES`."""
    return -(-count // LANES) * LANES


@_intrinsic
def add_scaled(
    typing_context: Any,
    target: Any,
    target_start: Any,
    source: Any,
    source_start: Any,
    factor: Any,
) -> Any:
    """`target[start:start + 16] += factor * source[start:start + 16]` on flat float32 arrays.

    Nothing is checked: both stretches must lie within their arrays.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.FloatType(), LANES)
        target_at = _pointer(context, builder, vector, signature.args[0], *arguments[:2])
        source_at = _pointer(context, builder, vector, signature.args[2], *arguments[2:4])
        first = ir.Constant(ir.IntType(32), 0)
        undefined = ir.Constant(vector, ir.Undefined)
        factors = builder.shuffle_vector(
            builder.insert_element(undefined, arguments[4], first),
            undefined,
            ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES),
        )
        product = builder.fmul(_load(builder, source_at), factors, flags=("contract",))
        total = builder.fadd(_load(builder, target_at), product, flags=("contract",))
        builder.store(total, target_at).align = 1
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64, types.float32), generate


@_intrinsic
def copy_lanes(
    typing_context: Any, target: Any, target_start: Any, source: Any, source_start: Any
) -> Any:
    """`target[start:start + 16] = source[start:start + 16]` on flat arrays of one type.

    Nothing is checked: both stretches must lie within their arrays.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(context.get_data_type(signature.args[0].dtype), LANES)
        target_at = _pointer(context, builder, vector, signature.args[0], *arguments[:2])
        source_at = _pointer(context, builder, vector, signature.args[2], *arguments[2:4])
        builder.store(_load(builder, source_at), target_at).align = 1
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64), generate


def _pointer(
    context: Any, builder: Any, vector: ir.VectorType, array_type: Any, array: Any, start: Any
) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [start]), vector.as_pointer())


def _load(builder: Any, pointer: Any) -> Any:
    loaded = builder.load(pointer)
    loaded.align = 1  # stretches start anywhere
    return loaded
