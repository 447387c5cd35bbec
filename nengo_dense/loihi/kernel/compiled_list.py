"""Lists of the neurons that spiked, of one lane, compiled: as short as a machine makes them.

Loaded only by `.compiled_readout` and `.compiled_turns`, because it imports numba.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types

from nengo_dense.loihi.kernel.compilation import compiles_for, inlined
from nengo_dense.loihi.kernel.compiled_spikes import list_spikes
from nengo_dense.loihi.kernel.vector import instruction

#: Whether this machine moves chosen numbers of 16 bits to the front of a vector.
COMPRESSES_SHORT = compiles_for("avx512vbmi2")
#: Sources whose flags are looked at in one instruction, where it does.
MANY = 32
#: How many items of a list are written after its end.
MORE = MANY
#: Type of a listed source, and the most sources.
LISTED, MOST = (np.uint16, 2**16) if COMPRESSES_SHORT else (np.int32, 2**31)


@instruction
def list_many(
    typing_context: Any, flags: Any, place: Any, first: Any, sources: Any, n: Any
) -> Any:
    """List those of 32 sources, from ``first`` on, that spiked; return their number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        octets, kind, index = (ir.VectorType(ir.IntType(bits), MANY) for bits in (8, 16, 32))

        def address(number: int, item: Any, pointer: Any) -> Any:
            array = context.make_array(signature.args[number])(context, builder, arguments[number])
            return builder.bitcast(builder.gep(array.data, [item]), pointer.as_pointer())

        spiked = builder.load(address(0, arguments[1], octets), align=1)
        spiked = builder.icmp_signed("!=", spiked, ir.Constant(octets, [0] * MANY))
        here = builder.insert_element(
            ir.Constant(kind, ir.Undefined), arguments[2], ir.IntType(32)(0)
        )
        here = builder.shuffle_vector(here, here, ir.Constant(index, [0] * MANY))
        here = builder.add(here, ir.Constant(kind, list(range(MANY))))
        compress = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(kind, [kind, kind, spiked.type]),
            f"llvm.x86.avx512.mask.compress.v{MANY}i16",
        )
        chosen = builder.call(compress, [here, ir.Constant(kind, [0] * MANY), spiked])
        builder.store(chosen, address(3, arguments[4], kind), align=2)
        bits = builder.zext(builder.bitcast(spiked, ir.IntType(MANY)), ir.IntType(64))
        return builder.ctpop(bits)

    return types.uint64(flags, types.uint64, types.uint16, sources, types.uint64), generate


@inlined
def list_short(flags, begin, size, n, sources) -> Any:  # type: ignore[no-untyped-def]
    """Do as `.compiled_spikes.list_spikes`, in numbers of 16 bits; write up to 32 more.

    Only where `COMPRESSES_SHORT`.
    """
    whole = size - size % np.uint64(MANY)
    for i in range(np.uint64(0), whole, np.uint64(MANY)):
        n += list_many(flags, begin + i, np.uint16(i), sources, n)
    for i in range(whole, size):
        sources[n] = i
        n += np.uint64(flags[begin + i])
    return n


#: Lists the sources that spiked, of 0 or 1 each; returns the end of the list.
list_sources = list_short if COMPRESSES_SHORT else list_spikes
