"""Vector instructions that the compiler does not find by itself, for the loops where they count."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

ROW = 16
"""Cells that `lower_row` reads and writes."""


def _lower_row(context: Any, flat: Any, place: Any, above: Any, cells: Any) -> Any:
    """Take 1 from those of the first `cells` cells from `place` on that are above a value.

    Args:
        context: given by Numba.
        flat: (N,) uint8, C-contiguous; `ROW` cells from `place` on are read and written.
        place: uint64.
        above: uint8.
        cells: uint64, at most `ROW`.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, place, above, cells = arguments
        row = ir.VectorType(ir.IntType(8), ROW)
        pointer = _vector_at(context, builder, signature.args[0], array, place, row)
        values = builder.load(pointer, align=1)
        lanes = ir.Constant(row, list(range(ROW)))
        inside = builder.icmp_unsigned("<", lanes, _splat(builder, row, builder.trunc(cells, row.element)))
        higher = builder.icmp_unsigned(">", values, _splat(builder, row, above))
        step = builder.zext(builder.and_(inside, higher), row)
        builder.store(builder.sub(values, step), pointer, align=1)
        return context.get_dummy_value()

    return types.void(flat, types.uint64, types.uint8, types.uint64), generate


def _add_pairs(context: Any, flat: Any, place: Any, weight: Any, left: Any, first: Any) -> Any:
    """Add a weight to two pairs that stand side by side, in four parts.

    The left pair gets `left` of the weight and the right pair the rest; of each, `first` goes to the first
    of the pair and the rest to the second.

    Args:
        context: given by Numba.
        flat: (N,) float32, C-contiguous; four values from `place` on are added to.
        place: uint64.
        weight: float32.
        left: float32, share of the left pair.
        first: float32, share of the first in each pair.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, place, weight, left, first = arguments
        four = ir.VectorType(ir.FloatType(), 4)
        pointer = _vector_at(context, builder, signature.args[0], array, place, four)
        to_left = builder.fmul(weight, left)
        to_right = builder.fsub(weight, to_left)
        parts = []
        for pair in (to_left, to_right):
            now = builder.fmul(pair, first)
            parts += [now, builder.fsub(pair, now)]
        vector = ir.Constant(four, ir.Undefined)
        for lane, part in enumerate(parts):
            vector = builder.insert_element(vector, part, ir.Constant(ir.IntType(32), lane))
        builder.store(builder.fadd(builder.load(pointer, align=4), vector), pointer, align=4)
        return context.get_dummy_value()

    return types.void(flat, types.uint64, types.float32, types.float32, types.float32), generate


# Numba's own type for these does not know that their first argument is not the caller's.
lower_row: Any = intrinsic(_lower_row)
add_pairs: Any = intrinsic(_add_pairs)


def _vector_at(context: Any, builder: Any, kind: Any, array: Any, place: Any, vector: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [place]), vector.as_pointer())


def _splat(builder: Any, vector: Any, value: Any) -> Any:
    nothing = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(one, nothing, lanes)
