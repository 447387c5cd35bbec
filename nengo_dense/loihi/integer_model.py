"""A network in the chip's integers, made from a copy of its floating point model."""

import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nengo_dense.loihi.build_error import explained
from nengo_dense.loihi.layout import Layer, layers_of
from nengo_dense.loihi.model_copy import copy_model, flatten, split_like


@dataclass(frozen=True)
class BlockError:
    """A block whose numbers cannot be stored on a core.

    Attributes
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point, as it was.
    error : Exception
    function : str
        Name of nengo-loihi's function that raised it, which says what did not fit.
    """

    block: Any
    error: Exception
    function: str


@dataclass(eq=False)
class IntegerModel:
    """What came of turning a model's numbers into integers.

    Attributes
    ----------
    model : nengo_loihi.builder.Model
        A copy; it can be run if there are no errors.
    floats : dict of {LoihiBlock: LoihiBlock}
        For each block of ``model``, in order, the block in floating point that it stands for.
        Synapses and axons of the two correspond one to one.
    errors : list of BlockError
        Empty unless errors were to be collected.
    warnings : dict of {LoihiBlock: list of str}
        What nengo-loihi warned of, for each floating point block; empty unless collected.
    """

    model: Any
    floats: dict[Any, Any]
    errors: list[BlockError] = field(default_factory=list)
    warnings: dict[Any, list[str]] = field(default_factory=dict)

    @property
    def layers(self) -> list[Layer]:
        """(list of Layer) The integer blocks by owner, in the order of the float model's."""
        return layers_of(self.model)

    def validate(self) -> None:
        """Hold the model against nengo-loihi's own validation.

        Raises
        ------
        BuildError
            A core would hold too much, or a parameter is out of its range; the first is named.
        """
        from nengo_loihi.builder.validate import validate_model

        with explained(self.model.toplevel):
            validate_model(self.model)


def make_integers(model: Any, *, collect: bool = False) -> IntegerModel:
    """Discretize a copy of a model, block by block, with nengo-loihi's own functions.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        In floating point; left as it is.
    collect : bool, optional
        Whether errors and warnings are kept, each with its block, until every block has been
        tried. Otherwise the first error is raised and warnings are shown.

    Raises
    ------
    BuildError
        A block that cannot be stored, unless errors are collected.
    """
    from nengo_loihi.builder.discretize import discretize_probe

    copied = copy_model(model)
    result = IntegerModel(copied, dict(zip(copied.blocks, model.blocks, strict=True)))
    v_scale = {}
    for block, original in result.floats.items():
        with _collected(result, original) if collect else explained(model.toplevel):
            v_scale[block] = discretize_block(block)
    for probe in copied.probes:
        for number, block in enumerate(probe.target):
            if block in v_scale:
                discretize_probe(probe, number, v_scale[block])
    return result


@contextmanager
def _collected(result: IntegerModel, block: Any) -> Iterator[None]:
    """Keep a block's warnings and what ends its discretization."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except Exception as err:
            function = traceback.extract_tb(err.__traceback__)[-1].name
            result.errors.append(BlockError(block, err, function))
    result.warnings[block] = [str(warning.message) for warning in caught]


def discretize_block(block: Any) -> Any:
    """Discretize a block in place, as nengo-loihi does, in a fraction of the time.

    nengo-loihi rounds a synapse's weights one axon at a time, and every number by itself. Here
    its function is given each synapse as one array. It is given the axons where a weight is not
    finite, because then their order decides what it takes for the largest weight.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point.

    Returns
    -------
    v_scale : numpy.floating
        What voltages were multiplied by.
    """
    from nengo_loihi.builder import discretize

    before = [(synapse, synapse.weights, synapse.indices) for synapse in block.synapses]
    for synapse, weights, indices in before:
        flat = flatten(weights)
        if weights and np.isfinite(flat).all():
            synapse.weights = [flat[np.newaxis]]
            synapse.indices = [flatten(indices)[np.newaxis]]
    v_scale = discretize.discretize_block(block)
    for synapse, weights, indices in before:
        if synapse.weights is not weights:
            synapse.weights = split_like(synapse.weights[0].ravel(), weights)
            synapse.indices = indices
    return v_scale
