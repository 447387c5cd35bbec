"""Checking a stack on samples that are shown to it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from nengo.processes import PresentInput

from nengo_dense.checks import CheckReport, check
from nengo_dense.layers.source import with_source
from nengo_dense.layers.stack import DenseStack

#: Samples that a stack is shown while its rates are looked at, and for how many seconds each.
N_SHOWN, SHOWN_FOR = 10, 0.02
#: Rules about presentations in a user's network, which this one is not.
IGNORE = dict.fromkeys(("ND502", "ND503"), "samples shown by this command, for rates alone")


def check_showing(
    stack: DenseStack, samples: np.ndarray, ignore: Mapping[str, str] | None = None, **options: Any
) -> CheckReport:
    """Check a stack in a network that shows it some of the samples.

    A tuned stack is shown each for as long as its first answers take.
    """
    shown_for = SHOWN_FOR
    if stack.tuned is not None:
        shown_for = stack.tuned.first_answer
    chosen = samples[:: max(1, len(samples) // N_SHOWN)][:N_SHOWN].reshape(-1, stack.size_in)
    shown = PresentInput(chosen, shown_for)
    network, _ = with_source(stack, shown, seed=stack.seed, label=stack.label)
    return check(network, ignore={**IGNORE, **(ignore or {})}, **options)
