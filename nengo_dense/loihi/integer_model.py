"""The integer model of a network: weights, exponents, biases and thresholds, core by core.

It is made from a copy of the floating point model.
"""

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
        The block in floating point, unchanged.
    error : Exception
    function : str
        Name of nengo-loihi's function that raised the error. It shows the kind of number that
        does not fit, for example ``"bias_to_manexp"``.
    """

    block: Any
    error: Exception
    function: str


@dataclass(eq=False)
class IntegerModel:
    """A model in integers, with the errors and warnings of its discretization.

    Attributes
    ----------
    model : nengo_loihi.builder.Model
        A copy. Without errors, it can run.
    floats : dict of {LoihiBlock: LoihiBlock}
        The floating point block of each block of ``model``, in the model's order. Their synapses
        and axons correspond one to one.
    errors : list of BlockError
        Empty unless errors were collected.
    warnings : dict of {LoihiBlock: list of str}
        nengo-loihi's warnings for each floating point block; empty unless collected.
    """

    model: Any
    floats: dict[Any, Any]
    errors: list[BlockError] = field(default_factory=list)
    warnings: dict[Any, list[str]] = field(default_factory=dict)

    @property
    def layers(self) -> list[Layer]:
        """(list of Layer) The integer blocks by owner, in the order of the float model."""
        return layers_of(self.model)

    def validate(self) -> None:
        """Run nengo-loihi's own validation on the model.

        Raises
        ------
        BuildError
            A core exceeds a limit, or a parameter is out of range; the message is about the first.
        """
        from nengo_loihi.builder.validate import validate_model

        with explained(self.model.toplevel):
            validate_model(self.model)


def make_integers(model: Any, *, collect: bool = False) -> IntegerModel:
    """Discretize a copy of a model, block by block, with nengo-loihi's own functions.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        In floating point; it does not change.
    collect : bool, optional
        Whether to collect errors and warnings per block, and try every block. Otherwise the first
        error is raised and warnings are shown.

    Raises
    ------
    BuildError
        A block cannot be stored, and ``collect`` is False.
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
    """Collect the warnings of a block's discretization, and its error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except Exception as err:
            function = traceback.extract_tb(err.__traceback__)[-1].name
            result.errors.append(BlockError(block, err, function))
    result.warnings[block] = [str(warning.message) for warning in caught]


def discretize_block(block: Any) -> Any:
    """Discretize the block of one core in place: nengo-loihi's result in a fraction of the time.

    nengo-loihi's function chooses the weight exponents and rounds weights, biases and thresholds.
    It loops over the axons of a synapse, and rounds each number by itself. Here it gets each
    synapse as one array, so it has one iteration. If a weight is not finite, it gets the axons as
    they are, because their order then decides which weight it takes as the largest.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point.

    Returns
    -------
    v_scale : numpy.floating
        Factor that voltages were multiplied by.
    """
    from nengo_loihi.builder import discretize

    before = [(synapse, synapse.weights, synapse.indices) for synapse in block.synapses]
    for synapse, weights, indices in before:
        if len(weights) < 2:
            continue
        flat = flatten(weights)
        if np.isfinite(flat).all():
            synapse.weights = [flat[np.newaxis]]
            synapse.indices = [flatten(indices)[np.newaxis]]
    v_scale = discretize.discretize_block(block)
    for synapse, weights, indices in before:
        if synapse.weights is not weights:
            synapse.weights = split_like(synapse.weights[0].ravel(), weights)
            synapse.indices = indices
    return v_scale
