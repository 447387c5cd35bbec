"""For classes: bring logits to the source's size, which changes no class."""

from collections.abc import Sequence

import numpy as np

from nengo_dense.conversion.answer import Samples, Window
from nengo_dense.conversion.circuit import Circuit
from nengo_dense.conversion.goal import Goals
from nengo_dense.conversion.judgement import answer_all, judge_answers

#: Factors that are tried. In short presentations spikes are lost, and logits are too small: by a
#: factor of 2 to 3 in ten steps of digits and MNIST.
FACTORS = 2.0 ** (np.arange(-8, 17) / 8)


def scale_readout(
    circuit: Circuit, samples: Samples, goals: Goals, windows: Sequence[Window]
) -> None:
    """Multiply each output's weights and biases by the factor that leaves the lowest loss.

    Parameters
    ----------
    circuit : Circuit
        Its outputs are changed in place.
    samples : Samples
        To choose by.
    goals : Goals
        Of classes or labels.
    windows : sequence of Window
        Early answers take no part, as these are compared at any scale.
    """
    late = [window for window in windows if not window.early]
    found = list(answer_all(circuit, samples, late))
    first = len(circuit.parts.layers)
    for weights, bias in zip(circuit.weights[first:], circuit.biases[first:], strict=True):
        before, losses = (weights.copy(), bias.copy()), []
        for factor in FACTORS:
            weights[...], bias[...] = (factor * array for array in before)
            losses.append(judge_answers(circuit, found, goals).loss)
        best = FACTORS[np.argmin(losses)]
        weights[...], bias[...] = (best * array for array in before)
