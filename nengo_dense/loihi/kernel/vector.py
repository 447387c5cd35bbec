"""Vector arithmetic in compiled functions; loaded only by those (needs numba).

numba widens sums and products of 32-bit integers to 64 bits. It vectorizes a loop only after a
test, at run time, whether its arrays overlap. A chip's layers are short, so both take too much
time. Here a vector of `WIDTH` numbers is a value, loaded from an array and stored into one. Each
operation is one LLVM instruction; LLVM splits vectors if the machine's registers are smaller.
32-bit integers wrap, as NumPy's do.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

#: Numbers in a vector: 64 bytes of 32 bits each.
WIDTH = 16


def instruction(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let compiled functions call a generator of an LLVM instruction."""
    generator: Callable[..., Any] = intrinsic(function)
    return generator


class Vector(types.Type):
    """Numba's type of a vector.

    Parameters
    ----------
    dtype : numba.types.Number
        int16, int32, float32 or float64.
    width : int
        `WIDTH`, or twice as many short numbers.
    """

    def __init__(self, dtype: Any, width: int = WIDTH) -> None:
        self.dtype, self.width = dtype, width
        super().__init__(name=f"Vector({dtype}, {width})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    """The representation of a vector in LLVM."""

    def __init__(self, manager: Any, vector: Vector) -> None:
        number = manager[vector.dtype].get_value_type()
        super().__init__(manager, vector, ir.VectorType(number, vector.width))


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    """Get the address of an item of a contiguous array."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


def fill(builder: Any, number: Any, width: int) -> Any:
    """Fill a vector with one number."""
    kind = ir.VectorType(number.type, width)
    empty = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(empty, number, ir.IntType(32)(0))
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
    return builder.shuffle_vector(first, empty, everywhere)


def _load(builder: Any, address: Any, kind: Any, alignment: int) -> Any:
    return builder.load(builder.bitcast(address, kind.as_pointer()), align=alignment)


def flags_of(builder: Any, condition: Any) -> Any:
    """Tell where integers are not 0."""
    return builder.icmp_signed("!=", condition, ir.Constant(condition.type, [0] * WIDTH))


def _operation(whole: str, fraction: str | None = None) -> Any:
    """Make a function of two vectors: one instruction, for integers or for floats."""

    @instruction
    def operation(typing_context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            name = whole if isinstance(a.dtype, types.Integer) else fraction
            return getattr(builder, str(name))(*arguments)

        return a(a, b), generate

    return operation


add = _operation("add", "fadd")
subtract = _operation("sub", "fsub")
multiply = _operation("mul", "fmul")
exclusive_or = _operation("xor")
either = _operation("or_")
both = _operation("and_")


def _shift(name: str) -> Any:
    """Make a function that shifts every number by the same number of bits."""

    @instruction
    def operation(typing_context: Any, vector: Any, bits: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            numbers, amount = arguments
            kind = context.get_data_type(vector.dtype)
            amount = amount if amount.type == kind else builder.trunc(amount, kind)
            return getattr(builder, name)(numbers, fill(builder, amount, vector.width))

        return vector(vector, types.int32), generate

    return operation


shift_left = _shift("shl")
shift_right = _shift("ashr")


def _compare(builder: Any, operator: str, kind: Any, a: Any, b: Any) -> Any:
    if isinstance(kind.dtype, types.Integer):
        return builder.icmp_signed(operator, a, b)
    return builder.fcmp_ordered(operator, a, b)


def _comparison(operator: str) -> Any:
    """Make a function that gives 1 where a comparison of two vectors holds, and 0 elsewhere."""

    @instruction
    def operation(typing_context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            result = context.get_value_type(signature.return_type)
            return builder.zext(_compare(builder, operator, a, *arguments), result)

        return Vector(types.int32)(a, b), generate

    return operation


greater = _comparison(">")
greater_equal = _comparison(">=")
equal = _comparison("==")
not_equal = _comparison("!=")


def _choice(operator: str) -> Any:
    """Make a function that selects one of two numbers by a comparison."""

    @instruction
    def operation(typing_context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.select(_compare(builder, operator, a, *arguments), *arguments)

        return a(a, b), generate

    return operation


minimum = _choice("<")
maximum = _choice(">")


@instruction
def where(typing_context: Any, condition: Any, a: Any, b: Any) -> Any:
    """Take ``a`` where ``condition`` is not 0, and ``b`` elsewhere."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(flags_of(builder, arguments[0]), *arguments[1:])

    return a(condition, a, b), generate


@instruction
def floor(typing_context: Any, vector: Any) -> Any:
    """Round float64 numbers down."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [kind]), f"llvm.floor.v{WIDTH}f64"
        )
        return builder.call(function, arguments)

    return vector(vector), generate


@instruction
def multiply_add(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """Multiply two vectors of floats and add a third, in one instruction where there is one."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(kind, [kind] * 3),
            f"llvm.fmuladd.v{WIDTH}f{a.dtype.bitwidth}",
        )
        return builder.call(function, arguments)

    return a(a, b, c), generate


@instruction
def real(typing_context: Any, vector: Any) -> Any:
    """Turn int32 into float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.sitofp(arguments[0], context.get_value_type(signature.return_type))

    return Vector(types.float32)(vector), generate


@instruction
def integer(typing_context: Any, vector: Any) -> Any:
    """Turn float64 into int32, without the fraction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fptosi(arguments[0], context.get_value_type(signature.return_type))

    return Vector(types.int32)(vector), generate


@instruction
def any_bit(typing_context: Any, vector: Any) -> Any:
    """Whether any bit is set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = builder.bitcast(arguments[0], ir.IntType(32 * WIDTH))
        return builder.icmp_unsigned("!=", whole, whole.type(0))

    return types.boolean(vector), generate


@instruction
def spread(typing_context: Any, number: Any) -> Any:
    """Fill a vector with one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return fill(builder, arguments[0], WIDTH)

    return Vector(number)(number), generate


@instruction
def spread_twice(typing_context: Any, number: Any) -> Any:
    """Fill a vector of twice as many numbers with one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return fill(builder, arguments[0], 2 * WIDTH)

    return Vector(number, 2 * WIDTH)(number), generate


@instruction
def load_twice(typing_context: Any, array: Any, index: Any) -> Any:
    """Load a vector of twice as many numbers from an array, from ``index`` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments)
        kind = context.get_value_type(signature.return_type)
        return _load(builder, address, kind, array.dtype.bitwidth // 8)

    return Vector(array.dtype, 2 * WIDTH)(array, types.uint64), generate


@instruction
def load(typing_context: Any, array: Any, index: Any) -> Any:
    """Load a vector from an array, from ``index`` on; short integers are widened to 32 bits."""
    wide = types.int32 if isinstance(array.dtype, types.Integer) else array.dtype

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments)
        kind = ir.VectorType(context.get_data_type(array.dtype), WIDTH)
        numbers = _load(builder, address, kind, array.dtype.bitwidth // 8)
        if array.dtype != wide:
            numbers = builder.sext(numbers, ir.VectorType(context.get_data_type(wide), WIDTH))
        return numbers

    return Vector(wide)(array, types.uint64), generate


@instruction
def load_as(typing_context: Any, array: Any, index: Any, like: Any) -> Any:
    """Load a vector from an array, as numbers of the type that another array has."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments[:2])
        kind = ir.VectorType(context.get_data_type(array.dtype), WIDTH)
        numbers = _load(builder, address, kind, array.dtype.bitwidth // 8)
        if array.dtype != like.dtype:
            wide = ir.VectorType(context.get_data_type(like.dtype), WIDTH)
            numbers = builder.sext(numbers, wide)
        return numbers

    return Vector(like.dtype)(array, types.uint64, like), generate


@instruction
def turn(typing_context: Any, vector: Any, like: Any) -> Any:
    """Turn integers into those of the type that an array has; the highest bits may be dropped."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        numbers, kind = arguments[0], context.get_value_type(signature.return_type)
        if like.dtype.bitwidth < vector.dtype.bitwidth:
            return builder.trunc(numbers, kind)
        return numbers if numbers.type == kind else builder.sext(numbers, kind)

    return Vector(like.dtype)(vector, like), generate


@instruction
def store(typing_context: Any, array: Any, index: Any, vector: Any) -> Any:
    """Store a vector in an array, from ``index`` on; a narrower array drops the highest bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments[:2])
        kind = ir.VectorType(context.get_data_type(array.dtype), vector.width)
        numbers = arguments[2]
        if numbers.type != kind:
            numbers = builder.trunc(numbers, kind)
        size = array.dtype.bitwidth // 8
        builder.store(numbers, builder.bitcast(address, kind.as_pointer()), align=size)
        return context.get_dummy_value()

    return types.void(array, types.uint64, vector), generate


@instruction
def count_up(typing_context: Any, first: Any) -> Any:
    """Fill a vector with a number, the next one, and so on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        places = ir.Constant(kind, list(range(WIDTH)))
        return builder.add(fill(builder, arguments[0], WIDTH), places)

    return Vector(types.int32)(types.int32), generate


@instruction
def load_bytes(typing_context: Any, array: Any, index: Any, like: Any) -> Any:
    """Read some bytes of an array of bytes as one item of another array, the first one lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments[:2])
        return _load(builder, address, context.get_value_type(like.dtype), 1)

    return like.dtype(array, types.uint64, like), generate


@instruction
def load_word(typing_context: Any, array: Any, index: Any) -> Any:
    """Read eight bytes of an array of bytes as one number, the first byte lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments)
        return _load(builder, address, ir.IntType(64), 1)

    return types.uint64(array, types.uint64), generate


@instruction
def store_eight(typing_context: Any, array: Any, index: Any, start: Any, word: Any) -> Any:
    """Set eight items of an int32 array to ``start`` plus a byte of ``word`` each."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, index, start, word = arguments
        kind = ir.VectorType(start.type, 8)
        octets = builder.bitcast(word, ir.VectorType(ir.IntType(8), 8))
        items = builder.add(fill(builder, start, 8), builder.zext(octets, kind))
        address = _address(context, builder, signature.args[0], array, index)
        builder.store(items, builder.bitcast(address, kind.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(array, types.uint64, types.int32, types.uint64), generate
