"""Check a stack or a graph with samples as its input."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from nengo.processes import PresentInput

from nengo_dense.checks import CheckReport, check
from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.source import with_source

#: Number of samples presented to a stack to measure its firing rates, and seconds for each.
N_SHOWN, SHOWN_FOR = 10, 0.02
#: Rules about presentations in a user's network; this network is made by the command.
IGNORE = dict.fromkeys(
    ("ND502", "ND503"), "samples presented by this command, only to measure firing rates"
)


def check_showing(
    stack: AnyDense, samples: np.ndarray, ignore: Mapping[str, str] | None = None, **options: Any
) -> CheckReport:
    """Check a stack in a network that presents some of the samples to it.

    A tuned stack gets each sample until the time of its first answers.
    """
    shown_for = SHOWN_FOR
    if stack.tuned is not None:
        shown_for = stack.tuned.first_answer
    chosen = samples[:: max(1, len(samples) // N_SHOWN)][:N_SHOWN].reshape(-1, stack.size_in)
    shown = PresentInput(chosen, shown_for)
    network, _ = with_source(stack, shown, seed=stack.seed, label=stack.label)
    return check(network, ignore={**IGNORE, **(ignore or {})}, **options)
