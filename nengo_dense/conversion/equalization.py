"""The same model with better numbers: exact changes that cost nothing on the chip.

All weights of a core share one exponent, set by the largest. Neurons that say nothing, and neurons
on another scale than the rest of their layer, would take the others' bits.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.spec import DenseSpec

#: Factor from the middle of its layer beyond which a neuron is on another scale.
OTHER_SCALE = 8.0


def fold_constants(name: str, specs: Sequence[DenseSpec]) -> list[DenseSpec]:
    """Leave out neurons without input weights, which are constant, and neurons that nobody reads.

    The next layer's biases take the constants' place.

    Parameters
    ----------
    name : str
        The model's, for messages.
    specs : sequence of DenseSpec

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        No neuron of a layer is left: the model gives the same output whatever its input is.
    """
    folded = list(specs)
    changed = True
    while changed:  # what is left out may have been all that another neuron had
        changed = False
        for i in range(len(folded) - 1):
            spec, following = folded[i : i + 2]
            has_input, is_read = spec.weights.any(axis=1), following.weights.any(axis=0)
            kept = has_input & is_read
            if not kept.any():
                raise ConversionError(name, [_says_nothing(spec, following, i)])
            if kept.all():
                continue
            changed = True
            constant = np.maximum(spec.bias, 0) * ~has_input
            bias = following.bias + following.weights @ constant
            folded[i] = replace(spec, weights=spec.weights[kept], bias=spec.bias[kept])
            folded[i + 1] = replace(following, weights=following.weights[:, kept], bias=bias)
    return folded


def _says_nothing(spec: DenseSpec, following: DenseSpec, index: int) -> str:
    if not spec.weights.any():
        zero = "all input weights"
    elif not following.weights.any():
        zero = "all weights that read it"
    else:
        zero = "the input or the output weights of every neuron"
    return (
        f"{spec.label or f'layer {index + 1}'}: {zero} are zero, so the model gives the same "
        "output for every input. Its training has collapsed, or its weights were not loaded: "
        "train or load it again"
    )


def equalize(specs: Sequence[DenseSpec]) -> list[DenseSpec]:
    """Bring neurons on another scale back to the middle of their layer.

    A rectified neuron with all input weights and its bias ``s`` times as large, and all weights
    that read it divided by ``s``, is the same neuron (M. Nagel et al., "Data-free quantization
    through weight equalization and bias correction", ICCV 2019). Only neurons for which both are
    far from the others' are changed, by powers of two, so that nothing is rounded.

    Parameters
    ----------
    specs : sequence of DenseSpec
        Without constant neurons (`fold_constants`).
    """
    equalized = list(specs)
    for i, following in enumerate(specs[1:]):
        spec = equalized[i]
        incoming = np.sqrt(np.mean(spec.weights**2, axis=1))
        outgoing = np.sqrt(np.mean(following.weights**2, axis=0))
        written, read = incoming / np.median(incoming), np.median(outgoing) / outgoing
        larger, smaller = np.minimum(written, read), np.maximum(written, read)
        factor = 2.0 ** np.round(np.log2(written * read) / 2)
        factor[(larger < OTHER_SCALE) & (smaller > 1 / OTHER_SCALE)] = 1.0
        if (factor == 1).all():
            continue
        equalized[i] = replace(
            spec, weights=spec.weights / factor[:, np.newaxis], bias=spec.bias / factor
        )
        equalized[i + 1] = replace(equalized[i + 1], weights=equalized[i + 1].weights * factor)
    return equalized
