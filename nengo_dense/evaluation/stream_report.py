"""The loss without a reset between samples, and the gap that compensates it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nengo_dense.arguments import as_floats, refuse_truth
from nengo_dense.duration import whole_steps
from nengo_dense.evaluation import plot
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.measurement import evaluate
from nengo_dense.evaluation.run import check_one_output, check_stack
from nengo_dense.exceptions import invalid
from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.tuning_record import chosen_times
from nengo_dense.notices import Notices
from nengo_dense.report_page import Report, legend, pictures, wide
from nengo_dense.report_table import ReportTable, paragraphs, three_digits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Seconds without input after each sample.
GAPS = (0.0, 0.01, 0.02, 0.05)
#: Points of the score that a gap may lose against a reset to be recommended.
MOST_LOST = 0.1
#: Column -> what it says.
COLUMNS = {
    "between": "what comes between two samples: a reset, or milliseconds without input",
    "lost": "how much less the score is than with a reset, in points where it is in per cent",
    "as reset": "how far the answers are those with a reset, right or wrong",
    "ms": "milliseconds from one sample to the next",
    "uJ": "microjoules of the chip from one sample to the next",
}


@dataclass(frozen=True, eq=False, repr=False)
class StreamReport(Report):
    """How well a stack does on a chip that keeps running.

    Attributes
    ----------
    reset : Evaluation
        Every sample from a fresh start.
    streams : list of Evaluation
        One for each gap; ``agreement`` is with ``reset``.

    Examples
    --------
    `nengo_dense.evaluation.stream_report` makes one:

    .. code-block:: python

        report = nengo_dense.evaluation.stream_report(stack, x_test, y_test)
        print(report)
        report.save_html("streams.html")
    """

    kind: ClassVar[str] = "streams"

    reset: Evaluation
    streams: list[Evaluation]

    @property
    def name(self) -> str:  # type: ignore[override]
        """(str) Label of the stack."""
        return self.reset.name

    @property
    def gaps(self) -> list[float]:
        """(list of float) Seconds without input after each sample."""
        return [stream.gap for stream in self.streams]

    @property
    def losses(self) -> list[float]:
        """(list of float) For each gap, hundredths of the score less than with a reset."""
        return [100 * (self.reset.score - stream.score) for stream in self.streams]

    @property
    def recommended_gap(self) -> float | None:
        """(float or None) Shortest gap in seconds that loses less than 0.1 points, if one does."""
        good = [g for g, lost in zip(self.gaps, self.losses, strict=True) if lost < MOST_LOST]
        return min(good, default=None)

    def _by_chance(self) -> tuple[float, float] | None:
        """Return the least gap whose loss so many changed answers can bring about by chance.

        If as many answers change for the better as for the worse, the difference of k changed ones
        has a standard deviation of at most the root of k.
        """
        if self.reset.score_name != "accuracy" or self.reset.sample_weight is not None:
            return None
        found = []
        for one, lost in zip(self.streams, self.losses, strict=True):
            changed = 0.0 if one.agreement is None else 1 - one.agreement
            if lost <= 196 * (changed / one.n) ** 0.5:
                found.append((one.gap, lost))
        return min(found, default=None)

    def _content(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "gaps": self.gaps,
            "losses": self.losses,
            "recommended_gap": self.recommended_gap,
            "reset": self.reset.to_dict(),
            "streams": [stream.to_dict() for stream in self.streams],
        }

    def __repr__(self) -> str:
        return f"<StreamReport: {self._headline()}>"

    def __str__(self) -> str:
        notes = [f"note: {note}" for note in self._notes]
        return "\n".join([self._table().text(), *notes, self._headline()])

    @property
    def _notes(self) -> list[str]:
        found = (note for one in (self.reset, *self.streams) for note in one.notes)
        return list(dict.fromkeys(found))

    def _headline(self) -> str:
        written, n = self.reset.score_format, self.reset.n
        words = f"{written.label} {written.value(self.reset.score)} with a reset on {n} samples"
        gap, little = self.recommended_gap, "0.1 points" if written.is_share else "0.001"
        if gap is None:
            if by_chance := self._by_chance():
                gap, loss = by_chance[0], written.loss(by_chance[1] / 100)
                return f"{words}; a gap of {1000 * gap:g} ms loses {loss}, which may be chance"
            return f"{words}; every gap loses {little} or more: try longer ones"
        return f"{words}; a gap of {1000 * gap:g} ms loses less than {little}"

    def _table(self) -> ReportTable:
        rows, written = [], self.reset.score_format
        for one, lost in zip([self.reset, *self.streams], [0.0, *self.losses], strict=True):
            agreement = 1.0 if one.agreement is None else one.agreement
            rows.append(
                [
                    f"{1000 * one.gap:g} ms" if one.stream else "reset",
                    written.value(one.score),
                    written.interval(one.confidence_interval),
                    written.difference(lost / 100),
                    written.value(agreement),
                    f"{1000 * (one.presentation_time + one.gap):g}",
                    three_digits(1e6 * one.energy.joules),
                ]
            )
        between, *others = COLUMNS
        headings = [between, written.label, "95 % interval", *others]
        return ReportTable(headings, rows)

    def _fragment(self, with_pictures: bool) -> str:
        parts = [paragraphs(self._headline()), wide(self._table().html()), legend(COLUMNS)]
        parts.append(paragraphs(*self._notes))
        if with_pictures:
            parts.append(pictures([("", self.plot())]))
        return "".join(parts)

    def _figure(self) -> "Figure":
        """Draw the score over the gap, beside that with a reset."""
        panel = plot.OverGap(
            gaps=np.array(self.gaps),
            scores=np.array([stream.score for stream in self.streams]),
            intervals=np.array([stream.confidence_interval for stream in self.streams]),
            reset=self.reset.score,
            written=self.reset.score_format,
        )
        return plot.side_by_side([panel], width=8)


def stream_report(
    stack: AnyDense, x: Any, y: Any, *, gaps: Sequence[float] = GAPS, **options: Any
) -> StreamReport:
    """Measure what samples that follow one another lose against a reset, for several gaps.

    Parameters
    ----------
    stack, x, y
        As in ``evaluate``; ``x`` is one array, as it is read several times.
    gaps : sequence of float, optional
        Seconds without input after each sample.
    **options : optional
        Further arguments of ``evaluate``, such as ``presentation_time`` and ``order``.

    Returns
    -------
    report : StreamReport

    Raises
    ------
    nengo.exceptions.ValidationError
        As in ``evaluate``; no gaps, or one below 0.

    Examples
    --------
    >>> import numpy as np
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 3], 4, encoding="spikes", seed=0)
    >>> rng = np.random.RandomState(0)
    >>> x, y = rng.rand(100, 4), rng.randint(3, size=100)
    >>> how = {"presentation_time": 0.02, "progress_bar": False}
    >>> report = stream_report(stack, x, y, gaps=[0, 0.02], **how)
    >>> [round(each.gap, 3) for each in report.streams]
    [0.0, 0.02]
    """
    for word in ("reset", "gap", "source"):
        if word in options:
            raise invalid("is what this report chooses itself; leave it out", word)
    refuse_truth(gaps, "gaps")
    given = as_floats(gaps, "gaps")
    if given.ndim > 1:
        raise invalid(f"must be one row of gaps, got an array of shape {given.shape}", "gaps")
    gaps = np.ravel(given).tolist()
    if not gaps:
        raise invalid("must have at least one gap", "gaps")
    check_stack(stack)
    check_one_output(stack)
    _, dt = chosen_times(stack.tuned, None, options.get("dt"))
    for gap in gaps:
        whole_steps(gap, dt, "gaps")
    order = options.pop("order", None)
    with Notices():
        reset = evaluate(stack, x, y, **options)
        known = {**options, "order": order, "reset": False, "source": reset.predictions}
        return StreamReport(reset, [evaluate(stack, x, y, gap=gap, **known) for gap in gaps])
