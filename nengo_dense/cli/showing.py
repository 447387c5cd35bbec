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


def frames_of(samples: Any, n_in: int) -> np.ndarray:
    """Return samples, or the frames of sequences, as (n, n_in)."""
    parts = samples if isinstance(samples, list) else [samples]
    return np.concatenate([np.reshape(part, (-1, n_in)) for part in parts])


def check_showing(
    stack: AnyDense, samples: Any, ignore: Mapping[str, str] | None = None, **options: Any
) -> CheckReport:
    """Check a stack in a network that presents some of the samples to it.

    A tuned stack gets each sample until the time of its first answers, of sequences some frames.
    """
    samples = frames_of(samples, stack.size_in)
    shown_for = SHOWN_FOR
    tuned = stack.tuned
    if tuned is not None:
        shown_for = tuned.first_answer
    chosen = samples[:: max(1, len(samples) // N_SHOWN)][:N_SHOWN]
    shown = PresentInput(chosen, shown_for)
    network, _ = with_source(stack, shown, seed=stack.seed, label=stack.label)
    return check(network, ignore={**IGNORE, **(ignore or {})}, **options)
