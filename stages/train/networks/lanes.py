"""Sixteen float32 side by side in the lanes of the processor, as a type for Numba.

Compiled code loads them from a flat array, computes and stores; each step is one instruction on a
processor with AVX-512 and two or four on any other. Of plain loops Numba makes such instructions
only where no two stretches of an array can overlap, and then keeps no sums in registers.

Nothing is checked: every stretch must lie within its array. Numba's cache does not see changes of
this file: remove the `__pycache__` beside it after one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, njit, types
from numba.core import cgutils

LANES = 16

_FLOAT, _CODE, _INDEX = ir.FloatType(), ir.IntType(8), ir.IntType(32)
_FUSED = ("contract",)  # a multiply-add may round once

intrinsic: Any = extending.intrinsic  # for mypy, the first argument would be the caller's to give


def padded(count: int) -> int:
    """Return the next multiple of `LANES`."""
    return -(-count // LANES) * LANES


@njit
def aligned_zeros(size):
    """Return a flat float32 array of zeros that begins where a register's lines do."""
    flat = np.zeros(size + LANES, np.float32)
    start = -(flat.ctypes.data // 4) % LANES
    return flat[start : start + size]


class Lanes(types.Type):
    """The type of LANES numbers, float32 or uint8."""

    def __init__(self, name: str, element: ir.Type) -> None:
        super().__init__(name=name)
        self.vector = ir.VectorType(element, LANES)
        self.zero = ir.Constant(self.vector, [0] * LANES)


floats, codes = Lanes("FloatLanes", _FLOAT), Lanes("CodeLanes", _CODE)


@extending.register_model(Lanes)
class _LanesModel(extending.models.PrimitiveModel):
    def __init__(self, manager, numba_type):
        super().__init__(manager, numba_type, numba_type.vector)


@intrinsic
def zero(_context):
    """Return zeros."""
    return floats(), lambda context, builder, signature, arguments: floats.zero


@intrinsic
def load(_context, array, start):
    """Return the floats of a flat array from `start` on."""

    def generate(context, builder, signature, arguments):
        return builder.load(_pointer(context, builder, signature, arguments, floats), align=4)

    return floats(array, types.intp), generate


@intrinsic
def store(_context, array, start, value):
    """Write floats to a flat array from `start` on."""

    def generate(context, builder, signature, arguments):
        place = _pointer(context, builder, signature, arguments, floats)
        builder.store(arguments[2], place, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, floats), generate


@intrinsic
def load_first(_context, array, start, count):
    """Return the first `count` floats or codes from `start` on, then zeros; no more are read."""
    kind = floats if array.dtype == types.float32 else codes

    def generate(context, builder, signature, arguments):
        place = _pointer(context, builder, signature, arguments, kind)
        counts = _broadcast(builder, builder.trunc(arguments[2], _INDEX))
        mask = builder.icmp_signed("<", ir.Constant(counts.type, list(range(LANES))), counts)
        form = ir.FunctionType(kind.vector, [place.type, mask.type, kind.vector])
        name = f"llvm.masked.load.v{LANES}{'f32' if kind is floats else 'i8'}.p0"
        function = cgutils.get_or_insert_function(builder.module, form, name)
        return builder.call(function, [place, mask, kind.zero])

    return kind(array, types.intp, types.intp), generate


@intrinsic
def add(_context, one, other):
    """Return the sums."""
    return floats(floats, floats), lambda context, builder, signature, pair: builder.fadd(*pair)


@intrinsic
def subtract(_context, one, other):
    """Return the differences."""
    return floats(floats, floats), lambda context, builder, signature, pair: builder.fsub(*pair)


@intrinsic
def add_scaled(_context, total, value, factor):
    """Return `total + factor * value` for one number `factor`, or one in each lane."""
    kind = floats if factor == floats else types.float32

    def generate(context, builder, signature, arguments):
        total, value, factor = arguments
        factor = factor if kind == floats else _broadcast(builder, factor)
        return builder.fadd(total, builder.fmul(value, factor, flags=_FUSED), flags=_FUSED)

    return floats(floats, floats, kind), generate


@intrinsic
def lane_sum(_context, value):
    """Return the sum of the lanes."""

    def generate(context, builder, signature, arguments):
        form = ir.FunctionType(_FLOAT, [_FLOAT, floats.vector])
        name = f"llvm.vector.reduce.fadd.v{LANES}f32"  # reassoc: by halves, not one by one
        function = cgutils.get_or_insert_function(builder.module, form, name)
        return builder.call(function, [ir.Constant(_FLOAT, 0), *arguments], fastmath=("reassoc",))

    return types.float32(floats), generate


@intrinsic
def where_positive(_context, value, condition):
    """Return `value` in the lanes in which `condition` is above zero, else zero."""

    def generate(context, builder, signature, arguments):
        value, condition = arguments
        return builder.select(builder.fcmp_ordered(">", condition, floats.zero), value, floats.zero)

    return floats(floats, floats), generate


@intrinsic
def where_code(_context, value, code, wanted):
    """Return `value` in the lanes in which `code` is `wanted`, else zero."""

    def generate(context, builder, signature, arguments):
        value, code, wanted = arguments
        equal = builder.icmp_unsigned("==", code, _broadcast(builder, builder.trunc(wanted, _CODE)))
        return builder.select(equal, value, floats.zero)

    return floats(floats, codes, types.intp), generate


@intrinsic
def copy_lanes(_context, target, target_start, source, source_start):
    """`target[start:start + 16] = source[start:start + 16]` on flat arrays of one type."""

    def generate(context, builder, signature, arguments):
        kind = floats if signature.args[0].dtype == types.float32 else codes
        target_at = _pointer(context, builder, signature, arguments, kind)
        source_at = _pointer(context, builder, signature, arguments, kind, first=2)
        builder.store(builder.load(source_at, align=1), target_at, align=1)
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp), generate


def _pointer(
    context: Any, builder: Any, signature: Any, arguments: Any, kind: Lanes, *, first: int = 0
) -> Any:
    """Point at the stretch that arguments `first` (an array) and `first + 1` (a start) name."""
    array, start = arguments[first : first + 2]
    data = context.make_array(signature.args[first])(context, builder, array).data
    return builder.bitcast(builder.gep(data, [start]), kind.vector.as_pointer())


def _broadcast(builder: Any, number: Any) -> Any:
    vector = ir.VectorType(number.type, LANES)
    undefined = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(undefined, number, ir.Constant(_INDEX, 0))
    first = ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES)
    return builder.shuffle_vector(one, undefined, first)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel: fused multiply-adds, but sums in the order in which they are written."""
    return njit(function, fastmath={"contract"}, nogil=True, cache=True)
