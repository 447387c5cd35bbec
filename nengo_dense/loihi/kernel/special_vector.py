"""Vector instructions of some machines; loaded only by compiled functions, as `.vector`.

Each has a flag that says whether code is compiled for it. Some have another way instead.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types

from nengo_dense.loihi.kernel.compilation import compiles_for
from nengo_dense.loihi.kernel.vector import WIDTH, flags_of, instruction

#: Whether this machine has 32 registers of 64 bytes; if not, 16 of 32 bytes.
WIDE = compiles_for("avx512f")
#: Whether it moves chosen numbers to the front of a vector, in one instruction.
COMPRESSES = compiles_for("avx512f")
#: Whether it multiplies pairs of short numbers and adds both products, in one instruction.
MULTIPLIES_SHORT = compiles_for("avx512bw")
#: Whether it multiplies bytes and adds four products each, as 32 bits, in one instruction.
ADDS_FOUR = compiles_for("avx512vnni")
#: Whether it has no more than an instruction that adds two products each, as 16 bits.
ADDS_TWO = compiles_for("avx2") and not compiles_for("avx512f")
#: Whether it multiplies bytes and adds their products at all.
MULTIPLIES_BYTES = ADDS_FOUR or ADDS_TWO
#: How many bytes are multiplied together, if any are, and the type of a number that holds them.
TOGETHER, NUMBER = (4, np.int32) if ADDS_FOUR else (2, np.int16)
#: Whether it takes the whole part from a number, in one instruction.
TAKES_WHOLE = compiles_for("avx512dq")


@instruction
def compress(typing_context: Any, numbers: Any, condition: Any) -> Any:
    """Move the int32 numbers where ``condition`` is not 0 to the front; zeros follow them.

    Only where `COMPRESSES`.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        flags = flags_of(builder, arguments[1])
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(kind, [kind, kind, flags.type]),
            f"llvm.x86.avx512.mask.compress.v{WIDTH}i32",
        )
        return builder.call(function, [arguments[0], ir.Constant(kind, [0] * WIDTH), flags])

    return numbers(numbers, condition), generate


@instruction
def count_set(typing_context: Any, condition: Any) -> Any:
    """Count the numbers that are not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.bitcast(flags_of(builder, arguments[0]), ir.IntType(WIDTH))
        return builder.ctpop(builder.zext(bits, ir.IntType(64)))

    return types.uint64(condition), generate


@instruction
def multiply_short(typing_context: Any, a: Any, b: Any) -> Any:
    """Multiply int32 numbers of 16 bits, of which ``b`` is not negative; in less time, if it can.

    Its upper 16 bits are then zero, so that the sum of both halves' products is the product.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if not MULTIPLIES_SHORT:
            return builder.mul(*arguments)
        kind, halves = arguments[0].type, ir.VectorType(ir.IntType(16), 2 * WIDTH)
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [halves] * 2), "llvm.x86.avx512.pmaddw.d.512"
        )
        return builder.call(function, [builder.bitcast(x, halves) for x in arguments])

    return a(a, b), generate


@instruction
def add_products(typing_context: Any, sums: Any, counts: Any, weights: Any) -> Any:
    """Add the products of some bytes each: of ``counts`` without sign, of ``weights`` with one.

    All are vectors of `NUMBER`, of which the latter two hold `TOGETHER` bytes. Only where
    `ADDS_FOUR`, or where `ADDS_TWO` and no two products add up to more than 16 bits.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, octets = arguments[0].type, ir.VectorType(ir.IntType(8), 2 * WIDTH)
        if ADDS_FOUR:
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(kind, [kind] * 3), "llvm.x86.avx512.vpdpbusd.512"
            )
            return builder.call(function, arguments)
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [octets] * 2), "llvm.x86.avx2.pmadd.ub.sw"
        )
        products = builder.call(function, [builder.bitcast(x, octets) for x in arguments[1:]])
        return builder.add(arguments[0], products)

    return sums(sums, counts, weights), generate


@instruction
def take_whole(typing_context: Any, vector: Any) -> Any:
    """Take the whole part from float64 numbers that are finite and not negative."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def call(name: str, kind: Any, *given: Any) -> Any:
            function = ir.FunctionType(kind, [each.type for each in given])
            function = cgutils.get_or_insert_function(builder.module, function, f"llvm.{name}")
            return builder.call(function, given)

        def part(places: list[int]) -> Any:
            which = ir.Constant(ir.VectorType(ir.IntType(32), len(places)), places)
            return builder.shuffle_vector(numbers, numbers, which)

        (numbers,), places = arguments, list(range(WIDTH))
        if not TAKES_WHOLE:
            return builder.fsub(numbers, call(f"floor.v{WIDTH}f64", numbers.type, numbers))
        # toward zero, which is down, and leaves +0 of whole numbers; all numbers, exactly
        how, everything, mode = ir.IntType(32)(11), ir.IntType(8)(-1), ir.IntType(32)(4)
        halves = [part(places[: WIDTH // 2]), part(places[WIDTH // 2 :])]
        name, kind = "x86.avx512.mask.reduce.pd.512", halves[0].type
        halves = [call(name, kind, half, how, half, everything, mode) for half in halves]
        which = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), places)
        return builder.shuffle_vector(*halves, which)

    return vector(vector), generate
