"""The tables and functions of one network in C: what a step of the chip is, in integers alone.

The arithmetic is that of `nengo_dense.loihi.kernel.numpy_chip`. Nothing of it depends on what C
leaves to the compiler: no negative number is shifted, and sums wrap as unsigned numbers.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from nengo_dense.export.chip_layer import ChipLayer
from nengo_dense.loihi.limits import DECAY_BITS, Q_BITS, U_BITS

#: Types of weights, and what they hold.
WEIGHT_TYPES = {"int8_t": 7, "int16_t": 15, "int32_t": 31}
#: Numbers in a line of a table.
LINE = 20
#: Constants of a core, apart from its tables and numbers.
CONSTANTS = ("keep_u", "keep_v", "vth", "vmin", "vmax", "refract")


class Core(NamedTuple):
    """Neurons that are next to each other and have the same constants.

    Attributes
    ----------
    first : int
        Number of its first neuron among those on the chip.
    ranges : list of (int, int)
        What it reads: the first neuron among all, the host's first, and how many.
    weights : (n_in, n) ndarray
        A row for each neuron that it reads, in units of ``2**shift``.
    shift : int
    bias : (n,) ndarray
    constants : dict of {str: int}
        Of `CONSTANTS`.
    """

    first: int
    ranges: list[tuple[int, int]]
    weights: np.ndarray
    shift: int
    bias: np.ndarray
    constants: dict[str, int]


def cores_of(layers: list[ChipLayer]) -> list[Core]:
    """Divide layers into cores; what lies on one core and is not next to each other is two."""
    ends = accumulate(layer.n_neurons for layer in layers)
    return [
        core
        for end, layer in zip(ends, layers, strict=True)
        for core in _cores_of(end - layer.n_neurons, layer)
    ]


def ranges_of(columns: np.ndarray) -> list[tuple[int, int]]:
    """Divide numbers of neurons into ranges: the first, and how many.

    >>> ranges_of(np.array([3, 4, 5, 8]))
    [(3, 3), (8, 1)]
    """
    parts = np.split(columns, np.flatnonzero(np.diff(columns) != 1) + 1)
    return [(int(part[0]), len(part)) for part in parts if len(part)]


def _cores_of(first: int, layer: ChipLayer) -> Iterator[Core]:
    for neurons in layer.cores:
        table = np.stack([layer.parameters[name][neurons] for name in CONSTANTS])
        changes = (np.diff(neurons) != 1) | (np.diff(table) != 0).any(axis=0)
        for part in np.split(neurons, np.flatnonzero(changes) + 1):
            weights = layer.weights[part].T
            shift = _common_shift(weights)
            yield Core(
                first + int(part[0]),
                ranges_of(layer.columns),
                weights >> shift,
                shift,
                layer.parameters["bias"][part],
                {name: int(layer.parameters[name][part[0]]) for name in CONSTANTS},
            )


def _common_shift(weights: np.ndarray) -> int:
    """Return the largest power of two that divides all weights."""
    bits = int(np.bitwise_or.reduce(np.abs(weights), axis=None))
    return (bits & -bits).bit_length() - 1 if bits else 0


def weight_type(cores: list[Core]) -> str:
    """Choose the narrowest type that holds the weights of all cores."""
    low = min(int(core.weights.min()) for core in cores)
    high = max(int(core.weights.max()) for core in cores)
    return next(
        name for name, bits in WEIGHT_TYPES.items() if -(1 << bits) <= low and high < 1 << bits
    )


def integer_table(kind: str, name: str, values: np.ndarray) -> str:
    """Write a table of integers."""
    texts = [str(value) for value in np.ravel(values)]
    lines = [", ".join(texts[i : i + LINE]) for i in range(0, len(texts), LINE)]
    body = ",\n    ".join(lines)
    return f"static const {kind} {name}[{len(texts)}] = {{\n    {body}\n}};\n"


def core_tables(cores: list[Core], kind: str) -> str:
    """Write the tables of all cores, with weights of one type."""
    parts, entries = [], []
    for i, core in enumerate(cores):
        parts.append(integer_table(kind, f"weights_{i}", core.weights))
        parts.append(integer_table("int32_t", f"bias_{i}", core.bias))
        parts.append(integer_table("int32_t", f"ranges_{i}", np.array(core.ranges)))
        numbers = [len(core.ranges), len(core.bias), core.first, core.shift]
        numbers += [core.constants[name] for name in CONSTANTS]
        text = ", ".join(str(number) for number in numbers)
        entries.append(f"    {{weights_{i}, bias_{i}, ranges_{i}, {text}}}")
    table = ",\n".join(entries)
    return "\n".join(parts) + f"\nstatic const core cores[{len(cores)}] = {{\n{table}\n}};\n"


CORE_TYPE = """typedef struct {
    const WEIGHT *weights; /* one row for each neuron that is read */
    const int32_t *bias;
    const int32_t *ranges; /* of neurons that are read: the first, and how many */
    int32_t n_ranges;
    int32_t n, first; /* neurons first to first + n - 1 of all layers */
    int32_t shift;    /* weights are in units of 1 << shift */
    int32_t keep_u, keep_v, vth, vmin, vmax, refract;
} core;
"""

STEP = f"""
/* What x is in a register of so many bits and a sign. */
static int32_t wrap(uint32_t x, int32_t bits)
{{
    uint32_t sign = (uint32_t)1 << bits;
    x &= (sign << 1) - 1;
    return x & sign ? (int32_t)(x - sign) - (int32_t)sign : (int32_t)x;
}}

/* x * keep / {1 << DECAY_BITS}, towards zero, without a product above 32 bits. */
static int32_t decay(int32_t x, int32_t keep)
{{
    int32_t size = x < 0 ? -x : x;
    int32_t high = (size >> {DECAY_BITS}) * keep;
    int32_t low = ((size & {(1 << DECAY_BITS) - 1}) * keep) >> {DECAY_BITS};
    return x < 0 ? -(high + low) : high + low;
}}

static void step_core(const core *c, NAME_state *s)
{{
    int32_t i, j, r;
    uint8_t *spiked = s->spikes + NAME_N_IN;
    const WEIGHT *row = c->weights;
    for (i = 0; i < c->n; i++) {{
        s->sum[i] = 0;
    }}
    for (r = 0; r < c->n_ranges; r++) {{
        const uint8_t *source = s->spikes + c->ranges[2 * r];
        for (j = 0; j < c->ranges[2 * r + 1]; j++, row += c->n) {{
            if (source[j]) {{
                for (i = 0; i < c->n; i++) {{
                    s->sum[i] += row[i];
                }}
            }}
        }}
    }}
    for (i = 0; i < c->n; i++) {{
        int32_t k = c->first + i;
        int32_t q = wrap((uint32_t)s->sum[i] << c->shift, {Q_BITS});
        int32_t u = wrap((uint32_t)(q + decay(s->current[k], c->keep_u)), {U_BITS});
        int32_t v = wrap((uint32_t)(u + c->bias[i]), {U_BITS}) + decay(s->voltage[k], c->keep_v);
        v = v < c->vmin ? c->vmin : v > c->vmax ? c->vmax : v;
        s->current[k] = u;
        spiked[k] = v > c->vth;
        s->voltage[k] = spiked[k] ? 0 : v;
HOLD    }}
}}
"""

#: Only where a neuron is held at zero for longer than the step in which it fires.
HOLD = """        if (s->wait[k] > 0) {
            spiked[k] = 0;
            s->voltage[k] = 0;
        }
        if (spiked[k]) {
            s->wait[k] = c->refract;
        }
        if (s->wait[k] > 0) {
            s->wait[k]--;
        }
"""
