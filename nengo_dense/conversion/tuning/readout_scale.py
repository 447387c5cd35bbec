"""For classes: bring logits to the source's size, which changes no class."""

import numpy as np

from nengo_dense.conversion.tuning.answer import Answer, Samples
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import answer_all

#: Factors that are tried. In short presentations spikes are lost, and logits are too small: by a
#: factor of 2 to 3 in ten steps of digits and MNIST. The first changes nothing, and stays where
#: none is better.
FACTORS = 2.0 ** (np.array(sorted(range(-8, 17), key=abs)) / 8)


def scale_readout(circuit: Circuit, samples: Samples, goals: Goals) -> None:
    """Multiply each output's weights and biases by the factor that leaves the lowest loss.

    Early answers take no part, as these are compared at any scale.

    Parameters
    ----------
    circuit : Circuit
        Its outputs are changed in place.
    samples : Samples
        To choose by.
    goals : Goals
        Of classes or labels.
    """
    answered = answer_all(circuit, samples, goals.last_windows)
    found = [(answer, circuit.logits(read)) for answer, read in answered]
    first, factors = len(circuit.parts.layers), np.ones(found[0][1].shape[1])
    outputs = zip(goals.of_outputs, circuit.weights[first:], circuit.biases[first:], strict=True)
    for goal, weights, bias in outputs:
        losses = []
        for factor in FACTORS:
            factors[goal.columns] = factor
            losses.append(_loss(found, factors, goals))
        best = FACTORS[np.argmin(losses)]
        factors[goal.columns] = best
        weights *= best
        bias *= best


def _loss(found: list[tuple[Answer, np.ndarray]], factors: np.ndarray, goals: Goals) -> float:
    """Return the loss of logits that are multiplied, but for a constant factor."""
    total = 0.0
    for answer, logits in found:
        ((loss, _),) = goals.of_answers([factors * logits], [answer])
        total += answer.weight * loss
    return total
