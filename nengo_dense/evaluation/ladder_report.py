"""Where accuracy is lost on the way from a trained model to the chip's integers."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np
from nengo.neurons import RatesToSpikesNeuronType

from nengo_dense import picture_file
from nengo_dense.conversion import convert
from nengo_dense.evaluation import plot
from nengo_dense.evaluation.classification import evaluate
from nengo_dense.evaluation.interval import wilson_interval
from nengo_dense.evaluation.result import Evaluation
from nengo_dense.importers import read_model
from nengo_dense.importers.spec import forward
from nengo_dense.layers.stack import DenseStack
from nengo_dense.samples import check_inputs, check_labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Rungs below the source model: name, target of `evaluate`, what is changed in the stack.
RUNGS = (
    ("rates in Nengo", "nengo", "rates"),
    ("spikes in Nengo", "nengo", ""),
    ("chip, floats", "simreal", ""),
    ("chip, integers", "sim", ""),
)
TUNED = (("chip, tuned", "sim", "tuned"),)


@dataclass(frozen=True, eq=False)
class Rung:
    """One step of the ladder.

    Attributes
    ----------
    name : str
    accuracy : float
        0 to 1.
    confidence_interval : (float, float)
        Wilson interval at 95 %.
    agreement : float
        Share of samples on which it answers as the source model does, right or wrong.
    rate_errors : list of float
        For each layer of neurons the root mean square difference of its mean rate from the rung
        above, relative to that rung's; empty for the first two rungs.
    """

    name: str
    accuracy: float
    confidence_interval: tuple[float, float]
    agreement: float
    rate_errors: list[float]


@dataclass(frozen=True, eq=False)
class LadderReport:
    """Accuracy from rung to rung.

    Attributes
    ----------
    rungs : list of Rung
        The source model first, the chip's integers last.
    stack : DenseStack
        What ran on the last rung.
    evaluation : Evaluation
        The last rung's.
    """

    rungs: list[Rung]
    stack: DenseStack
    evaluation: Evaluation

    @property
    def n(self) -> int:
        """(int) Samples in the test set."""
        return len(self.evaluation.labels)

    @property
    def layers(self) -> list[str]:
        """(list of str) Labels of the layers of neurons."""
        return list(self.evaluation.rates)

    @property
    def gap(self) -> float:
        """(float) Accuracy of the source less that of the chip's integers, in points."""
        return 100 * (self.rungs[0].accuracy - self.rungs[-1].accuracy)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain types, for JSON."""
        return {
            "n": self.n,
            "gap": self.gap,
            "layers": self.layers,
            "rungs": [
                {
                    "name": rung.name,
                    "accuracy": rung.accuracy,
                    "confidence_interval": list(rung.confidence_interval),
                    "agreement": rung.agreement,
                    "rate_errors": list(rung.rate_errors),
                }
                for rung in self.rungs
            ],
        }

    def __str__(self) -> str:
        lines = [
            f"{'':<18}{'accuracy':>9}  {'95 % interval':<17}{'step':>7}{'as source':>11}"
            "   rate error a layer"
        ]
        above = self.rungs[0]
        for rung in self.rungs:
            low, high = rung.confidence_interval
            step = 100 * (rung.accuracy - above.accuracy)
            errors = " ".join(f"{error:6.1%}" for error in rung.rate_errors)
            lines.append(
                f"{rung.name:<18}{rung.accuracy:>9.2%}  {low:.2%} – {high:.2%}  "
                f"{step:>+6.2f}{rung.agreement:>11.2%}   {errors}".rstrip()
            )
            above = rung
        lines.append(f"gap {self.gap:.2f} points on {self.n} samples")
        return "\n".join(lines)

    def plot(self, path: str | None = None) -> "Figure":
        """Draw accuracy and agreement from rung to rung; needs matplotlib."""
        figure = plot.ladder_figure(
            [rung.name for rung in self.rungs],
            np.array([rung.accuracy for rung in self.rungs]),
            np.array([rung.confidence_interval for rung in self.rungs]),
            np.array([rung.agreement for rung in self.rungs]),
            f"{self.gap:.2f} points lost on {self.n} samples",
        )
        if path is not None:
            picture_file.write(figure, path)
        return figure


def ladder(
    model: Any,
    x: Any,
    y: Any,
    *,
    calibration: Any = None,
    presentation_time: float = 0.1,
    dt: float = 0.001,
    minibatch_size: int = 1000,
    n_jobs: int = 1,
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
    y : (n,) array_like
        As in `nengo_dense.evaluate`.
    calibration : (batch, n_in) array_like, optional
        For the conversion.
    presentation_time, dt, minibatch_size, n_jobs, progress_bar : optional
        As in `nengo_dense.evaluate`.
    **conversion : optional
        Further arguments of `nengo_dense.convert`.

    Returns
    -------
    report : LadderReport
    """
    specs = read_model(model)
    x = check_inputs(x, specs[0].n_in, "x")
    labels = check_labels(y, len(x), specs[-1].n_out)
    common = {"presentation_time": presentation_time, "dt": dt, "progress_bar": progress_bar}
    tune = conversion.pop("tune", calibration is not None)
    make = partial(convert, specs, calibration=calibration, **common, **conversion)
    stack = make(tune=False)
    answers = forward(specs, x)[-1].argmax(axis=1)
    rungs = [_rung("source model", answers, labels, answers, [])]
    running = {"minibatch_size": minibatch_size, "n_jobs": n_jobs, **common}
    above = None
    for name, target, change in RUNGS + TUNED * bool(tune):
        stack = make(tune=True) if change == "tuned" else stack
        shown = with_rate_neurons(stack) if change == "rates" else stack
        result = evaluate(shown, x, labels, target=target, **running)
        errors: list[float] = [] if above is None else _rate_errors(result, above)
        rungs.append(_rung(name, result.predictions, labels, answers, errors))
        above = result
    return LadderReport(rungs, stack, result)


def with_rate_neurons(stack: DenseStack) -> DenseStack:
    """Make the same stack with neurons that give their rate instead of spikes.

    An encoder of spikes stays one; its values are rates too only on average.
    """
    arguments = stack.arguments()
    arguments["neuron_type"] = [rate_type(kind) for kind in arguments["neuron_type"]]
    return DenseStack(**arguments)


def rate_type(neuron_type: nengo.neurons.NeuronType) -> nengo.neurons.NeuronType:
    """Find the rate neuron whose rate a spiking neuron has on average, if Nengo has one."""
    if isinstance(neuron_type, RatesToSpikesNeuronType):
        return neuron_type.base_type
    if isinstance(neuron_type, nengo.AdaptiveLIF | nengo.AdaptiveLIFRate):
        names = ("tau_n", "inc_n", "tau_rc", "tau_ref")
        return nengo.AdaptiveLIFRate(**{name: getattr(neuron_type, name) for name in names})
    if isinstance(neuron_type, nengo.LIFRate):
        return nengo.LIFRate(tau_rc=neuron_type.tau_rc, tau_ref=neuron_type.tau_ref)
    if isinstance(neuron_type, nengo.RectifiedLinear):
        return nengo.RectifiedLinear()
    return neuron_type


def _rung(
    name: str,
    predictions: np.ndarray,
    labels: np.ndarray,
    answers: np.ndarray,
    rate_errors: list[float],
) -> Rung:
    n_correct = int(np.count_nonzero(predictions == labels))
    return Rung(
        name,
        n_correct / len(labels),
        wilson_interval(n_correct, len(labels)),
        float(np.mean(predictions == answers)),
        rate_errors,
    )


def _rate_errors(result: Evaluation, above: Evaluation) -> list[float]:
    """Compare the mean rate of each neuron with the rung above, layer by layer."""
    errors: list[float] = []
    for layer, reference in zip(result.layers, above.layers, strict=True):
        size = np.sqrt(np.mean(reference.rates**2))
        error = np.sqrt(np.mean((layer.rates - reference.rates) ** 2))
        errors.append(float(error / size) if size else float(error > 0))
    return errors
