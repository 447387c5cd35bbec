"""A short emulated run of a network on its own input, with a record of every neuron."""

from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.construction import FloatBuild, Layer, quiet
from nengo_dense.checks.facts.input_source import open_inputs
from nengo_dense.checks.facts.link import Link
from nengo_dense.duration import whole_steps
from nengo_dense.plugins import contained


@dataclass
class Sender:
    """The spikes and values that the host sent over one connection.

    Attributes
    ----------
    name : str
    ensemble : nengo.Ensemble
        Whose spikes they are.
    n_spikes : (n_steps,) ndarray
        Number of neurons that spiked in each step.
    most : float
        Most spikes that one neuron fired in one step.
    lowest, highest : float
        Range of the encoded values; infinite if the connection sends spikes.
    """

    name: str
    ensemble: nengo.Ensemble
    n_spikes: np.ndarray
    most: float = 0.0
    lowest: float = np.inf
    highest: float = -np.inf


@dataclass
class Emulation:
    """The results of a run.

    Attributes
    ----------
    n_steps : int
        0 if there was no run.
    dt : float
        Step in seconds.
    rates : dict of {str: ndarray}
        By layer, firing rate of each neuron in hertz.
    late_rates : dict of {str: ndarray}
        The same in the second half of the run, after the first spikes have passed all layers.
    spikes : dict of {nengo_loihi.block.LoihiBlock or nengo_loihi.inputs.SpikeInput: (n,) ndarray}
        Total number of spikes of each neuron, for each core and each input from the host.
    senders : list of Sender
    overflows : dict of {str: set of str}
        By layer, the registers that overflowed: "q0", "current", "u2".
    error : BaseException or None
        The error that ended the run early.
    """

    n_steps: int
    dt: float
    rates: dict[str, np.ndarray] = field(default_factory=dict)
    late_rates: dict[str, np.ndarray] = field(default_factory=dict)
    spikes: dict[Any, np.ndarray] = field(default_factory=dict)
    senders: list[Sender] = field(default_factory=list)
    overflows: dict[str, set[str]] = field(default_factory=dict)
    error: BaseException | None = None


@fact("The network's run in nengo-loihi's floating point emulator.")
def float_run(float_build: FloatBuild, graph: Graph, run_time: float, dt: float) -> Emulation:
    """Run the floating point model; the integer run reports any error."""
    if run_time == 0 or not float_build.model.blocks or open_inputs(graph):
        return Emulation(0, dt)
    return emulate(float_build.model, float_build.layers, graph, "simreal", run_time)


def emulate(
    model: Any, layers: list[Layer], graph: Graph, target: str, run_time: float
) -> Emulation:
    """Run a built model in nengo-loihi's emulator and record it; an error becomes a result.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Its weights are restored after learning.
    layers : list of Layer
    graph : Graph
    target : {"sim", "simreal"}
    run_time : float
        Time in seconds; with 0 a simulator is made, but not run.
    """
    import nengo_loihi

    n_steps = max(1, whole_steps(run_time, model.dt, "run")) if run_time else 0
    result = Emulation(n_steps, model.dt)
    for data in (model.params[probe] for probe in model.nengo_probes):
        data.clear()
    for spike_input in model.inputs:  # left by an earlier run
        for step in set(spike_input.spikes) - spike_input.permanent:
            del spike_input.spikes[step]
    learned = [s for block in model.blocks for s in block.synapses if s.learning]
    before = [[w.copy() for w in synapse.weights] for synapse in learned]
    raised: list[BaseException] = []
    with quiet(), contained(raised.append):
        sim = nengo_loihi.Simulator(
            graph.network, dt=model.dt, model=model, target=target, progress_bar=False
        )
        with sim:
            _run(sim, layers, graph, result)
    result.error = raised[0] if raised else None
    for synapse, weights in zip(learned, before, strict=True):  # the emulator learns in place
        for w, initial in zip(synapse.weights, weights, strict=True):
            w[:] = initial
    return result


def _run(sim: Any, layers: list[Layer], graph: Graph, result: Emulation) -> None:
    emulator = sim.sims["emulator"]
    slices = emulator.block_info.slices
    _watch_overflow(emulator, layers, result)
    _watch_inputs(emulator, sim.model, result)
    watches = _watch_senders(sim, graph, result)
    counts = emulator.compartment.spike_count
    early, half = counts.copy(), result.n_steps // 2
    for step in range(result.n_steps):
        if step == half:
            early = counts.copy()
        sim.step()
        for watch in watches:
            watch.look(step)
    result.spikes |= {block: counts[where].copy() for block, where in slices.items()}
    for layer in layers if result.n_steps else []:
        n = np.concatenate([counts[slices[block]] for block in layer.blocks])
        late = n - np.concatenate([early[slices[block]] for block in layer.blocks])
        result.rates[layer.name] = n / (result.n_steps * result.dt)
        result.late_rates[layer.name] = late / ((result.n_steps - half) * result.dt)


def _watch_overflow(emulator: Any, layers: list[Layer], result: Emulation) -> None:
    """Record the layers that overflow; nengo-loihi's behaviour does not change."""
    compartment, slices = emulator.compartment, emulator.block_info.slices
    original = compartment._overflow
    owner = [(layer.name, slices[block]) for layer in layers for block in layer.blocks]

    def overflow(x: np.ndarray, bits: int, name: str = "") -> None:
        if x.dtype == np.int32:
            over = (x < -(2**bits)) | (x >= 2**bits)
            if over.any():
                for layer, where in owner:
                    if over[where].any():
                        result.overflows.setdefault(layer, set()).add(name)
        original(x, bits=bits, name=name)

    compartment._overflow = overflow


def _watch_inputs(emulator: Any, model: Any, result: Emulation) -> None:
    """Count the input spikes: those scheduled in the build, and those that the host sends."""
    for source in model.inputs:
        result.spikes[source] = np.zeros(source.n_neurons, dtype=int)
        for step in source.permanent:
            if step <= result.n_steps:
                _count(result.spikes[source], source.spikes[step])
    original = emulator.host2chip

    def host2chip(spikes: list[Any], errors: Any) -> None:
        for source, _, neurons in spikes:
            _count(result.spikes[source], neurons)
        original(spikes, errors)

    emulator.host2chip = host2chip


def _count(counts: np.ndarray, neurons: Any) -> None:
    np.add.at(counts, np.asarray(neurons, dtype=int), 1)


class _SenderWatch:
    """Records, after every step, the spikes that one population on the host sends to the chip."""

    def __init__(self, sim: Any, sender: Sender, encodes: bool) -> None:
        ensemble = sender.ensemble
        host = next(s for s in sim.sims.values() if ensemble in getattr(s.model, "params", {}))
        self.signals, self.sender, self.encodes = host.signals, sender, encodes
        self.spikes = host.model.sig[ensemble.neurons]["out"]
        self.value = host.model.sig[ensemble]["in"] if encodes else None
        amplitude = getattr(ensemble.neuron_type, "amplitude", 1.0)
        self.unit = amplitude / sim.dt

    def look(self, step: int) -> None:
        spikes = self.signals[self.spikes]
        self.sender.n_spikes[step] = np.count_nonzero(spikes)
        self.sender.most = max(self.sender.most, float(np.abs(spikes).max() / self.unit))
        if self.encodes:
            value = self.signals[self.value]
            self.sender.lowest = min(self.sender.lowest, float(value.min()))
            self.sender.highest = max(self.sender.highest, float(value.max()))


def _watch_senders(sim: Any, graph: Graph, result: Emulation) -> list[_SenderWatch]:
    watches = []
    made = sim.model.connection_decode_neurons
    by_pre: dict[Any, Link] = {id(link.path[0]): link for link in graph.links}
    for conn, ensemble in made.items():
        if isinstance(ensemble, nengo.Ensemble):
            link = by_pre.get(id(conn))
            name = graph.name(link) if link else graph.name(conn)
            sender = Sender(name, ensemble, np.zeros(result.n_steps, dtype=int))
            result.senders.append(sender)
            watches.append(_SenderWatch(sim, sender, encodes=True))
    for link in graph.into_synapses():
        if not graph.on_chip(link.pre):
            ensemble = link.pre_obj.ensemble
            sender = Sender(graph.name(link), ensemble, np.zeros(result.n_steps, dtype=int))
            result.senders.append(sender)
            watches.append(_SenderWatch(sim, sender, encodes=False))
    return watches
