"""The loss of accuracy at each rung from a trained model to the chip's integers."""

from functools import partial
from typing import Any

import numpy as np

from nengo_dense.arguments import flag
from nengo_dense.context import outside_networks
from nengo_dense.conversion import convert
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.ladder_report import LadderReport, Rung
from nengo_dense.evaluation.measurement import evaluate, judge_for
from nengo_dense.importers import read_model
from nengo_dense.importers.spec import forward
from nengo_dense.layers.stack import DenseStack
from nengo_dense.neurons import as_rates
from nengo_dense.samples import check_inputs

#: Rungs below the source model: name, target of `evaluate`, what is changed in the stack.
RUNGS = (
    ("rates in Nengo", "nengo", "rates"),
    ("spikes in Nengo", "nengo", ""),
    ("chip, floats", "simreal", ""),
    ("chip, integers", "sim", ""),
)
TUNED = (("chip, tuned", "sim", "tuned"),)


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
    progress_bar: Any = True,
    **conversion: Any,
) -> LadderReport:
    """Run the same test set on every rung from the source model to the chip's integers.

    The difference between two neighbours has one cause: rates for activations, spikes for rates,
    the chip's neurons for Nengo's, eight-bit weights for floats. All these have the source's own
    weights. With calibration a last rung has the weights that were tuned for the integers.

    Parameters
    ----------
    model : object
        Anything `nengo_dense.convert` takes; it is the first rung.
    x : (n, n_in) array_like
    y : array_like
        As in `nengo_dense.evaluate`; the model's own labels where it has some.
    task : {"classification", "regression", "multilabel"}, optional
        As in `nengo_dense.evaluate`.
    calibration : (batch, n_in) array_like, optional
        For the conversion.
    presentation_time, dt, minibatch_size, n_jobs, progress_bar : optional
        As in `nengo_dense.evaluate`.
    classes : (n_out,) array_like of numbers or text, optional
        Label of each output, in the order of the outputs, in place of the model's own.
    sample_weight : (n,) array_like, optional
        As in `nengo_dense.evaluate`.
    **conversion : optional
        Further arguments of `nengo_dense.convert`.

    Returns
    -------
    report : LadderReport

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        Some layers cannot be converted, or the model itself answers otherwise than its layers do
        as they were read.
    nengo.exceptions.ValidationError
        Samples or labels that do not fit the model or one another, or another wrong argument.
    """
    with outside_networks():
        source = read_model(model)
        x = check_inputs(x, source.n_in, "x")
        names = source.classes if classes is None else classes
        head = source.layers[-1].activation
        judge = judge_for(y, len(x), source.n_out, head, task, names, sample_weight)
        source.compare(x)
        common = {"presentation_time": presentation_time, "dt": dt, "progress_bar": progress_bar}
        tune = flag(conversion.pop("tune", calibration is not None), "tune")
        make = partial(convert, source, calibration=calibration, **common, **conversion)
        stack = make(tune=False)
        outputs = forward(source.layers, x)[-1]
        running = {
            "task": judge.task,
            "minibatch_size": minibatch_size,
            "n_jobs": n_jobs,
            "classes": names,
            "sample_weight": sample_weight,
            "source": outputs,
            **common,
        }
        rungs = [Rung.of("source model", judge.of_source(outputs), [])]
        above = None
        for name, target, change in RUNGS + TUNED * tune:
            stack = make(tune=True) if change == "tuned" else stack
            shown = with_rate_neurons(stack) if change == "rates" else stack
            result = evaluate(shown, x, judge.labels, target=target, **running)
            errors: list[float] = [] if above is None else _rate_errors(result, above)
            rungs.append(Rung.of(name, result, errors))
            above = result
    return LadderReport(rungs, stack, result)


def with_rate_neurons(stack: DenseStack) -> DenseStack:
    """Make the same stack with neurons that give their rate instead of spikes.

    An encoder of spikes stays one; its values are rates too only on average.
    """
    arguments = stack.arguments()
    arguments["neuron_type"] = [as_rates(kind) for kind in arguments["neuron_type"]]
    arguments["tuned"] = None  # not for these
    with outside_networks():
        return DenseStack(**arguments)


def _rate_errors(result: Evaluation, above: Evaluation) -> list[float]:
    """Compare the mean rate of each neuron with the rung above, layer by layer."""
    errors: list[float] = []
    for layer, reference in zip(result.layers, above.layers, strict=True):
        size = np.sqrt(np.mean(reference.rates**2))
        error = np.sqrt(np.mean((layer.rates - reference.rates) ** 2))
        errors.append(float(error / size) if size else float(error > 0))
    return errors
