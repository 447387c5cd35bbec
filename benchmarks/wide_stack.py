"""Random stacks that are shown constant values, so that their first layer is estimated.

A first layer on the host whose input stays the same for a run is multiplied for all lanes at once
(`nengo_dense.emulator.host.estimate`). Many of these stacks are of simple fractions: their sums
reach thresholds exactly but for rounding, where another order of adding gives other spikes.
"""

from dataclasses import dataclass, field

import nengo
import numpy as np
from random_network import RandomNetwork

from nengo_dense.emulator.host.estimate import MANY_LANES, MANY_WEIGHTS
from nengo_dense.emulator.machine import PIECE_STEPS
from nengo_dense.layers import DenseStack

#: Drawn for about every third stack: its first layer is probed, gets values besides the estimated
#: product, is run again with other values, in parts, or in two blocks of lanes.
MORE = ("probed", "added", "again", "parts", "blocks")


@dataclass
class WideStack(RandomNetwork):
    """A stack, and what it is shown.

    Attributes
    ----------
    shown : list of (n_steps, (lanes, n_in) array)
        For each run.
    """

    shown: list[tuple[int, np.ndarray]] = field(default_factory=list)

    @property
    def lanes(self):
        """Number of lanes."""
        return len(self.shown[0][1])

    @property
    def most_steps(self):
        """Number of steps after which runs are divided."""
        return 13 if "parts" in self.features else PIECE_STEPS

    @property
    def fewest_neurons(self):
        """Number of neurons for which lanes are divided into two blocks."""
        return 0 if "blocks" in self.features else 2**60

    def run(self, sim):
        """Show each lane its values, one run after another."""
        for n_steps, x in self.shown:
            data = np.broadcast_to(x[:, None], (len(x), n_steps, x.shape[1]))
            sim.run_steps(n_steps, data={self.source: data})

    def show_one(self):
        """Let the source put out a lane's values, for a simulator without data; return which."""
        lane = self.rng.randint(self.lanes)
        steps = np.concatenate([np.repeat(x[lane : lane + 1], n, axis=0) for n, x in self.shown])
        self.source.output = lambda t: steps[round(1000 * t) - 1]
        return lane

    def run_one(self, sim):
        """Run as `run`, without data."""
        for n_steps, _ in self.shown:
            sim.run_steps(n_steps)


def wide_stack(seed, scale, n_steps, lanes=None):
    """Draw a stack of one layer on the host and one on the chip.

    Parameters
    ----------
    seed : int
    scale : int
        Inputs and neurons of the first layer are at most twice as many.
    n_steps : int
        Of the longest run.
    lanes : int, optional
        Drawn if not given.

    Returns
    -------
    drawn : WideStack
    """
    rng = np.random.RandomState(seed)
    lanes = lanes or rng.randint(MANY_LANES, 2 * MANY_LANES + 9)
    sizes = [*rng.randint(1, 2 * scale + 1, size=2), rng.randint(1, scale // 4 + 2)]
    sizes = [int(n) for n in [*sizes, rng.randint(1, 6)]]
    whole = int(rng.choice([1, 2, 4, 8, 3, 5, 6, 7, 10])) if rng.rand() < 0.7 else 0
    rate = float(rng.choice([125, 250, 237, 1000]))
    with nengo.Network(seed=seed) as network:
        weights, biases = _parameters(rng, sizes, whole)
        stack = DenseStack(
            sizes[1:], sizes[0], weights=weights, biases=biases, max_rate=rate, seed=seed
        )
        drawn = WideStack(network, rng, scale, source=nengo.Node(np.zeros(sizes[0])))
        nengo.Connection(drawn.source, stack.input, synapse=None)
        drawn.features = ["fractions" if whole else "normal"]
        drawn.features += ["large"] * (sizes[0] * sizes[1] >= MANY_WEIGHTS)
        drawn.features += [name for name in MORE if drawn.chance(0.3)]
        first, chip = (layer.neurons for layer in stack.layers)
        if "added" in drawn.features:
            more = rng.randint(-2, 3, size=(sizes[1], 1)) / (whole or 3)
            nengo.Connection(drawn.source[0], first, transform=more, synapse=None)
        drawn.probes = [nengo.Probe(stack.logits), nengo.Probe(chip)]
        drawn.probes += [nengo.Probe(chip, name) for name in ("voltage", "input")]
        if "probed" in drawn.features:
            drawn.probes.append(nengo.Probe(first))
    if "blocks" in drawn.features:  # each of two has enough
        lanes = max(lanes, 2 * MANY_LANES)
    lengths = [rng.randint(2, n_steps + 1)] + [rng.randint(1, 20)] * ("again" in drawn.features)
    drawn.shown = [(int(n), _values(rng, (lanes, sizes[0]), whole)) for n in lengths]
    return drawn


def _parameters(rng, sizes, whole):
    """Draw weights and biases, as fractions of a whole if there is one."""
    shapes, kept = list(zip(sizes[1:], sizes[:-1], strict=True)), rng.choice([1, 0.3, 0.05])
    if whole:
        weights = [rng.randint(-2, 3, size=shape) / whole for shape in shapes]
        biases = [rng.randint(-1, 2, size=n) / 4 for n in sizes[1:]]
    else:
        weights = [rng.normal(size=shape) / np.sqrt(shape[1] * kept) for shape in shapes]
        biases = [rng.normal(size=n) / 10 for n in sizes[1:]]
    weights[0][rng.rand(*shapes[0]) >= kept] = 0
    if not weights[1].any():  # nothing would be sent to the chip
        weights[1][0, 0] = 1
    return weights, biases


def _values(rng, shape, whole):
    """Draw values to show; to a stack of fractions, mostly fractions."""
    values = rng.uniform(-1, 1, size=shape)
    if whole:
        fractions = rng.rand(shape[0]) < 0.8
        values[fractions] = rng.randint(0, 9, size=(fractions.sum(), shape[1])) / 8
    return values
