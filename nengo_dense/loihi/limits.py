"""The limits of a Loihi chip: every number once, with its source.

Sources
-------
[1] M. Davies et al., "Loihi: A neuromorphic manycore processor with on-chip learning", IEEE Micro
    38(1), 2018: 128 neuromorphic cores of up to 1,024 compartments; energies in Table 2.
[2] nengo-loihi 1.1.0, ``block.py``, ``builder/discretize.py`` and ``builder/validate.py``: the
    limits that its builder enforces and its emulator uses. The tests compare them with these.
"""

#: Compartments (neurons) on one core [1, 2].
MAX_COMPARTMENTS = 1024
#: Input axons of one core: the sources that its synapses can tell apart [2].
MAX_IN_AXONS = 4096
#: Output axons of one core: each neuron takes one for every core that it sends to [2].
MAX_OUT_AXONS = 4096
#: Memory for synapses on one core, in bits: 16,384 words of 64 bits [2].
MAX_SYNAPSE_BITS = 16384 * 64
#: Cores of one chip [1].
CORES_PER_CHIP = 128

#: Bits of a stored weight, without its sign [2].
WEIGHT_BITS = 8
#: Weights in one synapse entry, and the bits of that entry's header (4 index, 6 count) [2].
WEIGHTS_PER_ENTRY = 64
ENTRY_HEADER_BITS = 10
#: An entry is rounded up to whole words of this many bits [2].
WORD_BITS = 64

#: Threshold: mantissa times ``2**6`` [2].
VTH_MAN_MAX = 2**17 - 1
VTH_EXP = 6
VTH_MAX = VTH_MAN_MAX * 2**VTH_EXP
#: Bias: mantissa times two to an exponent of at most 7 [2].
BIAS_MAN_MAX = 2**12 - 1
BIAS_EXP_MAX = 2**3 - 1
BIAS_MAX = BIAS_MAN_MAX * 2**BIAS_EXP_MAX
#: Decay constants are multiples of ``1 / 4096`` [2].
DECAY_BITS = 12
#: Bits, without sign, of the synaptic accumulator (q) and of the current (u) [2].
Q_BITS = 21
U_BITS = 23

#: Its synapse between a node and the chip, in seconds (nengo-loihi 1.1.0, ``Model.decode_tau``).
NODE_TAU = 0.005
#: Largest absolute value of weights that nengo-loihi takes for zero where all are so small: they
#: are left out without a word (nengo-loihi 1.1.0, ``passthrough.py`` and ``discretize.py``).
NO_WEIGHT = 1e-8

#: Share of the ceiling, one spike a step, from which a neuron counts as saturated: it cannot pass
#: on much more. Below 1, as the mean of a run includes the first steps, without input.
SATURATED = 0.9

#: Spikes per step that a board accepts from its host before it drops some; the default of
#: ``snip_max_spikes_per_step`` (nengo-loihi 1.1.0, ``hardware/interface.py``).
SNIP_MAX_SPIKES_PER_STEP = 50

#: Energy in joules of one synaptic operation, and of one neuron update in one step [1]; `.energy`
#: defines both.
ENERGY_PER_SYNAPTIC_OPERATION = 23.6e-12
ENERGY_PER_NEURON_UPDATE = 81e-12
