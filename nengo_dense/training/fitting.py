"""`fit`: train a stack with one call, in NengoDL or through time on the chip's integers."""

from collections.abc import Sequence
from dataclasses import fields
from inspect import signature
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.arguments import between, flag
from nengo_dense.columns import WHERE, Names, check_columns, column_names, named_twice, other_rows
from nengo_dense.context import outside_networks
from nengo_dense.exceptions import invalid
from nengo_dense.layers.classes import check_classes
from nengo_dense.layers.stack import DenseStack
from nengo_dense.neurons import LIF, known
from nengo_dense.notices import notify
from nengo_dense.samples import check_inputs, check_labels, hold_back
from nengo_dense.training.settings import Settings
from nengo_dense.training.spike_training import train_through_time
from nengo_dense.training.training_result import TrainingResult

#: Samples, (n, size_in), and their classes, (n,).
Samples = tuple[np.ndarray, np.ndarray]


def fit(
    stack: DenseStack,
    x: Any,
    y: Any,
    *,
    validation: Any = 0.1,
    epochs: int = 60,
    minibatch_size: int = 64,
    learning_rate: float = 0.003,
    optimizer: Any = None,
    dropout: float = 0.25,
    patience: int = 10,
    rate_target: Any = None,
    rate_weight: float = 1.0,
    loihi_aware: bool = True,
    noise: bool = False,
    weight_bits: int | None = None,
    weight_clip: float | None = None,
    dt: float = 0.001,
    seed: int | None = None,
    progress_bar: bool = True,
    callbacks: Sequence[Any] = (),
    through_time: bool = False,
    presentation_time: float | None = None,
    effort: str | float | None = None,
) -> TrainingResult:
    """Train a stack, and leave the weights in the stack.

    With NengoDL, to classify: what is trained is a twin of the stack that answers in one step
    (``TrainingTwin``), from the weights that the stack has: new ones, or
    those of a converted model. In the end the stack has the weights of the best epoch, and runs
    in any simulator.

    With ``through_time=True``, for short presentations and without NengoDL: the spikes themselves
    are trained, on the integers of the chip, step by step, as conversion tunes them. The loss is
    cross-entropy, or the squared error of values. Of the samples, 15 % (1,000 at most) are held
    back to judge, and the stack is never left with more wrong answers on these than it had.

    Parameters
    ----------
    stack : DenseStack
    x : (n, size_in) array_like
        Samples; more dimensions are flattened.
    y : (n,) or (n, n_classes) array_like
        Right labels out of ``stack.classes``; indices from 0, if the stack has none. Or one-hot.
    validation : float or (x, y), optional
        Share of the samples that is set aside to tell the best epoch, from 0 (none) to below 1,
        or samples and labels for that.
    epochs : int, optional
        Passes through the samples at most.
    minibatch_size : int, optional
    learning_rate : float, optional
        Of Adam, at the start; it falls to zero along a cosine over all epochs (I. Loshchilov and
        F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017).
    optimizer : tf.keras.optimizers.Optimizer, optional
        In place of that.
    dropout : float, optional
        Share of each layer's outputs that is set to zero, in training only (N. Srivastava et al.,
        JMLR 15, 2014). A quarter suits wide layers; narrow ones learn more with less.
    patience : int, optional
        Epochs without a lower validation loss after which training stops.
    rate_target : float or (low, high), optional
        Band in hertz that peak firing rates are drawn to (see
        ``RateBand``); a number is the top of one from 0. At a step
        of 1 ms, the chip resolves a rate r to about r² / 1000 hertz.
    rate_weight : float, optional
        Weight of the penalty for rates, beside the cross-entropy.
    loihi_aware : bool, optional
        Train layers on the chip with the rates of its integer neurons (through nengo-extras).
    noise : bool, optional
        Add to LIF neurons on the chip the noise that filtered spikes have (nengo-extras).
    weight_bits : int, optional
        Train layers on the chip with weights rounded to so many bits, 2 to 8; the chip has 8.
    weight_clip : float, optional
        Largest magnitude of weights of layers on the chip.
    dt : float, optional
        Step of the chip in seconds.
    seed : int, optional
        For everything random; sets TensorFlow's seed.
    progress_bar : bool, optional
        Show Keras's progress bar.
    callbacks : sequence of tf.keras.callbacks.Callback, optional
    through_time : bool, optional
        Train spikes on the integers. Then ``x`` may be sequences and ``y`` what the stack's head
        gives: labels, rows of 0 and 1, or values. Only ``dt``, ``seed``, ``progress_bar`` and what
        follows goes with it.
    presentation_time : float, optional
        Seconds that a sample is shown (default 0.025), with ``through_time``.
    effort : {"fast", "normal", "best"} or float, optional
        How long that may take, as in `nengo_dense.convert` (default "normal"). A stack that knows
        nothing yet takes twice as long for more than 25 steps: it learns in short presentations
        first. Seconds are then divided between both.

    Returns
    -------
    result : TrainingResult
        History of each epoch, to look at and to plot.

    Raises
    ------
    nengo.exceptions.ValidationError
        Samples, labels or a setting that cannot be; the message says which and why.
    nengo.exceptions.SimulationError
        A value that is not finite came up; says in which layer. The stack stays as it was.
    nengo_dense.exceptions.MissingDependencyError
        TensorFlow or NengoDL is not installed, or in versions that do not go together.

    Examples
    --------
    .. code-block:: python

        import nengo_dense
        from nengo_dense import training

        synapse = [0.002, None]  # none at the readout, whose window averages
        stack = nengo_dense.DenseStack([64, 32, 10], size_in=64, synapse=synapse, seed=0)
        result = training.fit(stack, x_train, y_train, epochs=30, seed=0)  # NengoDL
        result.plot("training.png")
        training.fit(stack, x_train, y_train, through_time=True)  # on the chip's integers
    """
    settings = Settings(
        epochs=epochs,
        minibatch_size=minibatch_size,
        learning_rate=learning_rate,
        dropout=dropout,
        patience=patience,
        rate_target=rate_target,
        rate_weight=rate_weight,
        loihi_aware=loihi_aware,
        noise=noise,
        weight_bits=weight_bits,
        weight_clip=weight_clip,
        dt=dt,
        seed=seed,
    )
    _check_stack(stack, noise)
    for said in other_rows(x, y=y):
        notify(said, stacklevel=1)
    show = flag(progress_bar, "progress_bar")
    of_time: dict[str, Any] = {"presentation_time": presentation_time, "effort": effort}
    if flag(through_time, "through_time"):
        _check_untouched(settings, validation, optimizer, callbacks)
        return train_through_time(stack, x, y, **of_time, settings=settings, progress_bar=show)
    _check_rate_training(stack, callbacks, **of_time)
    samples = _check(x, y, stack, stack.columns, "x", "y")
    columns = _names(x, stack)
    training, held_back = divide(samples, validation, stack, settings.seed, columns)
    compat.nengo_dl()
    from nengo_dense.training.session import train  # brings TensorFlow

    with outside_networks():
        result = train(
            stack,
            training,
            held_back,
            settings,
            optimizer=optimizer,
            callbacks=callbacks,
            progress_bar=show,
        )
    stack.columns = columns
    return result


def divide(
    samples: Samples,
    validation: Any,
    stack: DenseStack,
    seed: int | None,
    columns: Names | None = None,
) -> tuple[Samples, Samples | None]:
    """Divide samples at random into those to train on and those to validate on.

    Samples for validation that were given as such are checked and taken as they are.
    """
    if isinstance(validation, list | tuple):
        if len(validation) != 2:
            raise invalid(
                f"must be a share or a pair (x, y), got {len(validation)} items", "validation"
            )
        x, y = validation
        return samples, _check(x, y, stack, columns, "validation", "validation")
    x, labels = samples
    share = 0.0
    if validation is not None:
        share = between(validation, 0, 1, "validation", with_high=False)
    n_held_back = round(share * len(x))
    if n_held_back >= len(x):
        raise invalid(
            f"must leave samples to train on, got a share of {share:g} of {len(x)} samples",
            "validation",
        )
    if n_held_back == 0:
        return samples, None
    rest, last = hold_back(len(x), n_held_back, seed)
    return (x[rest], labels[rest]), (x[last], labels[last])


def _names(x: Any, stack: DenseStack) -> Names | None:
    """Return the names of the inputs; tell the caller's caller of those that several have."""
    columns = stack.columns or column_names(x, "x", stack.size_in)
    for said in named_twice(columns, "x", stack.size_in):
        notify(said, stacklevel=2)
    return columns


def _check_stack(stack: Any, noise: Any) -> None:
    """Refuse what is no stack, and noise where nothing has it."""
    if not isinstance(stack, DenseStack):
        raise invalid(
            f"must be a DenseStack, got {type(stack).__name__}; a model with branches is trained "
            "in its own framework, and nengo_dense.convert tunes it for the chip",
            "stack",
        )
    chip_lif = [known(k.ensemble.neuron_type).curve == LIF for k in stack.layers if k.on_chip]
    if noise and not any(chip_lif):
        raise invalid(
            "models the spikes of LIF neurons on the chip, and this stack has none there", "noise"
        )


def _check_untouched(settings: Settings, *others: Any) -> None:
    """Refuse settings of NengoDL's training where there is none."""
    given = {f.name: getattr(settings, f.name) for f in fields(settings)}
    given |= dict(zip(("validation", "optimizer", "callbacks"), others, strict=True))
    usual = {name: p.default for name, p in signature(fit).parameters.items()}
    for name in sorted(set(given) - {"dt", "seed"}):
        if given[name] is not usual[name] and given[name] != usual[name]:
            raise invalid(
                "is for training with NengoDL, and does not go with through_time=True, which has "
                "effort= instead; leave it out",
                name,
            )


def _check_rate_training(stack: DenseStack, callbacks: Any, **others: Any) -> None:
    """Raise a ValidationError for what training on rates cannot use."""
    if stack.readout == "relu":
        raise invalid(
            "ends in a relu, behind which all logits below 0 are alike, and training for classes "
            "looks at logits; make it with readout='softmax' or 'linear', or train values with "
            "through_time=True",
            "stack",
        )
    for attr, given in others.items():
        if given is not None:
            raise invalid("goes with through_time=True", attr)
    if not isinstance(callbacks, Sequence):
        raise invalid(
            f"must be a list of Keras's callbacks, got {type(callbacks).__name__}", "callbacks"
        )


def _check(
    x: Any, y: Any, stack: DenseStack, columns: Names | None, x_attr: str, y_attr: str
) -> Samples:
    """Return samples and the indices of their classes, or raise a ValidationError."""
    check_columns(x, columns, x_attr, WHERE, stack.size_in)
    x = check_inputs(x, stack.size_in, x_attr)
    n_classes = stack.units[-1]
    classes = check_classes(stack.classes, n_classes, stack)
    return x, check_labels(y, len(x), n_classes, y_attr, classes, named_in="DenseStack")
