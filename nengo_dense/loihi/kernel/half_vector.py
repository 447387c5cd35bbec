"""Vectors of two halves that are not side by side in memory; see `.vector`.

Loaded only by compiled functions (needs numba).
"""

from typing import Any

from llvmlite import ir
from numba.core import types

from nengo_dense.loihi.kernel.vector import WIDTH, Vector, fill, instruction

#: Numbers in half a vector.
HALF = WIDTH // 2


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    """Get the address of half a vector in a contiguous array."""
    data = context.make_array(array_type)(context, builder, array).data
    kind = ir.VectorType(context.get_data_type(array_type.dtype), HALF)
    return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())


@instruction
def load_halves(typing_context: Any, array: Any, first: Any, second: Any) -> Any:
    """Load the halves of a vector from two places of an array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places, size = arguments[1:], array.dtype.bitwidth // 8
        here = [_address(context, builder, array, arguments[0], place) for place in places]
        halves = [builder.load(address, align=size) for address in here]
        numbers = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), list(range(WIDTH)))
        return builder.shuffle_vector(*halves, numbers)

    return Vector(array.dtype)(array, types.uint64, types.uint64), generate


@instruction
def store_halves(typing_context: Any, array: Any, first: Any, second: Any, vector: Any) -> Any:
    """Store the first half of a vector at one place of an array, then the second at another."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values, *places, numbers = arguments
        nothing, which = (
            ir.Constant(numbers.type, ir.Undefined),
            ir.VectorType(ir.IntType(32), HALF),
        )
        for number, place in enumerate(places):
            items = ir.Constant(which, list(range(number * HALF, (number + 1) * HALF)))
            half = builder.shuffle_vector(numbers, nothing, items)
            address = _address(context, builder, array, values, place)
            builder.store(half, address, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.uint64, types.uint64, vector), generate


@instruction
def spread_halves(typing_context: Any, first: Any, second: Any) -> Any:
    """Fill the first half of a vector with one number, and the second with another."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        halves = [fill(builder, number, HALF) for number in arguments]
        numbers = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), list(range(WIDTH)))
        return builder.shuffle_vector(*halves, numbers)

    return Vector(first)(first, first), generate
