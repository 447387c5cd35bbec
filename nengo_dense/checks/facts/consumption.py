"""The energy of each layer on the chip, by the formula of `nengo_dense.loihi.energy`."""

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.emulation import Emulation
from nengo_dense.checks.facts.quantization import IntegerBuild
from nengo_dense.loihi.energy import Energy, count_energy


@fact("The operations of each layer's cores in the integer run, and their energy.")
def energy(run: Emulation, integer_build: IntegerBuild) -> dict[str, Energy]:
    """Count operations by layer name, decode neurons included."""
    counted = count_energy(integer_build.model, run.spikes, run.n_steps)
    return {
        layer.name: Energy.total(counted[block] for block in layer.blocks)
        for layer in integer_build.layers
    }
