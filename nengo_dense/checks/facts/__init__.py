"""Facts about a network: each is computed once, and only if a rule needs it."""

from nengo_dense.checks.declaration import Fact
from nengo_dense.checks.facts import (
    capacity,
    connectivity,
    construction,
    consumption,
    emulation,
    integer_run,
    layer_table,
    quantization,
    silence,
    tuned_stack,
)

_MODULES = (
    connectivity,
    construction,
    capacity,
    quantization,
    emulation,
    integer_run,
    consumption,
    layer_table,
    silence,
    tuned_stack,
)

#: The facts of the built-in family.
facts: tuple[Fact, ...] = tuple(
    item for module in _MODULES for item in vars(module).values() if isinstance(item, Fact)
)
