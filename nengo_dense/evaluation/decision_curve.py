"""Accuracy as a function of the time of the answer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nengo_dense.evaluation import plot
from nengo_dense.evaluation.classification import Classification
from nengo_dense.evaluation.measurement import evaluate
from nengo_dense.evaluation.run import check_one_output
from nengo_dense.evaluation.stopping import Decision, margins_of
from nengo_dense.exceptions import invalid
from nengo_dense.layers.graph import AnyDense
from nengo_dense.notices import Notices
from nengo_dense.report_page import Report, legend, pictures, wide
from nengo_dense.report_table import ReportTable, paragraphs, three_digits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Points of accuracy that the chosen margin may lose on calibration data.
LOST = 0.1
#: Rows of the table for each rule.
N_ROWS = 6
COLUMNS = {
    "answer": "as soon as it is ahead by a margin (in logits times steps), or at a deadline",
    "ms": "mean time until an answer",
    "uJ": "microjoules of the chip until then: a whole presentation's, by the share of the time",
}


@dataclass(frozen=True, eq=False, repr=False)
class DecisionCurve(Report):
    """Accuracy, latency and energy of answers that come early.

    Attributes
    ----------
    evaluation : Classification
        Of the test data, all of it at the end of the presentation.
    margins : (n_margins,) ndarray
        Chosen on calibration data alone; rising.
    chosen : float
        The margin that loses at most 0.1 points on calibration data.

    Examples
    --------
    `nengo_dense.evaluation.decision_curve` makes one:

    .. code-block:: python

        decision_curve = nengo_dense.evaluation.decision_curve
        curve = decision_curve(stack, x_test, y_test, calibration=(x_train, y_train))
        print(curve)
        curve.plot("early.png")
    """

    kind: ClassVar[str] = "decisions"

    evaluation: Classification
    margins: np.ndarray
    chosen: float

    @property
    def name(self) -> str:  # type: ignore[override]
        """(str) Label of the stack."""
        return self.evaluation.name

    @property
    def decision(self) -> Decision:
        """(Decision) With the chosen margin."""
        return self.evaluation.at_margin(self.chosen)

    @property
    def by_margin(self) -> list[Decision]:
        """(list of Decision) One for each margin."""
        return [self.evaluation.at_margin(margin) for margin in self.margins]

    @property
    def by_deadline(self) -> list[Decision]:
        """(list of Decision) One for each step."""
        one = self.evaluation
        return [one.at_deadline(seconds) for seconds in one.times]

    def _content(self) -> dict[str, Any]:
        rules = {"margin": self.by_margin, "deadline": self.by_deadline}
        return {
            "name": self.name,
            "margins": self.margins,
            "chosen": {"margin": self.chosen, **_numbers(self.decision)},
            **{rule: [_numbers(decision) for decision in found] for rule, found in rules.items()},
            "evaluation": self.evaluation.to_dict(),
        }

    def __repr__(self) -> str:
        return f"<DecisionCurve: {self._headline()}>"

    def __str__(self) -> str:
        return f"{self._table().text()}\n{self._headline()}"

    def _headline(self) -> str:
        early, whole = self.decision, self.evaluation
        return (
            f"accuracy {early.accuracy:.2%} after {1000 * early.latency:.1f} ms in the mean, "
            f"{whole.accuracy:.2%} after all {1000 * whole.latency:g} ms"
        )

    def _table(self) -> ReportTable:
        rows = [_row(f"margin {self.chosen:.4g}, chosen", self.decision)]
        for i in _some(len(self.margins)):
            margin = float(self.margins[i])
            rows.append(_row(f"margin {margin:.4g}", self.evaluation.at_margin(margin)))
        for i in _some(self.evaluation.n_steps):
            seconds = self.evaluation.times[i]
            deadline = self.evaluation.at_deadline(seconds)
            rows.append(_row(f"deadline {1000 * seconds:g} ms", deadline))
        answer, *others = COLUMNS
        return ReportTable([answer, "accuracy", "95 % interval", *others], rows)

    def _fragment(self, with_pictures: bool) -> str:
        parts = [paragraphs(self._headline()), wide(self._table().html()), legend(COLUMNS)]
        if with_pictures:
            parts.append(pictures([("", self.plot())]))
        return "".join(parts)

    def _figure(self) -> "Figure":
        """Draw accuracy over mean latency, and over energy."""
        curves = {
            name: np.array([[d.latency, d.accuracy, d.joules] for d in found])
            for name, found in (
                ("first to a margin", self.by_margin),
                ("deadline", self.by_deadline),
            )
        }
        early = self.decision
        chosen = np.array([early.latency, early.accuracy, early.joules])
        late = (self.evaluation.delay or 0) * self.evaluation.dt
        return plot.side_by_side([plot.Latency(curves, chosen, late)], width=8)


def decision_curve(
    stack: AnyDense, x: Any, y: Any, *, calibration: tuple[Any, Any], **options: Any
) -> DecisionCurve:
    """Measure what answering early costs, by margins that are chosen on other data.

    Parameters
    ----------
    stack, x, y
        As in ``evaluate``, for classes.
    calibration : (x, y)
        Samples and labels to choose margins by, not those of the test.
    **options : optional
        Further arguments of ``evaluate``, such as ``presentation_time``.

    Returns
    -------
    curve : DecisionCurve

    Raises
    ------
    nengo.exceptions.ValidationError
        As in ``evaluate``, or no such pair.

    Examples
    --------
    >>> import numpy as np
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 3], 4, encoding="spikes", seed=0)
    >>> rng = np.random.RandomState(0)
    >>> x, y = rng.rand(60, 4), rng.randint(3, size=60)
    >>> how = {"calibration": (x[:30], y[:30]), "presentation_time": 0.02, "progress_bar": False}
    >>> curve = decision_curve(stack, x[30:], y[30:], **how)
    >>> curve.chosen in curve.margins
    True
    """
    check_one_output(stack)
    if not isinstance(calibration, tuple | list) or len(calibration) != 2:
        raise invalid("must be a pair of samples and labels", "calibration")
    for word in ("decision", "task"):
        if word in options:
            raise invalid("is what this curve chooses itself; leave it out", word)
    known = {**options, "decision": "margin", "task": "classification"}
    with Notices():
        seen = evaluate(stack, *calibration, **{**known, "sample_weight": None, "metrics": None})
        tested = evaluate(stack, x, y, **known)
    assert isinstance(seen, Classification), "the task was given"
    assert isinstance(tested, Classification), "the task was given"
    assert seen.leads_over_time is not None, "they were asked for"
    return DecisionCurve(tested, margins_of(seen.leads_over_time), seen.margin_for(LOST))


def _some(n: int) -> list[int]:
    """Return some numbers below n, the last among them."""
    return sorted(set(np.linspace(0, n - 1, N_ROWS + 1).astype(int)[1:].tolist()))


def _row(name: str, decision: Decision) -> list[str]:
    low, high = decision.confidence_interval
    return [
        name,
        f"{decision.accuracy:.2%}",
        f"{low:.2%} to {high:.2%}",
        f"{1000 * decision.latency:.1f}",
        three_digits(1e6 * decision.joules),
    ]


def _numbers(decision: Decision) -> dict[str, Any]:
    names = ("accuracy", "confidence_interval", "latency", "joules")
    return {name: getattr(decision, name) for name in names}
