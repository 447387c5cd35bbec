"""The program of a chip: nengo-loihi's built and discretized model, read into frozen arrays.

Nothing here imports nengo-loihi; `Program.from_model` reads the attributes of a built
``nengo_loihi.builder.Model``. All arrays have the order of nengo-loihi's emulator, so that sums of
floating point numbers (``target="simreal"``) round in the same way.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from nengo.exceptions import BuildError

from nengo_dense.loihi.limits import DECAY_BITS
from nengo_dense.loihi.projection import Group, Learning, Projection, read_projections

#: Compartment states that a probe can read.
PROBE_KEYS = ("spiked", "voltage", "current")


@dataclass(frozen=True)
class Compartments:
    """Parameters of all compartments of a program, one after another.

    Attributes
    ----------
    keep_u, keep_v : (n,) int32 or float32 array
        Part of current and voltage that remains after one step: integers in units of 1/4096,
        floats as a fraction.
    scale_u, scale_v : (n,) float32 array
        Gain of the input to current and voltage; 1 in integer programs.
    bias, vth, vmin, vmax : (n,) int32 or float32 array
        Bias current, firing threshold and voltage limits.
    refract : (n,) int32 array
        Number of steps for which a spike holds the voltage at zero, plus one.
    noise_enabled, noise_on_u : (n,) bool array
        Whether there is noise, and whether it is added to the current after decay.
    noise_offset, noise_scale : (n,) array
        Noise is ``(uniform + offset) * scale``.
    """

    keep_u: np.ndarray
    keep_v: np.ndarray
    scale_u: np.ndarray
    scale_v: np.ndarray
    bias: np.ndarray
    vth: np.ndarray
    vmin: np.ndarray
    vmax: np.ndarray
    refract: np.ndarray
    noise_enabled: np.ndarray
    noise_on_u: np.ndarray
    noise_offset: np.ndarray
    noise_scale: np.ndarray

    def __post_init__(self) -> None:
        for field in fields(self):
            getattr(self, field.name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.bias)

    @property
    def dtype(self) -> np.dtype:
        """int32 for a discretized program, float32 otherwise."""
        return self.bias.dtype


@dataclass(frozen=True)
class ProbeRead:
    """The compartments that one chip probe reads, and the weights of their values.

    Attributes
    ----------
    probe : nengo_loihi.probe.LoihiProbe
    key : str
        One of `PROBE_KEYS`.
    columns : list of (k,) int arrays
        Compartments read from each block.
    """

    probe: Any
    key: str
    columns: list[np.ndarray]


@dataclass(frozen=True)
class Program:
    """A network on the chip, as arrays.

    Attributes
    ----------
    compartments : Compartments
    inputs, blocks : list of Group
    projections : list of Projection
        By target block, target synapse, and order of the spikes' arrival.
    learnings : list of Learning
    probes : list of ProbeRead
    """

    compartments: Compartments
    inputs: list[Group]
    blocks: list[Group]
    projections: list[Projection]
    learnings: list[Learning]
    probes: list[ProbeRead]

    @property
    def n_inputs(self) -> int:
        """Number of input neurons: sources that are not compartments."""
        return sum(group.size for group in self.inputs)

    @property
    def n_compartments(self) -> int:
        """Number of compartments of all blocks."""
        return len(self.compartments)

    @property
    def dtype(self) -> np.dtype:
        """int32 for a discretized program, float32 otherwise."""
        return self.compartments.dtype

    @classmethod
    def from_model(cls, model: Any) -> "Program":
        """Read a built model.

        Parameters
        ----------
        model : nengo_loihi.builder.Model
            After ``model.build(network, discretize=...)``.

        Raises
        ------
        BuildError
            The model contains a part that nengo-loihi's emulator cannot run either; it is named.
        """
        inputs, blocks = _read_groups(model)
        if blocks and next(iter(model.blocks)).compartment.bias.dtype != np.int32:
            _check_order(inputs)
        projections, learnings = read_projections(model, inputs, blocks)
        first = blocks[0].start if blocks else 0
        starts = {
            block: group.start - first for block, group in zip(model.blocks, blocks, strict=True)
        }
        return cls(
            compartments=read_compartments(list(model.blocks)),
            inputs=inputs,
            blocks=blocks,
            projections=projections,
            learnings=learnings,
            probes=[_read_probe(probe, starts) for probe in model.probes],
        )


def _read_groups(model: Any) -> tuple[list[Group], list[Group]]:
    """Number the sources of spikes: neurons of inputs first, then compartments."""
    inputs, blocks, start = [], [], 0
    for source in model.inputs:
        scheduled = {
            int(step): np.asarray(indices, dtype=np.int64)
            for step, indices in source.spikes.items()
        }
        inputs.append(Group(start, source.n_neurons, str(source.label), scheduled))
        start += source.n_neurons
    for block in model.blocks:
        blocks.append(Group(start, block.n_neurons, str(block), {}))
        start += block.n_neurons
    return inputs, blocks


def _check_order(inputs: list[Group]) -> None:
    """Refuse scheduled spikes out of order, whose floating point sums would round differently."""
    for group in inputs:
        for step, indices in group.scheduled.items():
            if (np.diff(indices) < 0).any():
                raise BuildError(
                    f"Input {group.label}: its spikes in step {step} are not in the order of its "
                    "neurons. With target='simreal', sums would round differently than in "
                    "nengo-loihi; use target='sim'"
                )


def read_compartments(blocks: list[Any]) -> Compartments:
    """Concatenate the blocks' parameters, with the arithmetic of nengo-loihi's emulator."""
    parts = [block.compartment for block in blocks]
    dtype = parts[0].bias.dtype
    sizes = [block.n_neurons for block in blocks]

    def gather(name: str, as_dtype: Any = dtype) -> np.ndarray:
        values = np.empty(sum(sizes), dtype=as_dtype)
        start = 0
        for part, size in zip(parts, sizes, strict=True):
            values[start : start + size] = getattr(part, name)
            start += size
        return values

    decay_u, decay_v = gather("decay_u"), gather("decay_v")
    noise_exp, noise_offset = gather("noise_exp"), gather("noise_offset")
    enabled = gather("enable_noise", bool)
    scale_u = scale_v = np.ones(len(decay_u), dtype=np.float32)
    if dtype == np.int32:
        full = 1 << DECAY_BITS
        keep_u, keep_v = (full - 1 - decay_u).astype(dtype), (full - decay_v).astype(dtype)
        noise_scale = np.where(enabled, 2.0 ** (noise_exp - 7), 0)
        noise_offset = noise_offset * 64
    else:
        keep_u, keep_v = 1 - decay_u, 1 - decay_v
        scale_u = np.where(gather("scale_u", bool), decay_u, scale_u)
        scale_v = np.where(gather("scale_v", bool), decay_v, scale_v)
        noise_scale = np.where(enabled, 10.0**noise_exp, 0)
    return Compartments(
        keep_u=keep_u,
        keep_v=keep_v,
        scale_u=scale_u,
        scale_v=scale_v,
        bias=gather("bias"),
        vth=gather("vth"),
        vmin=gather("vmin"),
        vmax=gather("vmax"),
        refract=gather("refract_delay").astype(np.int32),
        noise_enabled=enabled,
        noise_on_u=gather("noise_at_membrane", bool),
        noise_offset=noise_offset,
        noise_scale=noise_scale,
    )


def _read_probe(probe: Any, starts: dict[Any, int]) -> ProbeRead:
    """Find the compartments that a probe reads in each of its blocks."""
    if probe.key not in PROBE_KEYS:
        raise BuildError(
            f"The probe of '{probe.key}' on {', '.join(str(block) for block in probe.target)} "
            f"cannot be emulated: the chip can be probed for {', '.join(PROBE_KEYS)}"
        )
    columns = [
        starts[block] + np.arange(block.n_neurons)[part]
        for block, part in zip(probe.target, probe.slice, strict=True)
    ]
    return ProbeRead(probe, probe.key, columns)
