"""ND410: the conditions under which a network was meant to run."""

from collections.abc import Iterator

import numpy as np

from nengo_dense.checks.declaration import rule
from nengo_dense.checks.facts.emulation import Emulation
from nengo_dense.checks.finding import Finding
from nengo_dense.loihi.limits import SNIP_MAX_SPIKES_PER_STEP


@rule(
    "ND410",
    "warning",
    f"the host sends at most {SNIP_MAX_SPIKES_PER_STEP} spikes a step",
    remedy="Raise snip_max_spikes_per_step in hardware_options, lower rates, or use "
    "precompute=True.",
)
def too_many_spikes(run: Emulation) -> Iterator[Finding]:
    """A board takes 50 spikes a step from its host unless told otherwise, and drops the rest; the
    emulator does not (from nengo-loihi's source).
    """
    if not run.senders:
        return
    total = np.sum([sender.n_spikes for sender in run.senders], axis=0)
    if total.max() > SNIP_MAX_SPIKES_PER_STEP:
        busiest = max(run.senders, key=lambda sender: sender.n_spikes.max())
        yield Finding(
            busiest.name,
            f"the host sends up to {total.max()} spikes in one step",
            f"Set hardware_options={{'snip_max_spikes_per_step': {total.max()}}}, or lower rates.",
            value=int(total.max()),
            limit=SNIP_MAX_SPIKES_PER_STEP,
            unit="spikes a step",
        )
