"""The loss of accuracy at each rung from a trained model to the chip's integers."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from nengo_dense.arguments import flag
from nengo_dense.columns import other_rows
from nengo_dense.context import outside_networks
from nengo_dense.conversion import convert
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.ladder_report import (
    CHIP_RATES,
    SOURCE_RATES,
    AnyLadder,
    LadderReport,
    Rung,
)
from nengo_dense.evaluation.ladder_samples import LadderSamples
from nengo_dense.evaluation.measurement import measure
from nengo_dense.evaluation.output_judges import OutputJudges, judge_outputs, names_of_classes
from nengo_dense.evaluation.run import Run
from nengo_dense.evaluation.run_report import RunReport
from nengo_dense.evaluation.several_ladders import SeveralLadders
from nengo_dense.evaluation.several_outputs import SeveralOutputs
from nengo_dense.evaluation.source_answers import (
    Source,
    fitted_logits,
    heads_of,
    source_parts,
)
from nengo_dense.importers import read_model
from nengo_dense.importers.form.piecewise_fit import ACTIVATION_ERROR
from nengo_dense.layers.graph import AnyDense
from nengo_dense.neurons import as_rates
from nengo_dense.notices import notify

#: Rungs below the source model: name, target of `evaluate`, what is changed in the stack.
RUNGS = (
    (SOURCE_RATES, "nengo", "rates"),
    ("spikes in Nengo", "nengo", ""),
    ("chip, floats", "simreal", ""),
    (CHIP_RATES, "sim", ""),
)
TUNED = (("chip, tuned", "sim"),)


def ladder(
    model: Any,
    x: Any,
    y: Any,
    *,
    task: str | None = None,
    calibration: Any = None,
    presentation_time: float = 0.1,
    dt: float = 0.001,
    minibatch_size: int = 1000,
    n_jobs: int = 1,
    classes: Any = None,
    sample_weight: Any = None,
    mask: Any = None,
    per_frame: bool = False,
    progress_bar: Any = True,
    **conversion: Any,
) -> Any:
    """Run the same test set on every rung from the source model to the chip's integers.

    The difference between two neighbours has one cause: rectifiers for smooth activations (where
    there are any), rates for activations, spikes for rates, the chip's neurons for Nengo's,
    eight-bit weights for floats. All these have the source's own weights. With calibration a last
    rung has the weights that were tuned for the integers.

    Parameters
    ----------
    model : object
        Anything `nengo_dense.convert` takes; it is the first rung.
    x : (n, n_in) array_like, or dict of them by input
        Or sequences, as in `nengo_dense.evaluate`. What the source model gives for each frame is
        averaged for a sequence as the readout averages it.
    y : array_like, or dict of them by output
        As in `nengo_dense.evaluate`; the model's own labels where it has some.
    task : {"classification", "regression", "multilabel"}, optional
        As in `nengo_dense.evaluate`.
    calibration : (batch, n_in) array_like, or dict of them by input, optional
        For the conversion. Or sequences, whose frames are then shown for as long as those of
        ``x``; a list of arrays where some are shorter.
    presentation_time, dt : float, optional
        As in `nengo_dense.convert`: how long samples are shown on every rung, and the step.
    minibatch_size, n_jobs, progress_bar : optional
        As in `nengo_dense.evaluate`.
    classes : (n_out,) array_like of numbers or text, optional
        Label of each output, in the order of the outputs, in place of the model's own.
    sample_weight : (n,) array_like, optional
        As in `nengo_dense.evaluate`.
    mask, per_frame : optional
        As in `nengo_dense.evaluate`.
    **conversion : optional
        Further arguments of `nengo_dense.convert`.

    Returns
    -------
    report : LadderReport, or SeveralLadders for several outputs

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        Some layers cannot be converted, or the model itself answers otherwise than its layers do
        as they were read.
    nengo.exceptions.ValidationError
        Samples or labels that do not fit the model or one another, or another wrong argument.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.RandomState(0)
    >>> model = [(rng.randn(8, 4), np.zeros(8)), (rng.randn(3, 8), np.zeros(3))]
    >>> x = rng.rand(20, 4)
    >>> y = (np.maximum(x @ model[0][0].T, 0) @ model[1][0].T).argmax(axis=1)
    >>> report = ladder(model, x, y, task="classification", progress_bar=False)
    >>> [rung.name for rung in report.rungs]
    ['source model', 'rates in Nengo', 'spikes in Nengo', 'chip, floats', 'chip, integers']
    """
    with outside_networks():
        source = read_model(model)
        shown = LadderSamples.of(source, x, presentation_time, dt, mask, per_frame, calibration)
        for said in other_rows(x, y=y, sample_weight=sample_weight):
            notify(said, stacklevel=1)
        y, sample_weight = shown.truths(y, sample_weight)
        names = names_of_classes(source.classes, classes)
        parts, known = source_parts(source), conversion.get("task", source.task)
        judges = judge_outputs(parts, y, shown.n, task, names, sample_weight, known)
        source.compare(shown.rows)
        common = {"presentation_time": presentation_time, "dt": dt, "progress_bar": progress_bar}
        meant = common | {"task": judges.linear_task}
        tune = flag(conversion.pop("tune", calibration is not None), "tune")
        given = conversion | shown.tuning(source, calibration)
        make = partial(convert, source, calibration=calibration, **(meant | given))
        stack = make(tune=False)
        common |= {"minibatch_size": minibatch_size, "n_jobs": n_jobs, **shown.how}
        climb = _Climb(judges, shown, common)
        climb.source(source, calibration, conversion.get("activation_error", ACTIVATION_ERROR))
        for name, target, change in RUNGS:
            climb.step(name, target, with_rate_neurons(stack) if change == "rates" else stack)
        tuned = make(tune=True) if tune else stack
        if tuned.tuned is not None:  # what cannot be tuned has been said
            stack = tuned
            for name, target in TUNED:
                climb.step(name, target, stack)
    return climb.report(stack)


class _Climb:
    """Goes from rung to rung, and remembers them for each output."""

    def __init__(
        self, judges: OutputJudges, shown: LadderSamples, running: dict[str, Any]
    ) -> None:
        self._judges = judges
        self._shown = shown
        self._running = running
        self._rungs: list[list[Rung]] = [[] for _ in judges.parts]
        self._result: Any = None

    def source(self, source: Source, calibration: Any, error: float) -> None:
        """Judge the source model, and the same with fitted activations where there are any."""
        parts = self._judges.parts
        shown = self._shown
        self._outputs = heads_of(parts, shown.answered(source.logits(shown.rows)))
        for said in self._judges.doubts(self._judges.answers_in(self._outputs)):
            notify(said, stacklevel=2)
        self._add("source model", self._judges.of_source(self._outputs, self._outputs), [])
        fitted = fitted_logits(source, shown.rows, calibration, error)
        if fitted is not None:
            outputs = heads_of(parts, shown.answered(fitted))
            found = self._judges.of_source(outputs, self._outputs)
            self._add("fitted activations", found, [])

    def step(self, name: str, target: str, stack: AnyDense) -> None:
        """Run a stack or a graph."""
        run = Run.of(stack, self._shown.x, n=self._shown.n, target=target, **self._running)
        run = run.for_values(self._judges.parts_of_values)
        run.warn(stacklevel=3)
        answers = self._judges.answers_in(self._outputs)
        above, self._result = self._result, measure(run, self._judges, answers, name, stacklevel=3)
        several = isinstance(self._result, SeveralOutputs)
        found = list(self._result.outputs.values()) if several else [self._result]
        self._add(name, found, [] if above is None else _rate_errors(self._result, above))

    def _add(self, name: str, found: Sequence[Evaluation], errors: list[float]) -> None:
        for rungs, evaluation in zip(self._rungs, found, strict=True):
            rungs.append(Rung.of(name, evaluation, errors))

    def report(self, stack: AnyDense) -> AnyLadder:
        """Return what was found, of several outputs where there are some."""
        if not isinstance(self._result, SeveralOutputs):
            return LadderReport(self._rungs[0], stack, self._result)
        ladders = {
            name: LadderReport(rungs, stack, one)
            for rungs, (name, one) in zip(self._rungs, self._result.outputs.items(), strict=True)
        }
        return SeveralLadders(ladders, stack, self._result)


def with_rate_neurons(stack: AnyDense) -> AnyDense:
    """Make the same stack or graph with neurons that give their rate instead of spikes.

    An encoder of spikes stays one; its values are rates too only on average.
    """
    arguments = stack.arguments()
    kinds = arguments["neuron_type"]
    several = isinstance(kinds, list)
    arguments["neuron_type"] = [as_rates(kind) for kind in kinds] if several else as_rates(kinds)
    if "tuned" in arguments:
        arguments["tuned"] = None  # not for these
    with outside_networks():
        return type(stack)(**arguments)


def _rate_errors(result: RunReport, above: RunReport) -> list[float]:
    """Compare the mean rate of each neuron with the rung above, layer by layer."""
    errors: list[float] = []
    for layer, reference in zip(result.layers, above.layers, strict=True):
        size = np.sqrt(np.mean(reference.rates**2))
        error = np.sqrt(np.mean((layer.rates - reference.rates) ** 2))
        errors.append(float(error / size) if size else float(error > 0))
    return errors
