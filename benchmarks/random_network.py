"""Random networks of everything that nengo-loihi builds, to hold the emulator against it.

A seed gives a network; the same seed gives it again, so that two simulators each get their own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np

from nengo_dense import compat


@dataclass
class RandomNetwork:
    """A network and what a comparison needs to know of it.

    Attributes
    ----------
    network : nengo.Network
    rng : RandomState
        Draws everything.
    scale : int
        About the size of a population.
    source : nengo.Node
        Node that data can replace, of size 3.
    chip : list of nengo.Ensemble
    probes : list of nengo.Probe
    model : callable
        Makes the model to build into, or None for the default.
    features : list of str
        What was drawn.
    """

    network: nengo.Network
    rng: np.random.RandomState
    scale: int
    source: Any = None
    chip: list[nengo.Ensemble] = field(default_factory=list)
    probes: list[nengo.Probe] = field(default_factory=list)
    model: Callable[[], Any] = lambda: None
    features: list[str] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        """Draw a coin."""
        return bool(self.rng.rand() < probability)

    def synapse(self) -> nengo.synapses.Synapse | None:
        """Draw a synapse that the chip has."""
        tau = self.rng.choice([0.001, 0.003, 0.005, 0.02, 0.1])
        return None if self.chance(0.2) else nengo.Lowpass(float(tau))

    def weights(self, rows: int, columns: int) -> np.ndarray:
        """Draw weights, sometimes so large that the chip's registers overflow."""
        size = self.rng.choice([0.1, 1.0, 1.0, 5.0, 50.0])
        weights = self.rng.normal(scale=size / np.sqrt(columns), size=(rows, columns))
        if self.chance(0.3):
            weights[self.rng.rand(rows, columns) < 0.5] = 0
        return weights


#: Adds one thing to a network.
Feature = Callable[[RandomNetwork], None]


def random_network(seed: int, scale: int = 20, features: list[str] | None = None) -> RandomNetwork:
    """Draw a network.

    Parameters
    ----------
    seed : int
    scale : int, optional
        About the size of a population.
    features : list of str, optional
        Names in `FEATURES`; drawn if not given.

    Returns
    -------
    drawn : RandomNetwork
    """
    loihi = compat.nengo_loihi()
    rng = np.random.RandomState(seed)
    with nengo.Network(seed=seed) as network:
        loihi.add_params(network)
        drawn = RandomNetwork(network, rng, scale)
        drawn.source = _add_source(drawn)
        for _ in range(rng.randint(1, 4)):
            _add_population(drawn)
        names = list(FEATURES)
        if features is None:
            features = [name for name in names if drawn.chance(0.35)]
        for name in features:
            FEATURES[name](drawn)
            drawn.features.append(name)
        _add_probes(drawn)
    return drawn


def _add_source(drawn: RandomNetwork) -> nengo.Node:
    rng = drawn.rng
    values = rng.uniform(-1.5, 1.5, size=3)
    samples = rng.uniform(-1, 1, size=(4, 3))
    outputs = [
        values,
        lambda t: np.sin(50 * t + values),
        nengo.processes.PresentInput(samples, 0.007),
        nengo.processes.WhiteSignal(0.5, high=20, seed=int(rng.randint(1000))),
    ]
    choice = rng.randint(len(outputs))
    return nengo.Node(outputs[choice], size_out=3)


def _neuron_type(drawn: RandomNetwork) -> nengo.neurons.NeuronType:
    rng = drawn.rng
    amplitude = float(rng.choice([1.0, 0.01, 0.5]))
    zero = {"voltage": nengo.dists.Choice([0])}
    kind = rng.randint(4)
    if kind < 2:
        return nengo.SpikingRectifiedLinear(amplitude=amplitude, initial_state=zero)
    if kind == 2:
        return nengo.LIF(
            tau_rc=float(rng.choice([0.01, 0.02, 0.1])),
            tau_ref=float(rng.choice([0.0, 0.001, 0.002, 0.005])),
            min_voltage=float(rng.choice([0, -1, -np.inf])),
            amplitude=amplitude,
            initial_state=zero,
        )
    base = nengo.LIFRate() if drawn.chance(0.5) else nengo.RectifiedLinear()
    return nengo.RegularSpiking(base, amplitude=amplitude, initial_state=zero)


def _add_population(drawn: RandomNetwork, split: bool = True) -> nengo.Ensemble:
    """Add neurons on the chip, perhaps in several blocks, driven by their bias."""
    rng, loihi = drawn.rng, compat.nengo_loihi()
    n = int(rng.randint(2, 2 * drawn.scale))
    neuron_type = _neuron_type(drawn)
    spread = 3.0 if "LIF" in repr(neuron_type) else 200.0
    ensemble = nengo.Ensemble(
        n,
        1,
        neuron_type=neuron_type,
        gain=np.full(n, float(rng.choice([1.0, 2.0, 100.0]))),
        bias=rng.uniform(-spread / 3, spread, size=n),
    )
    if split and drawn.chance(0.3) and n > 3:
        shape = int(np.ceil(n / rng.randint(2, 4)))
        drawn.network.config[ensemble].block_shape = loihi.BlockShape((shape,), (n,))
    drawn.chip.append(ensemble)
    return ensemble


def _pair(drawn: RandomNetwork) -> tuple[nengo.Ensemble, nengo.Ensemble]:
    i, j = drawn.rng.randint(len(drawn.chip), size=2)
    return drawn.chip[i], drawn.chip[j]


def _add_dense(drawn: RandomNetwork) -> None:
    for _ in range(drawn.rng.randint(1, 4)):
        pre, post = _pair(drawn)
        weights = drawn.weights(post.n_neurons, pre.n_neurons)
        nengo.Connection(pre.neurons, post.neurons, transform=weights, synapse=drawn.synapse())


def _add_slice(drawn: RandomNetwork) -> None:
    pre, post = _pair(drawn)
    n = pre.n_neurons // 2 + 1
    weights = drawn.weights(post.n_neurons, n)
    nengo.Connection(pre.neurons[:n], post.neurons, transform=weights, synapse=drawn.synapse())


def _add_sparse(drawn: RandomNetwork) -> None:
    pre = drawn.chip[drawn.rng.randint(len(drawn.chip))]
    post = _add_population(drawn, split=False)  # nengo-loihi cannot split sparse synapses
    n = max(2, pre.n_neurons * post.n_neurons // 4)
    flat = drawn.rng.choice(pre.n_neurons * post.n_neurons, n, replace=False)
    indices = np.stack(np.unravel_index(flat, (post.n_neurons, pre.n_neurons)), axis=1)
    transform = nengo.Sparse(
        (post.n_neurons, pre.n_neurons), indices=indices, init=drawn.rng.normal(size=n)
    )
    nengo.Connection(pre.neurons, post.neurons, transform=transform, synapse=drawn.synapse())


def _add_convolution(drawn: RandomNetwork) -> None:
    """Add a host layer that is convolved on the chip."""
    rng, network = drawn.rng, drawn.network
    height, width, channels = rng.randint(3, 6), rng.randint(3, 6), rng.randint(1, 3)
    last = drawn.chance(0.5)
    shape = (height, width, channels) if last else (channels, height, width)
    layout = nengo.transforms.ChannelShape(shape, channels_last=last)
    transform = nengo.Convolution(
        n_filters=int(rng.randint(1, 4)),
        input_shape=layout,
        kernel_size=(2, 2),
        channels_last=last,
        init=nengo.dists.Uniform(-2, 2),
    )
    pre = nengo.Ensemble(
        layout.size, 1, gain=np.ones(layout.size), bias=rng.uniform(0, 300, size=layout.size),
        neuron_type=nengo.SpikingRectifiedLinear(),
    )  # fmt: skip
    network.config[pre].on_chip = False
    n = transform.output_shape.size
    post = nengo.Ensemble(
        n, 1, neuron_type=nengo.SpikingRectifiedLinear(), gain=np.ones(n),
        bias=rng.uniform(0, 20, size=n),
    )  # fmt: skip
    nengo.Connection(pre.neurons, post.neurons, transform=transform, synapse=drawn.synapse())
    drawn.probes.append(nengo.Probe(post.neurons))


def _add_decoded(drawn: RandomNetwork) -> None:
    rng = drawn.rng
    pre = nengo.Ensemble(drawn.scale + 10, 2, radius=float(rng.choice([1, 2])))
    post = nengo.Ensemble(drawn.scale + 5, 1)
    nengo.Connection(drawn.source[:2], pre, synapse=None if drawn.chance(0.5) else 0.01)
    nengo.Connection(pre, post, function=lambda x: x[0] * x[1], synapse=drawn.synapse())
    if drawn.chance(0.5):
        nengo.Connection(post, post, synapse=0.1)
    drawn.probes.append(nengo.Probe(post, synapse=0.01))
    drawn.probes.append(nengo.Probe(pre))
    drawn.probes.append(nengo.Probe(pre.neurons, "voltage"))


def _add_node_to_neurons(drawn: RandomNetwork) -> None:
    """Encode a node's output with on and off neurons, weights on the chip."""
    post = drawn.chip[drawn.rng.randint(len(drawn.chip))]
    weights = drawn.weights(post.n_neurons, 3)
    nengo.Connection(drawn.source, post.neurons, transform=weights, synapse=None)


def _add_host_layer(drawn: RandomNetwork) -> None:
    """Send spikes of a population on the host."""
    rng = drawn.rng
    post = drawn.chip[rng.randint(len(drawn.chip))]
    types = [
        nengo.SpikingRectifiedLinear(), nengo.LIF(), nengo.AdaptiveLIF(),
        nengo.PoissonSpiking(nengo.LIFRate()), nengo.RegularSpiking(nengo.LIFRate()),
    ]  # fmt: skip
    pre = nengo.Ensemble(drawn.scale, 3, neuron_type=types[rng.randint(len(types))])
    drawn.network.config[pre].on_chip = False
    nengo.Connection(drawn.source, pre, synapse=drawn.synapse())
    weights = drawn.weights(post.n_neurons, drawn.scale)
    nengo.Connection(pre.neurons, post.neurons, transform=weights, synapse=drawn.synapse())
    drawn.probes.append(nengo.Probe(pre.neurons))
    drawn.probes.append(nengo.Probe(pre, synapse=0.01, sample_every=0.003))


def _add_readout(drawn: RandomNetwork) -> None:
    """Filter the chip's spikes on the host."""
    rng = drawn.rng
    pre = drawn.chip[rng.randint(len(drawn.chip))]
    node = nengo.Node(size_in=2)
    synapse = [nengo.Lowpass(0.005), nengo.Alpha(0.01), nengo.Triangle(0.004)][rng.randint(3)]
    weights = drawn.weights(2, pre.n_neurons)
    nengo.Connection(pre.neurons, node, transform=weights, synapse=synapse)
    total = nengo.Node(lambda t, x: np.exp(x / (1 + np.abs(x))), size_in=2)
    nengo.Connection(node, total, synapse=None)
    drawn.probes.append(nengo.Probe(node))
    drawn.probes.append(nengo.Probe(total, synapse=nengo.Alpha(0.003)))


def _add_loop(drawn: RandomNetwork) -> None:
    """Send spikes to the host, and what it makes of them back."""
    pre, post = _pair(drawn)
    node = nengo.Node(lambda t, x: np.tanh(x) + t, size_in=1)
    weights = drawn.weights(1, pre.n_neurons) * 0.01
    nengo.Connection(pre.neurons, node, transform=weights, synapse=0.01)
    back = drawn.weights(post.n_neurons, 1)
    nengo.Connection(node, post.neurons, transform=back, synapse=0.005)
    drawn.probes.append(nengo.Probe(node))


def _add_learning(drawn: RandomNetwork) -> None:
    """Learn a function with PES."""
    rng = drawn.rng
    pre = nengo.Ensemble(drawn.scale + 10, 1, radius=1)
    nengo.Connection(drawn.source[:1], pre, synapse=None)
    post = nengo.Node(size_in=1)
    rate = float(rng.choice([1e-3, 1e-2]))
    rule = nengo.PES(learning_rate=rate, pre_synapse=nengo.Lowpass(0.005))
    learned = nengo.Connection(
        pre, post, function=lambda x: 0 * x, learning_rule_type=rule, synapse=0.01
    )
    error = nengo.Node(lambda t, x: x - 0.5, size_in=1)
    nengo.Connection(post, error, synapse=None)
    nengo.Connection(error, learned.learning_rule)
    drawn.probes.append(nengo.Probe(post, synapse=0.01))


def _add_noise(drawn: RandomNetwork) -> None:
    """Use nengo-loihi's decode neurons that have noise."""
    loihi = compat.nengo_loihi()

    def make() -> Any:
        model = loihi.builder.Model()
        model.decode_neurons = loihi.decode_neurons.NoisyDecodeNeurons(5)
        return model

    drawn.model = make
    _add_decoded(drawn)


#: Name → what adds it.
FEATURES: dict[str, Feature] = {
    "dense": _add_dense,
    "slice": _add_slice,
    "sparse": _add_sparse,
    "convolution": _add_convolution,
    "decoded": _add_decoded,
    "node_to_neurons": _add_node_to_neurons,
    "host_layer": _add_host_layer,
    "readout": _add_readout,
    "loop": _add_loop,
    "learning": _add_learning,
    "noise": _add_noise,
}


def _add_probes(drawn: RandomNetwork) -> None:
    """Probe every population on the chip."""
    for ensemble in drawn.chip:
        drawn.probes.append(nengo.Probe(ensemble.neurons))
        drawn.probes.append(nengo.Probe(ensemble.neurons, "voltage"))
        drawn.probes.append(nengo.Probe(ensemble.neurons, "input"))
    part = drawn.chip[0].neurons[::2]
    drawn.probes.append(nengo.Probe(part, "voltage", synapse=nengo.Lowpass(0.01)))
    drawn.probes.append(nengo.Probe(part, synapse=nengo.Alpha(0.01)))
