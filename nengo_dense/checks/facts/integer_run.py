"""The short emulated run on the chip's integers, for the rules about firing rates."""

from nengo.exceptions import SimulationError

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.emulation import Emulation, emulate
from nengo_dense.checks.facts.input_source import open_inputs
from nengo_dense.checks.facts.quantization import IntegerBuild
from nengo_dense.plugins import describe


@fact("The network's run in the integer emulator, and the error that stopped it.")
def trial(integer_build: IntegerBuild, graph: Graph, run_time: float, dt: float) -> Emulation:
    """Make a simulator of the integer model; run it if requested and if there is input."""
    unfed = open_inputs(graph)
    return emulate(
        integer_build.model, integer_build.layers, graph, "sim", 0 if unfed else run_time
    )


@fact("The network's complete run in nengo-loihi's integer emulator, on its own input.")
def run(trial: Emulation, graph: Graph, run_time: float) -> Emulation:
    """Return the integer run, if there was one and no error stopped it."""
    if trial.error is not None:
        raise SimulationError(f"the run stopped: {describe(trial.error)}")
    if run_time == 0:
        raise SimulationError("there is no run, because of run=0")
    if trial.n_steps == 0:
        unfed = graph.name(open_inputs(graph)[0])
        raise SimulationError(f"there is no input to run on: nothing is connected to {unfed}")
    return trial
