"""Whether neurons say more by how often they fire than by when, so that slopes go by rate."""

from nengo_dense.conversion.tuning.answer import Samples
from nengo_dense.conversion.tuning.circuit import Circuit

#: Spikes of a neuron that fires while an input stays, in the mean of a layer, from which slopes go
#: by rate. On letters held back from training (3 seeds), 15 spikes in 100 steps left 0.81 of the
#: divergence from the source in 0.7 of the time (0.80 in 0.4 with every layer on the chip), 11
#: spikes in 75 steps 1.02 in 0.6, 9 spikes in 60 steps 1.29, and 7 in 50 steps 1.51; on digits,
#: 0.83 in 0.7 (6 seeds). Of small networks and 200 to 1,500 samples that ``make_classification``
#: makes it was 0.8 (30 stacks, as rightly answered); of values of ``make_friedman1`` to ``3``, 0.9
#: of the squared error (24 stacks with 200 to 800 samples), and 0.8 with 3,000 samples.
#: Sigmoids go through the steps all the same: of autoencoders of digits held back from training,
#: the squared error was 6.9 and 4.7 % above the source's in 50 and 100 steps by rate, and 3.4 and
#: 1.1 % through the steps (6 seeds; of rectifiers 18 and 16, 14 and 9 %, 3 seeds); of labels that
#: ``make_multilabel_classification`` makes, the divergence was 1.2 times by rate (2 seeds).
MANY_SPIKES = 10
#: Steps of a presentation for each step of the network's delay, below which slopes go through the
#: steps all the same. On these letters with synapses of 10 ms, whose delay is 15 of 100 steps, 1.3
#: of the divergence was left by rate.
MANY_DELAYS = 10
#: Samples whose spikes are counted.
SEEN = 256


def has_many_spikes(circuit: Circuit, samples: Samples, n_shown: int) -> bool:
    """Tell whether neurons on the chip say more by how often they fire than by when.

    Not where a layer is silent: steps still tell which of its neurons almost fire.

    Parameters
    ----------
    circuit : Circuit
    samples : Samples
    n_shown : int
        Steps of a presentation.
    """
    n_steps = samples.frame_steps or n_shown
    if n_steps < MANY_DELAYS * circuit.delay:
        return False
    course = circuit.show(samples[:SEEN], n_shown, exact=False)
    on_chip = course.rates[circuit.n_hosts :]
    return all(r.any() and n_steps * r[r > 0].mean() >= MANY_SPIKES for r in on_chip)
