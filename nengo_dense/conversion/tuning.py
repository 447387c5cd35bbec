"""Tune weights and biases until the chip's integers answer as the source model does."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from nengo.exceptions import BuildError
from nengo.utils.progress import Progress, ProgressTracker

from nengo_dense.conversion.answer import Samples, Window
from nengo_dense.conversion.best_parameters import BestParameters
from nengo_dense.conversion.circuit import Circuit
from nengo_dense.conversion.effort import Budget
from nengo_dense.conversion.goal import Goals
from nengo_dense.conversion.judgement import Judgement
from nengo_dense.conversion.lesson import Lessons, Source, more_of_the_rare
from nengo_dense.conversion.schedule import Schedule
from nengo_dense.conversion.soap import Soap
from nengo_dense.conversion.through_time import has_many_spikes, loss_and_gradient
from nengo_dense.loihi.kernel.choice import COMPILING, is_compiled
from nengo_dense.loihi.kernel.memory import keep_what_is_freed

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
#: The largest first steps. The second bounds them where weights are random, and is the most that
#: steps are raised to because there are few updates. Of letters held back, random weights trained
#: for 100 steps answer 93.5 % rightly, and 92.3 % with the first; for 10 steps 91.3 and 89.1 % (3
#: seeds). On digits held back (14 seeds, two sources each), which lose 1.8 nats in 10 steps of
#: spikes and have 300 updates, steps of 0.16 left 0.6 and 0.8 points, and those of 0.3 that few
#: updates would ask for 1.3 and 1.2.
MOST_RATE, MODERATE_RATE = 0.4, 0.16
#: How many times larger first steps are where slopes go by rate. On the letters held back, 1, 2
#: and 4 left 0.96, 0.81 and 0.83 of the divergence that slopes through every step leave, which
#: gain 4 % by twice the step. Values did not gain for sure: 1.2 and 0.7 times the squared error on
#: ``make_friedman3`` with a layer on the host and without, and keep their steps.
SURER = 2.0
#: The same of values in a presentation of one step; it shrinks as the root of the number of steps.
#: Values bear larger steps, as the readout is fitted in between. Chosen on scikit-learn's
#: ``make_friedman2`` and ``make_friedman3``, where twice and half as much do no better.
LEARNING_RATE_OF_VALUES = 0.15
#: Populations in a row up to which these hold. Slopes through more are less sure, and the steps
#: shrink with their number. On letters held back from training, a residual net of seven answers
#: 2.5 % otherwise than its source with steps of half the size, and 4.2 % with whole ones.
USUAL_DEPTH = 4
#: How often held-back samples judge the parameters, and how often in a row they may find nothing
#: better before steps become small, and tuning ends.
N_JUDGEMENTS, PATIENCE = 12, 4
#: Nats that held-back samples have to gain in so many judgements, and at least so many updates, or
#: that are to be left: with less, tuning of classes ends soon. Of fewer updates less is asked.
#: Chosen on parts of training data (with 0.002 and 0.004): letters, digits, MNIST and what
#: ``make_classification`` makes answer as rightly as without, within the standard error of 3 to 10
#: seeds, in all updates (letters, 10 steps) to an eighth (MNIST, 100 steps, of which untuned
#: stacks lose 0.0013 nats). Letters with 200 updates lost 0.4 points where 33 of them decided.
#: Values gain to the end; and so may what learns from labels alone: digits trained in 25 steps, 5
#: seeds, lost 0.4 +- 0.2 points.
ENOUGH, LATELY, LEAST_LATELY = 0.003, 2, 50
#: Loss of held-back samples, relative to the first one, that tells of too large steps; and how far
#: they are from the source, likewise, and beyond the standard error of any share, if their loss is
#: not much lower. Then tuning goes on from the best parameters, with a share of the steps. Where
#: more than `MOST_APART` were answered otherwise from the start, there is nothing to lose.
WORSE, FURTHER, MUCH_LOWER, MOST_APART = 1.1, 1.25, 0.8, 0.2
RETREAT = 1 / 3
#: Samples to learn from that the parameters of a source model, which has not learned to be a chip,
#: are judged by too; more say little more.
MOST_OTHERS = 2000
#: Samples of an update times steps of a presentation, and the fewest and most samples: long
#: presentations tell more of a sample. On digits, 64 at 100 steps did as well as 256, in a quarter
#: of the time. On letters held back from training, 640 at 10 steps did better than 256 with three
#: times as many updates.
SAMPLES_BY_STEPS, LEAST_BATCH, MOST_BATCH = 6400, 64, 640
#: Batches that the samples make up at least: on digits held back from training (3 seeds), a third
#: of 916 samples at 10 steps did as well as two thirds, in half of the time.
LEAST_BATCHES = 3


def tune(
    circuit: Circuit,
    fit: Samples,
    held_back: Samples,
    goals: Goals,
    windows: Sequence[Window],
    *,
    source: Source | None = None,
    effort: str | float,
    most_rate: float = MOST_RATE,
    seed: int,
    progress_bar: Any = True,
) -> list[Judgement]:
    """Change a circuit's parameters, and keep those that held-back samples like best.

    Parameters
    ----------
    circuit : Circuit
        Changed in place.
    fit : Samples
        To learn from.
    held_back : Samples
        To choose by. The parameters as they were take part in the choice.
    goals : Goals
    windows : sequence of Window
    source : callable, optional
        Logits of the source model for inputs between samples (`nengo_dense.conversion.lesson`).
    effort : {"fast", "normal", "best"} or float
        See `Budget`.
    most_rate : float, optional
        Of the first steps.
    seed : int
        Of the order of samples, and of what lies between them. On one machine, with as many
        threads of BLAS, the result depends on nothing else, unless effort is a time.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional

    Returns
    -------
    judgements : list of Judgement
        Of the held-back samples, one after another, and last again that of the parameters that
        the circuit has now.
    """
    name = "Tuning" if is_compiled() else COMPILING
    keep_what_is_freed()
    others = None if source is None else fit[:MOST_OTHERS]
    best = BestParameters(circuit, fit, held_back, goals, windows, others)
    with ProgressTracker(progress_bar, Progress(name, "Tuning", 100)) as progress:
        shown = progress.total_progress
        for _ in range(1 + goals.has_values):  # values have their readout fitted then
            best.judge_now()
        n_steps = max(window.n_shown for window in windows)
        budget = Budget(effort, len(fit), n_steps, goals.late)
        lessons = _lessons(fit, goals, windows, source, seed)
        sizes = _sizes(circuit)
        steps = Soap(best.parameters, sizes)
        by_rate = has_many_spikes(circuit, fit, windows)
        rate = min(_rate(goals, best.judgements[0], n_steps, budget.haste, by_rate), most_rate)
        rate *= min(1.0, USUAL_DEPTH / circuit.depth)
        may_end = source is not None and not goals.has_values
        n, used, schedule = 0, float(best.are_same), Schedule()
        while schedule.place(used) < 1:
            n, used = n + 1, budget.used(n + 1)
            batch = lessons.next_batch()
            is_lost = False
            try:
                loss, gradient = loss_and_gradient(circuit, batch, goals, windows, by_rate=by_rate)
                lessons.note(loss)
                steps.update(gradient.all, rate * schedule.share(steps.n_updates + 1, used))
                best.limit.hold(circuit, batch.frames)
                over = schedule.place(used) >= 1
                if over or used * N_JUDGEMENTS >= len(best.judgements):
                    found = best.judge_now()
                    lessons.compare(found.loss)
                    is_lost = _is_worse(found, best.judgements[0], len(held_back))
            except BuildError:  # the steps led to weights that the chip cannot store
                is_lost = True
            if is_lost:
                best.restore()
                steps, rate = Soap(best.parameters, sizes), RETREAT * rate
            is_enough = may_end and _to_gain(best, goals, n / used) < ENOUGH / budget.haste
            if best.since_lowest >= PATIENCE or is_enough:
                schedule.cool(used)
            _show(shown, schedule.place(used), best)
    return [*best.judgements, best.finish()]


def _lessons(
    fit: Samples, goals: Goals, windows: Sequence[Window], source: Source | None, seed: int
) -> Lessons:
    """Return what to learn from: all samples, those of rare classes several times."""
    is_choice = goals.is_choice and fit.targets.shape[1] == 1  # no frames
    times = more_of_the_rare(fit.targets[:, 0]) if is_choice else None
    n_steps = max(window.stop for window in windows)
    return Lessons(fit, _batch_size(n_steps, len(fit)), source, seed, times)


def _show(progress: Progress, used: float, best: BestParameters) -> None:
    """Show how much of the effort is used, and how far held-back samples are off."""
    apart = 100 * best.judgements[best.best].gap
    progress.name_during = f"Tuning, {apart:.1f}% from the source"
    progress.step(max(0, int(100 * min(used, 1.0)) - progress.n_steps))


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


def _rate(goals: Goals, first: Judgement, n_steps: int, haste: float, by_rate: bool) -> float:
    """Choose the size of the first steps: by the loss there is, or for values by the steps."""
    if goals.late:
        return float(haste * LEARNING_RATE_OF_VALUES / np.sqrt(n_steps))
    loss = first.loss / goals.unit
    rate = LEARNING_RATE * loss * max(1.0, (loss / KNOWING) ** 2)
    rate *= SURER if by_rate else 1.0
    return float(max(rate, min(haste * rate, MODERATE_RATE)))


def _is_worse(found: Judgement, first: Judgement, n: int) -> bool:
    """Tell by ``n`` samples whether steps were too large: they lost what there was."""
    error = 0.5 / np.sqrt(n)
    is_far = first.gap < MOST_APART and found.gap > FURTHER * first.gap + error
    return bool(found.loss > (MUCH_LOWER if is_far else WORSE) * first.loss)


def _to_gain(best: BestParameters, goals: Goals, n_updates: float) -> float:
    """Return the nats that are still to gain, of an effort of so many updates."""
    lately = math.ceil(max(LATELY, LEAST_LATELY * N_JUDGEMENTS / n_updates))
    return best.to_gain(lately) / goals.unit


def _batch_size(n_steps: int, n_samples: int) -> int:
    """Choose the number of samples of an update."""
    most = min(MOST_BATCH, n_samples // LEAST_BATCHES)
    return max(LEAST_BATCH, min(SAMPLES_BY_STEPS // n_steps, most))
