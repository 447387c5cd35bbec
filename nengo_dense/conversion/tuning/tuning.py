"""Tune weights and biases until the chip's integers answer as the source model does."""

from typing import Any

from nengo.exceptions import BuildError
from nengo.utils.progress import Progress, ProgressTracker

from nengo_dense.conversion.tuning.answer import Samples
from nengo_dense.conversion.tuning.best_parameters import BestParameters
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.effort import Budget
from nengo_dense.conversion.tuning.ending import Ending
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import Judgement
from nengo_dense.conversion.tuning.lesson import Lessons, Source
from nengo_dense.conversion.tuning.many_spikes import has_many_spikes
from nengo_dense.conversion.tuning.step_size import MOST_RATE, Steps, first_rate, is_too_large
from nengo_dense.conversion.tuning.through_time import loss_and_gradient
from nengo_dense.loihi.kernel.choice import COMPILING, is_compiled
from nengo_dense.loihi.kernel.memory import keep_what_is_freed

#: Samples to learn from that the parameters of a source model, which has not learned to be a chip,
#: are judged by too; more say little more.
MOST_OTHERS = 2000


def tune(
    circuit: Circuit,
    fit: Samples,
    held_back: Samples,
    goals: Goals,
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
    source : callable, optional
        Logits of the source model for inputs between samples (`.lesson.mix`).
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
    best = BestParameters(circuit, fit, held_back, goals, others)
    with ProgressTracker(progress_bar, Progress(name, "Tuning", 100)) as progress:
        for _ in range(1 + goals.has_values):  # values have their readout fitted then
            best.judge_now()
        first, n_steps = best.judgements[0], goals.n_shown
        budget = Budget(effort, len(fit), n_steps, goals.late)
        by_rate = not goals.has_sigmoids and has_many_spikes(circuit, fit, goals.n_steps)
        lessons = Lessons.of(fit, goals, source, by_rate, seed)
        rate = first_rate(goals, first, n_steps, budget.haste, by_rate)
        steps = Steps(circuit, best.parameters, min(rate, most_rate))
        ending = Ending(best, goals, budget.haste, has_source=source is not None)
        n, used, schedule = 0, float(best.are_same), steps.schedule
        while schedule.place(used) < 1:
            n, used = n + 1, budget.used(n + 1)
            batch = lessons.next_batch()
            is_lost = False
            try:
                loss, gradient = loss_and_gradient(circuit, batch, goals, by_rate=by_rate)
                lessons.note(loss)
                steps.take(gradient.all, used)
                best.limit.hold(circuit, batch.frames)
                if ending.is_due(used) or schedule.place(used) >= 1:
                    found = best.judge_now()
                    lessons.compare(found.loss)
                    is_lost = is_too_large(found, first, len(held_back))
            except BuildError:  # the steps led to weights that the chip cannot store
                is_lost = True
            if is_lost:
                best.restore()
                steps.retreat()
            if ending.gains_nothing(n, used):
                schedule.cool(used)
            _show(progress.total_progress, schedule.place(used), best)
    return [*best.judgements, best.finish()]


def _show(progress: Progress, used: float, best: BestParameters) -> None:
    """Show how much of the effort is used, and how far held-back samples are off."""
    apart = 100 * best.judgements[best.best].gap
    progress.name_during = f"Tuning, {apart:.1f}% from the source"
    progress.step(max(0, int(100 * min(used, 1.0)) - progress.n_steps))
