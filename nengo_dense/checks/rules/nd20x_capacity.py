"""ND201-ND208: the limits of a core, a chip and a board."""

from collections.abc import Iterator

from nengo_dense.checks.declaration import rule
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.core_plan import LayerCores
from nengo_dense.checks.facts.quantization import IntegerBuild
from nengo_dense.checks.finding import Finding
from nengo_dense.loihi.limits import (
    CORES_PER_CHIP,
    MAX_COMPARTMENTS,
    MAX_IN_AXONS,
    MAX_OUT_AXONS,
    MAX_SYNAPSE_BITS,
)
from nengo_dense.loihi.partition import ceil_div, largest_block

#: Shared settings per core, from nengo-loihi 1.1.0's hardware package: ``builder.py`` asserts
#: fewer than 32 and fewer than 8; the first of 16 synapse formats stays unused (``Core``).
MAX_COMPARTMENT_CONFIGS = 31
MAX_VTH_CONFIGS = 7
MAX_SYNAPSE_CONFIGS = 15


def _block(layer: LayerCores) -> int:
    """Find the largest block that the core's own limits allow."""
    return min(largest_block(layer.cores[0].n_in_axons), layer.n_neurons)


@rule(
    "ND201",
    "error",
    "a core holds at most 1024 compartments",
    remedy="Set a smaller block shape, or none.",
    says=("Number of compartments", "idx_bits is < 0"),
)
def compartments(cores: list[LayerCores]) -> Iterator[Finding]:
    """Only a block shape that was set by hand can exceed this limit."""
    for layer in cores:
        most = max(core.n_compartments for core in layer.cores)
        if most > MAX_COMPARTMENTS:
            yield Finding(
                layer.name,
                f"puts {most} neurons on one core, which holds {MAX_COMPARTMENTS}",
                _use_block(layer),
                value=most,
                limit=MAX_COMPARTMENTS,
                unit="compartments",
            )


def _use_block(layer: LayerCores) -> str:
    size = _block(layer)
    if size == 0:
        return "No block shape helps: there are too many input axons."
    return f"Use blocks of at most {size}: BlockShape(({size},), ({layer.n_neurons},))."


@rule(
    "ND202",
    "error",
    "a core has at most 4096 input axons",
    remedy="Use fewer inputs, or encode them as spikes on the host.",
    says=("Input axons", "needs [0-9]+ input axons"),
)
def in_axons(cores: list[LayerCores]) -> Iterator[Finding]:
    """Each sending neuron takes one input axon, and each dimension of a value from the host takes
    two. Dividing the layer among cores does not help, because every core needs all inputs.
    """
    for layer in cores:
        most = max(core.n_in_axons for core in layer.cores)
        if most > MAX_IN_AXONS:
            yield Finding(
                layer.name,
                f"needs {most} input axons; a core has {MAX_IN_AXONS}, and dividing the layer "
                "does not help",
                f"Use at most {MAX_IN_AXONS} spiking inputs, or {MAX_IN_AXONS // 2} dimensions "
                "from a node; or put the layer on the host.",
                value=most,
                limit=MAX_IN_AXONS,
                unit="axons",
            )


@rule(
    "ND203",
    "error",
    "a core has at most 4096 output axons",
    remedy="Use smaller blocks for this layer.",
    says=("Output axons", "output axons"),
)
def out_axons(cores: list[LayerCores]) -> Iterator[Finding]:
    """Each neuron takes one output axon for every core that it sends to. 16 -> 1024 -> 4096 needs
    blocks of 113 neurons in the first layer, because the second takes 36 cores; 114 fail.
    """
    n_cores = {layer.name: len(layer.cores) for layer in cores}
    for layer in cores:
        worst = max(layer.cores, key=lambda core: core.n_out_axons)
        if worst.n_out_axons > MAX_OUT_AXONS:
            targets = sum(n_cores.get(name, 1) for name in layer.receivers)
            slots = ceil_div(worst.n_out_axons, worst.n_compartments)
            size = MAX_OUT_AXONS // slots
            yield Finding(
                layer.name,
                f"needs {worst.n_out_axons} output axons on one core, which has {MAX_OUT_AXONS}: "
                f"{worst.n_compartments} neurons send to {targets} cores of "
                f"{', '.join(layer.receivers)}",
                f"Use blocks of at most {size} neurons for {layer.name}."
                if size
                else "Narrow the layers that it sends to, or their fan-in.",
                value=worst.n_out_axons,
                limit=MAX_OUT_AXONS,
                unit="axons",
            )


@rule(
    "ND204",
    "error",
    "a core holds at most 1,048,576 synapse bits",
    remedy="Use smaller blocks; nengo_dense.DenseLayer chooses them automatically.",
    says=("Total synapse bits",),
)
def synapse_bits(cores: list[LayerCores]) -> Iterator[Finding]:
    """nengo-loihi divides a wide layer automatically, but counts the bits before each axon is
    rounded up to whole words. Its division of 784 -> 1000 and 784 -> 1024 therefore does not fit;
    blocks of 142 neurons do.
    """
    for layer in cores:
        worst = max(layer.cores, key=lambda core: core.synapse_bits)
        # with too many inputs (ND202) not even one neuron fits, whatever the block
        if worst.synapse_bits > MAX_SYNAPSE_BITS and worst.n_in_axons <= MAX_IN_AXONS:
            yield Finding(
                layer.name,
                f"needs {worst.synapse_bits} bits for the weights of {worst.n_compartments} "
                f"neurons on one core, which has {MAX_SYNAPSE_BITS}",
                _use_block(layer),
                value=worst.synapse_bits,
                limit=MAX_SYNAPSE_BITS,
                unit="bits",
            )


@rule(
    "ND205",
    "warning",
    "the network fits one chip",
    remedy="Narrow the widest layers, or plan for a board of several chips.",
)
def one_chip(cores: list[LayerCores]) -> Iterator[Finding]:
    """A chip has 128 cores. nengo-loihi's emulator builds networks of any size. On a board,
    spikes between chips are slower than spikes within a chip.
    """
    total = sum(len(layer.cores) for layer in cores)
    if total > CORES_PER_CHIP:
        widest = max(cores, key=lambda layer: len(layer.cores))
        yield Finding(
            widest.name,
            f"the network takes {total} cores, that is {ceil_div(total, CORES_PER_CHIP)} chips of "
            f"{CORES_PER_CHIP}; this layer takes {len(widest.cores)} of them",
            value=total,
            limit=CORES_PER_CHIP,
            unit="cores",
        )


@rule(
    "ND206",
    "info",
    "cores are well used",
    remedy="Reduce the fan-in: synapse memory, not neurons, decides the number of cores.",
)
def core_use(cores: list[LayerCores]) -> Iterator[Finding]:
    """Synapse memory limits dense layers: 1024 neurons take 1, 2, 3, 5, 9, 18 and 36 cores at a
    fan-in of 64, 128, 256, 512, 1024, 2048 and 4096.
    """
    for layer in cores:
        needed = ceil_div(layer.n_neurons, MAX_COMPARTMENTS)
        fits = layer.cores[0].n_in_axons <= MAX_IN_AXONS
        if layer.ensemble is not None and fits and len(layer.cores) > needed:
            share = layer.n_neurons / (len(layer.cores) * MAX_COMPARTMENTS)
            yield Finding(
                layer.name,
                f"takes {len(layer.cores)} cores for {layer.n_neurons} neurons, which would fit "
                f"on {needed}: {share:.0%} of the compartments are used",
                value=len(layer.cores),
                limit=needed,
                unit="cores",
            )


@rule(
    "ND207",
    "warning",
    "the neurons of a core share few enough settings",
    remedy="Give the neurons of a layer the same thresholds, time constants and refractory times.",
    says=(
        "Too many spikes",
        "Spike Counters are being Used",
        "Number of AxonCfg registers exceeded",
    ),
)
def configs(integer_build: IntegerBuild) -> Iterator[Finding]:
    """The neurons of a core share a few settings: 31 of decay and refractory time, 7 thresholds,
    15 synapse formats. The emulator does not check this. The board refuses more (from
    nengo-loihi's source, not measured on a board).
    """
    for layer in integer_build.layers:
        for block in layer.blocks:
            c = block.compartment
            shared = zip(
                c.decay_u.tolist(), c.decay_v.tolist(), c.refract_delay.tolist(), strict=True
            )
            counts = (
                (
                    "settings of decay and refractory time",
                    len(set(shared)),
                    MAX_COMPARTMENT_CONFIGS,
                ),
                ("thresholds", len(set(c.vth.tolist())), MAX_VTH_CONFIGS),
                (
                    "synapse formats",
                    len({s.synapse_cfg for s in block.synapses}),
                    MAX_SYNAPSE_CONFIGS,
                ),
            )
            for what, n, limit in counts:
                if n > limit:
                    yield Finding(
                        layer.name,
                        f"has {n} different {what} on one core, which has room for {limit}",
                        value=n,
                        limit=limit,
                    )


@rule(
    "ND208",
    "info",
    "there is a board",
    remedy="Use the emulator (nengo_dense.Simulator), or export the network.",
)
def board(integer_build: IntegerBuild, graph: Graph) -> Iterator[Finding]:
    """``target="loihi"`` of nengo-loihi's simulator needs a board and NxSDK, Intel's software for
    it, which nengo-loihi does not install. Without NxSDK it raises an AssertionError, "Must have
    NxSDK installed to use Loihi hardware". The emulator needs neither and gives the same
    integers. There is no finding for a network that cannot be built.
    """
    from nengo_loihi import hardware

    if not hardware.HAS_NXSDK:
        yield Finding(
            graph.name(graph.network),
            'target="loihi" needs NxSDK, which is not installed here',
        )
