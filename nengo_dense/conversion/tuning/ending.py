"""When held-back samples judge what was tuned, and when tuning has nothing left to gain."""

import math

from nengo_dense.conversion.tuning.best_parameters import BestParameters
from nengo_dense.conversion.tuning.goal import Goals

#: How often held-back samples judge the parameters, and how often in a row they may find nothing
#: better before steps become small, and tuning ends.
N_JUDGEMENTS, PATIENCE = 12, 4
#: Nats that held-back samples have to gain in the last judgements (`LATELY`, and at least so many
#: updates), or that are to be left: with less, tuning of classes ends soon. Of fewer updates less
#: is asked. Chosen on parts of training data (with 0.002 and 0.004): letters, digits, MNIST and
#: what ``make_classification`` makes answer as rightly as without, within the standard error of 3
#: to 10 seeds, in all updates (letters, 10 steps) to an eighth (MNIST, 100 steps, of which untuned
#: stacks lose 0.0013 nats). Values gain to the end; and so may what learns from labels alone:
#: digits trained in 25 steps, 5 seeds, lost 0.4 +- 0.2 points.
ENOUGH = 0.003
#: Judgements, and updates, that count as the last. Letters with 200 updates lost 0.4 points where
#: 33 of them decided.
LATELY, LEAST_LATELY = 2, 50


class Ending:
    """What tells when to judge, and when to end.

    Parameters
    ----------
    best : BestParameters
        With all judgements so far.
    goals : Goals
    haste : float
        How many times larger steps have to be because there are few of them.
    has_source : bool
        Whether a source model is asked, and not labels alone.
    """

    def __init__(self, best: BestParameters, goals: Goals, haste: float, has_source: bool) -> None:
        self._best, self._unit = best, goals.unit
        self._least = ENOUGH / haste
        self._may_be_enough = has_source and not goals.has_values

    def is_due(self, used: float) -> bool:
        """Tell whether to judge now, with this share of the effort used."""
        return used * N_JUDGEMENTS >= len(self._best.judgements)

    def gains_nothing(self, n: int, used: float) -> bool:
        """Tell whether nothing better came lately, or hardly anything can, after ``n`` updates."""
        if self._best.since_lowest >= PATIENCE:
            return True
        return self._may_be_enough and self._to_gain(n / used) < self._least

    def _to_gain(self, n_updates: float) -> float:
        """Return the nats that are still to gain, of an effort of so many updates."""
        lately = math.ceil(max(LATELY, LEAST_LATELY * N_JUDGEMENTS / n_updates))
        return self._best.to_gain(lately) / self._unit
