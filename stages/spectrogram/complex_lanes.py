"""Sixteen complex numbers side by side in the lanes of the processor, as a type for Numba.

In an array of float32, a row of 32 numbers holds them: the real parts, then the imaginary ones.
Compiled code loads such a row, computes with it and stores it; each step is one or two instructions
on a processor with AVX-512, and a few more on any other. Numba makes such instructions of plain
loops only where the compiler can prove that no two rows overlap, which it cannot for the rows that
an FFT combines: those loops take three times as long.

Each operation is a strict IEEE one per lane, so that a result depends neither on the lanes beside
it nor on the processor. Numba's cache of compiled functions does not see changes of this file.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import extending
from numba.core import cgutils, types

LANES = 16

_HALF = ir.VectorType(ir.FloatType(), LANES)
_WHOLE = ir.VectorType(ir.FloatType(), 2 * LANES)
_ALIGNMENT = 4  # bytes: a row may begin at any float32

intrinsic: Any = extending.intrinsic  # for mypy, the first argument would be the caller's to give


class ComplexLanes(types.Type):
    """The type of LANES complex numbers."""

    def __init__(self) -> None:
        super().__init__(name="ComplexLanes")


complex_lanes = ComplexLanes()


@extending.register_model(ComplexLanes)
class _ComplexLanesModel(extending.models.PrimitiveModel):
    def __init__(self, manager, numba_type):
        super().__init__(manager, numba_type, _WHOLE)


@intrinsic
def load(_context, array, row):
    """Return the numbers in a row of a contiguous array."""

    def generate(context, builder, signature, arguments):
        start = [*arguments, context.get_constant(types.intp, 0)]
        return builder.load(_pointer(context, builder, signature, start, _WHOLE), align=_ALIGNMENT)

    return complex_lanes(array, types.intp), generate


@intrinsic
def load_pairs(_context, array, row, column):
    """Return the pairs of a row from `column` on, first numbers as real parts, second imaginary."""

    def generate(context, builder, signature, arguments):
        place = _pointer(context, builder, signature, arguments, _WHOLE)
        pairs = builder.load(place, align=_ALIGNMENT)
        order = [2 * lane for lane in range(LANES)] + [2 * lane + 1 for lane in range(LANES)]
        return _picked(builder, pairs, pairs, order)

    return complex_lanes(array, types.intp, types.intp), generate


@intrinsic
def store(_context, array, row, value):
    """Write to a row of a contiguous array."""

    def generate(context, builder, signature, arguments):
        array, row, value = arguments
        start = [array, row, context.get_constant(types.intp, 0)]
        place = _pointer(context, builder, signature, start, _WHOLE)
        builder.store(value, place, align=_ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, complex_lanes), generate


@intrinsic
def store_power(_context, array, row, column, value):
    """Write |value|^2, LANES real numbers, to a row of a contiguous array from `column` on."""

    def generate(context, builder, signature, arguments):
        *start, value = arguments
        real, imaginary = _parts(builder, builder.fmul(value, value))
        place = _pointer(context, builder, signature, start, _HALF)
        builder.store(builder.fadd(real, imaginary), place, align=_ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, complex_lanes), generate


@intrinsic
def conjugate(_context, value):
    """Return the complex conjugates."""

    def generate(context, builder, signature, arguments):
        real, imaginary = _parts(builder, arguments[0])
        return _joined(builder, real, builder.fneg(imaginary))

    return complex_lanes(complex_lanes), generate


@intrinsic
def times_minus_i(_context, value):
    """Return -i times the numbers."""

    def generate(context, builder, signature, arguments):
        real, imaginary = _parts(builder, arguments[0])
        return _joined(builder, imaginary, builder.fneg(real))

    return complex_lanes(complex_lanes), generate


@intrinsic
def weigh(_context, value, real_weight, imaginary_weight):
    """Return the numbers with their real and imaginary parts multiplied by one weight each."""

    def generate(context, builder, signature, arguments):
        value, *weights = arguments
        return builder.fmul(value, _joined(builder, *(_spread(builder, each) for each in weights)))

    return complex_lanes(complex_lanes, types.float32, types.float32), generate


@intrinsic
def _add(_context, left, right):
    def generate(context, builder, signature, arguments):
        return builder.fadd(*arguments)

    return complex_lanes(complex_lanes, complex_lanes), generate


@intrinsic
def _subtract(_context, left, right):
    def generate(context, builder, signature, arguments):
        return builder.fsub(*arguments)

    return complex_lanes(complex_lanes, complex_lanes), generate


@intrinsic
def _multiply(_context, value, factor):
    def generate(context, builder, signature, arguments):
        value, factor = arguments
        a, b = _parts(builder, value)
        c, d = (_spread(builder, builder.extract_value(factor, part)) for part in (0, 1))
        real = builder.fsub(builder.fmul(a, c), builder.fmul(b, d))
        imaginary = builder.fadd(builder.fmul(a, d), builder.fmul(b, c))
        return _joined(builder, real, imaginary)

    return complex_lanes(complex_lanes, types.complex64), generate


@extending.overload(operator.add)
def _plus(left, right):
    return (lambda left, right: _add(left, right)) if left is complex_lanes else None


@extending.overload(operator.sub)
def _minus(left, right):
    return (lambda left, right: _subtract(left, right)) if left is complex_lanes else None


@extending.overload(operator.mul)
def _times(left, right):
    """Multiply by one complex64 number."""
    return (lambda left, right: _multiply(left, right)) if left is complex_lanes else None


def _pointer(context, builder, signature, arguments, kind):
    """Return where in an array something of some kind lies, given the array, row and column."""
    array, *place = arguments
    view = context.make_array(signature.args[0])(context, builder, array)
    item = cgutils.get_item_pointer(context, builder, signature.args[0], view, place)
    return builder.bitcast(item, kind.as_pointer())


def _picked(builder, left, right, places):
    """Return the elements at `places` of two vectors put end to end."""
    return builder.shuffle_vector(
        left, right, ir.Constant(ir.VectorType(ir.IntType(32), len(places)), places)
    )


def _parts(builder, value):
    """Return the real and the imaginary parts."""
    real = _picked(builder, value, value, list(range(LANES)))
    return real, _picked(builder, value, value, list(range(LANES, 2 * LANES)))


def _joined(builder, real, imaginary):
    return _picked(builder, real, imaginary, list(range(2 * LANES)))


def _spread(builder, number):
    """Return a vector with the same number in every lane."""
    vector = ir.Constant(_HALF, ir.Undefined)
    vector = builder.insert_element(vector, number, ir.IntType(32)(0))
    return _picked(builder, vector, vector, [0] * LANES)
