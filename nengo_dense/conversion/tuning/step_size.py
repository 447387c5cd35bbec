"""How large the steps of tuning are, and when they were too large."""

from collections.abc import Sequence

import numpy as np

from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import Judgement
from nengo_dense.conversion.tuning.schedule import Schedule
from nengo_dense.conversion.tuning.soap import Soap

#: First step size for each nat that is lost, relative to the root mean square of the array that is
#: changed. Steps that suit a stack with much to learn destroy one that is almost right, and all
#: that follows only mends it. On letters held back from training, a network that loses 1.1 nats at
#: first in 10 steps is left with a loss of 0.127 by 0.08, and of 0.151 by twice as much; in 25
#: steps (0.35 nats) both do as well.
LEARNING_RATE = 0.08
#: Loss in nats beyond which first steps are larger yet, by the square of how far: such a stack has
#: next to nothing that steps could destroy. On the same letters with every layer on the chip,
#: which lose 2.75 nats at first in 10 steps, a stack is 4.7 points behind its source in the end,
#: and 5.6 by steps of 0.16 (7 seeds); steps of 0.22, 0.39, 0.50 and 0.70 left 5.1, 4.2, 4.5 and
#: 5.1 (3 of them).
KNOWING = 2.0
#: The largest first steps.
MOST_RATE = 0.4
#: The largest first steps of random weights, and the most that steps are raised to because there
#: are few updates. Of letters held back, random weights trained for 100 steps answer 93.5 %
#: rightly, and 92.3 % with `MOST_RATE`; for 10 steps 91.3 and 89.1 % (3 seeds). On digits held
#: back (14 seeds, two sources each), which lose 1.8 nats in 10 steps of spikes and have 300
#: updates, steps of 0.16 left 0.6 and 0.8 points, and those of 0.3 that few updates would ask for
#: 1.3 and 1.2.
MODERATE_RATE = 0.16
#: How many times larger first steps are where slopes go by rate. On the letters held back, 1, 2
#: and 4 left 0.96, 0.81 and 0.83 of the divergence that slopes through every step leave, which
#: gain 4 % by twice the step. Values did not gain for sure: 1.2 and 0.7 times the squared error on
#: ``make_friedman3`` with a layer on the host and without, and keep their steps.
SURER = 2.0
#: First step size of values in a presentation of one step; it shrinks as the root of the number of
#: steps. Values bear larger steps, as the readout is fitted in between. Chosen on scikit-learn's
#: ``make_friedman2`` and ``make_friedman3``, where twice and half as much do no better.
LEARNING_RATE_OF_VALUES = 0.15
#: Populations in a row up to which these hold. Slopes through more are less sure, and the steps
#: shrink with their number. On letters held back from training, a residual net of seven answers
#: 2.5 % otherwise than its source with steps of half the size, and 4.2 % with whole ones.
USUAL_DEPTH = 4
#: Loss of held-back samples, relative to the first one, that tells of too large steps.
WORSE = 1.1
#: Share of held-back samples that are answered otherwise than by the source, relative to the first
#: one and beyond the standard error of any share, that tells of it too: unless their loss is much
#: lower, and where the first share was not large already, so that there was something to lose.
FURTHER, MUCH_LOWER, MOST_APART = 1.25, 0.8, 0.2
#: What is left of the step size then.
RETREAT = 1 / 3


def first_rate(goals: Goals, first: Judgement, n_steps: int, haste: float, by_rate: bool) -> float:
    """Choose the size of the first steps: by the loss there is, or for values by the steps.

    Parameters
    ----------
    goals : Goals
    first : Judgement
        Of the parameters before any step.
    n_steps : int
        Of a presentation.
    haste : float
        How many times larger steps have to be because there are few of them.
    by_rate : bool
        Whether slopes go by rate.
    """
    if goals.late:
        return float(haste * LEARNING_RATE_OF_VALUES / np.sqrt(n_steps))
    loss = first.loss / goals.unit
    rate = LEARNING_RATE * loss * max(1.0, (loss / KNOWING) ** 2)
    rate *= SURER if by_rate else 1.0
    return float(max(rate, min(haste * rate, MODERATE_RATE)))


def is_too_large(found: Judgement, first: Judgement, n: int) -> bool:
    """Tell by ``n`` samples whether steps were too large: they lost what there was."""
    error = 0.5 / np.sqrt(n)
    is_far = first.gap < MOST_APART and found.gap > FURTHER * first.gap + error
    return bool(found.loss > (MUCH_LOWER if is_far else WORSE) * first.loss)


class Steps:
    """Steps down the slopes, of a size that follows a schedule, and is less after each retreat.

    Parameters
    ----------
    circuit : Circuit
        Its parameters are changed in place.
    parameters : sequence of ndarray
        These, weights first.
    rate : float
        Size of the first steps; through many layers they are smaller.

    Attributes
    ----------
    schedule : Schedule
    """

    def __init__(self, circuit: Circuit, parameters: Sequence[np.ndarray], rate: float) -> None:
        self._parameters, self._sizes = parameters, _sizes(circuit)
        self._rate = rate * min(1.0, USUAL_DEPTH / circuit.depth)
        self._soap = Soap(parameters, self._sizes)
        self.schedule = Schedule()

    def take(self, gradients: Sequence[np.ndarray], used: float) -> None:
        """Change all parameters by one step, with this share of the effort used."""
        share = self.schedule.share(self._soap.n_updates + 1, used)
        self._soap.update(gradients, self._rate * share)

    def retreat(self) -> None:
        """Go on in smaller steps, as if no gradient had been seen."""
        self._soap, self._rate = Soap(self._parameters, self._sizes), RETREAT * self._rate


def _sizes(circuit: Circuit) -> list[np.ndarray]:
    """Choose what steps are relative to: the root mean square of a layer's weights.

    Of the outputs those of each value, as these may have different units. Biases count as
    weights of an input that is always one spike a step; their own size says nothing, as a
    constant output of 500 that varies by 1 has a bias of 500.
    """
    n = len(circuit.parts.layers)
    hidden = [np.sqrt(np.mean(w**2)) for w in circuit.weights[:n]]
    outputs = [np.sqrt(np.mean(w**2, axis=1)) for w in circuit.weights[n:]]
    return [*hidden, *(size[:, np.newaxis] for size in outputs), *hidden, *outputs]
