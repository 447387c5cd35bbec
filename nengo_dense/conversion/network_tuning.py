"""The tuning of a whole stack or graph: samples, deadlines, and its record."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from nengo.exceptions import BuildError

from nengo_dense.conversion.calibration import Calibration, divide
from nengo_dense.conversion.node_encoder import with_encoder
from nengo_dense.conversion.source_doubt import doubts
from nengo_dense.conversion.storable import REMEDY
from nengo_dense.conversion.tuning.answer import (
    Window,
    deadlines,
    deadlines_by_length,
    frame_windows,
)
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.from_scratch import tune_new
from nengo_dense.conversion.tuning.goal import Goal, Goals, only_classes
from nengo_dense.conversion.tuning.judgement import Judgement, judge
from nengo_dense.conversion.tuning.lesson import Source
from nengo_dense.conversion.tuning.parameters import set_parameters
from nengo_dense.conversion.tuning.tuning import tune
from nengo_dense.exceptions import ConversionError
from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.part import OutputPart
from nengo_dense.layers.tuning_record import TuningRecord, fingerprint
from nengo_dense.notices import notify
from nengo_dense.plugins import show
from nengo_dense.targets import LEAST_MAGNITUDE, MOST_MAGNITUDE

#: Share of samples answered otherwise than by the source model, and distance of values in
#: standard deviations (R2 of 0.91), beyond which it is said, as the network is hardly the same.
FAR_SHARE, FAR_VALUES = 0.1, 0.3
#: The same as a part of the samples that one answer for all would miss, where that is less. Of
#: blocks of pages (KEEL's ``page-blocks0``, raw features), one in ten is no text: a stack that was
#: no nearer to its source than "text" for all was 7.7 points behind it, and not told of.
FAR_OF_ONE = 0.5
#: Calibration samples up to which all tell of that where those held back are too few: what was
#: learned from is nearer, if anything, so that what is far off there is so elsewhere. Of 982 women
#: (KEEL's ``contraceptive``, raw features, 25 steps) 12 % of 147 held back differed, too few to
#: tell, 13 % of all, and 15 % of others. What was learned by heart is still not told of.
FEW = 2000
#: Largest logit that a softmax or sigmoid is computed of: floats above are further apart than
#: probabilities can tell, and gradients were NaN from 1e20 on.
MOST_LOGIT = 1e15
#: What to do where a network that knows nothing yet cannot be stored.
NEW_REMEDY = (
    "Bring the inputs to about 1 first, for example with scikit-learn's StandardScaler, and begin "
    "with weights of a usual size"
)
#: Standard deviation, relative to the usual one of an output's values, below which values are
#: named then. Each counts relative to its own, so that an autoencoder's pixels of noise count as
#: much as the others.
HARDLY_VARY = 0.1


def tune_network(
    network: AnyDense,
    name: str,
    calibration: Calibration,
    logits: np.ndarray,
    dt: float,
    *,
    source: Source | None = None,
    labels: np.ndarray | None = None,
    task: str | None = None,
    effort: str | float = "normal",
    may_be_new: bool = False,
    seed: int,
    progress_bar: Any,
) -> list[Judgement]:
    """Change weights and biases until the chip's integers answer as the source does.

    Parameters
    ----------
    network : DenseStack or DenseGraph
        Changed in place, its record of tuning too.
    name : str
        The source model's, for messages.
    calibration : Calibration
        Inputs, those of several inputs side by side, and how they are shown.
    logits : (n_rows, n_out) ndarray
        The source model's for them, those of several outputs side by side.
    dt : float
        Step in seconds.
    source : callable, optional
        What gives such logits for any inputs.
    labels : (n_answers, n_outputs) ndarray of int, optional
        True classes, see `Goals.with_labels`.
    task : {None, "classification", "regression"}
        What linear outputs are for.
    effort : {"fast", "normal", "best"} or float, optional
        See `nengo_dense.conversion.tuning.effort`.
    may_be_new : bool, optional
        Whether the network may know nothing yet; see `nengo_dense.conversion.tuning.from_scratch`.
    seed : int
        Of the order of samples, and of what lies between them.
    progress_bar : bool or nengo.utils.progress.ProgressBar

    Returns
    -------
    judgements : list of Judgement
        As `nengo_dense.conversion.tuning.tuning.tune` has them.

    Raises
    ------
    nengo.exceptions.ValidationError
        Neurons or synapses that are not emulated here, or too short a presentation.
    nengo_dense.exceptions.ConversionError
        Numbers that the chip cannot store.
    """
    x = calibration.rows
    tunable = with_encoder(network, dt)
    circuit = Circuit(tunable, dt, x)
    outputs = circuit.parts.outputs
    names = [part.name for part in outputs]
    heads, widths = [part.head for part in outputs], [part.n for part in outputs]
    windows = _windows(calibration, circuit)
    _check_magnitudes(name, logits, outputs, task)
    samples = calibration.samples(logits, labels)
    answers = samples.answers([window for window in windows if not window.early])
    wanted = np.concatenate([answer.targets for answer in answers])
    goals = Goals.for_targets(wanted, heads, widths, task)
    if source is not None:
        _say(doubts(goals, answers, names))
    goals = goals.at(windows)
    how = {"source": source, "effort": effort, "seed": seed, "progress_bar": progress_bar}
    learn = tune_new if may_be_new else tune
    try:
        judgements = learn(circuit, *divide(samples, seed), goals, **how)
    except BuildError as err:
        remedy = NEW_REMEDY if may_be_new else REMEDY
        raise ConversionError(name, [f"{err}. {remedy}"]) from err
    if not may_be_new:
        far_off = partial(_far_off, goals=goals, names=names, wanted=wanted)
        every = partial(judge, circuit, samples, goals)
        _say(_by_all(far_off, judgements[-1], every if len(samples) <= FEW else None))
    set_parameters(network, *circuit.in_network_units())
    network.tuned = TuningRecord(
        presentation_time=calibration.answer_steps * dt,
        earliest=goals.windows[0].end * dt,
        dt=dt,
        encoding=network.encoding,
        input_low=x.min(axis=0),
        input_high=x.max(axis=0),
        effort=effort,
        gap=100 * judgements[-1].gap,
        judged=judgements[-1].distances.shape[1],
        data=fingerprint(x),
        frame_time=None if calibration.frame_steps is None else calibration.frame_steps * dt,
        task=task,
    )
    return judgements


def _say(notices: Iterator[str]) -> None:
    """Say notices to the caller of what called `tune_network`."""
    for said in notices:
        notify(said, stacklevel=4)


def _check_magnitudes(
    name: str, logits: np.ndarray, outputs: Sequence[OutputPart], task: str | None
) -> None:
    """Refuse outputs that are too large or too small to compute with."""
    problems = []
    widths = [part.n for part in outputs]
    for output, part in zip(
        outputs, np.split(logits, np.cumsum(widths)[:-1], axis=1), strict=True
    ):
        largest = float(np.abs(part).max())
        most = MOST_LOGIT if only_classes([output.head], task) else MOST_MAGNITUDE
        if not largest or LEAST_MAGNITUDE <= largest <= most:
            continue
        problems.append(
            f"values of output {show(output.name)} reach {largest:.3g} for the calibration data, "
            f"and tuning computes with {LEAST_MAGNITUDE:g} to {most:g}. Multiply the "
            "weights and biases of its last layer by a constant, or set tune=False"
        )
    if problems:
        raise ConversionError(name, problems)


def _far_off(
    found: Judgement,
    goals: Goals,
    names: list[str],
    wanted: np.ndarray,
    *,
    chance: float = 2.0,
    of: str = "held-back calibration data",
) -> Iterator[str]:
    """Say of which outputs answers are far from the source's, by more standard errors."""
    doubts = found.doubt[: len(names)]  # those of ``wrong`` follow
    shares = zip(names, goals.of_outputs, found.apart, doubts, found.off, strict=True)
    for name, goal, apart, doubt, off in shares:
        how, others = f"are off by {apart:.0%} of their standard deviation", ""
        is_far = apart > FAR_VALUES
        if not goal.distillation.late:
            missed = goal.missed_by_one(wanted)
            is_far = apart - chance * doubt > min(FAR_SHARE, FAR_OF_ONE * missed)
            how = f"differ in {apart:.0%} of the samples"
            if FAR_OF_ONE * missed < FAR_SHARE:
                others = f", where one answer for all would differ in {missed:.0%}"
            if not is_far and goal.may_be_values and off > 1:
                is_far, how = True, f"as values are off by {off:.0%} of their standard deviation"
                others = "; if they are classes, name task='classification'"
        if not is_far:
            continue
        where = f" at output {show(name)}" * (len(names) > 1)
        yield (
            f"Answers of the converted network{where} {how} from the source model's, on "
            f"{of}{others}. More effort= or a longer presentation_time= may bring it nearer. "
            "Inputs of which a few are much larger than all others are better made "
            "smaller before the model is trained, by a logarithm or limits."
            f"{_hardly_varying(goal)}"
        )


def _by_all(
    far_off: Callable[..., Iterator[str]], found: Judgement, every: Callable[[], Judgement] | None
) -> Iterator[str]:
    """Say what is far off by held-back samples, or by all where these alone cannot tell."""
    said = list(far_off(found))
    if not said and every is not None and any(far_off(found, chance=0)):
        said = list(far_off(every(), of="calibration data"))
    yield from said


def _hardly_varying(goal: Goal) -> str:
    """Say of how many of an output's values the source's hardly vary."""
    deviation = goal.distillation.deviation
    few = int(np.sum(deviation < HARDLY_VARY * np.median(deviation))) if deviation.size else 0
    return (
        f" {few} of its {deviation.size} values vary by less than {HARDLY_VARY:.0%} of what is "
        "usual, and count as much as the others: a model without these comes nearer."
        if few
        else ""
    )


def _windows(calibration: Calibration, circuit: Circuit) -> list[Window]:
    """Return when answers are wanted: at deadlines, or for each frame."""
    sequences, steps = calibration.sequences, calibration.frame_steps
    if sequences is None or steps is None:
        return deadlines(calibration.n_steps, circuit.depth)
    if calibration.by_frame:
        return frame_windows(sequences.n_frames, steps, circuit.delay)
    if sequences.is_ragged:
        return deadlines_by_length((sequences.lengths * steps).tolist(), circuit.depth)
    return deadlines(calibration.n_steps, circuit.depth)
