"""The short emulated run on the chip's integers, which the rules about rates look at."""

from nengo.exceptions import SimulationError

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.emulation import Emulation, emulate
from nengo_dense.checks.facts.input_source import open_inputs
from nengo_dense.checks.facts.quantization import IntegerBuild
from nengo_dense.plugins import describe


@fact("What the integer emulator makes of the network, and what stopped it.")
def trial(integer_build: IntegerBuild, graph: Graph, run_time: float, dt: float) -> Emulation:
    """Open the integer model in a simulator, and run it if that is wanted and there is input."""
    unfed = open_inputs(graph)
    return emulate(
        integer_build.model, integer_build.layers, graph, "sim", 0 if unfed else run_time
    )


@fact("What the network does in nengo-loihi's integer emulator, on its own input.")
def run(trial: Emulation, graph: Graph, run_time: float) -> Emulation:
    """Give the integer run, if there was one and nothing stopped it."""
    if trial.error is not None:
        raise SimulationError(f"the run stopped: {describe(trial.error)}")
    if run_time == 0:
        raise SimulationError("nothing is run, as run=0 asks")
    if trial.n_steps == 0:
        unfed = graph.name(open_inputs(graph)[0])
        raise SimulationError(f"there is no input to run on: nothing is connected to {unfed}")
    return trial
