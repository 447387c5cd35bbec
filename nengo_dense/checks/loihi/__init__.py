"""The built-in family of rules, ND: everything that is known to go wrong on Loihi.

Loaded only when something is checked. nengo-loihi is imported when the first fact is asked for.
"""

from nengo_dense.checks.loihi import (
    capacity,
    connection,
    construction,
    core,
    emulation,
    graph,
    integer_run,
    layer_table,
    neuron,
    placement,
    quantization,
    rate,
    readout,
    source,
    weight,
)
from nengo_dense.checks.rule import Fact, Rule

_MODULES = (
    graph,
    construction,
    capacity,
    quantization,
    emulation,
    integer_run,
    layer_table,
    placement,
    neuron,
    connection,
    core,
    weight,
    source,
    rate,
    readout,
)

#: Every rule and fact of the family, as the entry point names it.
rules: tuple[Rule | Fact, ...] = tuple(
    item for module in _MODULES for item in vars(module).values() if isinstance(item, Rule | Fact)
)
