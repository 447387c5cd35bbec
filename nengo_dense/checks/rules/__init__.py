"""The built-in family of rules, ND: everything that is known to go wrong on Loihi.

One file a group of codes. Loaded only when something is checked; nengo-loihi is imported when the
first fact is asked for.
"""

from nengo_dense.checks.declaration import Fact, Rule
from nengo_dense.checks.facts import facts
from nengo_dense.checks.rules import (
    nd10x_building,
    nd11x_meaning,
    nd20x_capacity,
    nd30x_quantization,
    nd40x_activity,
    nd41x_conditions,
    nd50x_claims,
)

_MODULES = (
    nd10x_building,
    nd11x_meaning,
    nd20x_capacity,
    nd30x_quantization,
    nd40x_activity,
    nd41x_conditions,
    nd50x_claims,
)

#: Every rule and fact of the family, as the entry point names it.
rules: tuple[Rule | Fact, ...] = (
    *facts,
    *(item for module in _MODULES for item in vars(module).values() if isinstance(item, Rule)),
)
