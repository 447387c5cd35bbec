"""One training, from the twin's first epoch to the weights in the stack.

Imports TensorFlow and NengoDL; loaded when training starts.
"""

import re
import time
from collections.abc import Sequence
from typing import Any

import nengo_dl
import numpy as np
import tensorflow as tf
from nengo.exceptions import SimulationError

from nengo_dense.layers.stack import DenseStack
from nengo_dense.samples import fill_up
from nengo_dense.training.callback import EarlyStopping, Validation
from nengo_dense.training.objective import RateBand, cross_entropy
from nengo_dense.training.settings import Settings
from nengo_dense.training.training_result import TrainingResult
from nengo_dense.training.twin import TrainingTwin


def train(
    stack: DenseStack,
    training: tuple[np.ndarray, np.ndarray],
    held_back: tuple[np.ndarray, np.ndarray] | None,
    settings: Settings,
    *,
    optimizer: Any = None,
    callbacks: Sequence[Any] = (),
    progress_bar: bool = True,
) -> TrainingResult:
    """Train with arguments that are checked; see `nengo_dense.training.fitting.fit`."""
    if settings.seed is not None:
        tf.random.set_seed(settings.seed)
    size = min(settings.minibatch_size, len(training[0]))
    x, labels = (fill_up(values, size)[:, np.newaxis] for values in training)
    if optimizer is None:
        optimizer = adam(settings, n_updates=settings.epochs * len(x) // size)
    twin = TrainingTwin(
        stack,
        dropout=settings.dropout,
        loihi_aware=settings.loihi_aware,
        noise=settings.noise,
        weight_bits=settings.weight_bits,
        weight_clip=settings.weight_clip,
        dt=settings.dt,
        seed=settings.seed,
    )
    with nengo_dl.Simulator(
        twin.network,
        minibatch_size=size,
        seed=settings.seed,
        progress_bar=False,
        device=None if nengo_dl.utils.tf_gpu_installed else "/cpu:0",
    ) as sim:
        targets = compile_losses(sim, twin, settings, optimizer, labels)
        observers: list[Any] = []
        if held_back is not None:
            observers.append(Validation(sim, twin.source, twin.logits, *held_back))
            observers.append(EarlyStopping(settings.patience))
        start = time.perf_counter()
        history = _fit(
            sim,
            {twin.source: x},
            targets,
            epochs=settings.epochs,
            callbacks=[*observers, *callbacks],
            verbose=int(progress_bar),
        )
        seconds = time.perf_counter() - start
        twin.write_back()
    return TrainingResult.of_keras(history.history, len(x), seconds)


def adam(settings: Settings, n_updates: int) -> Any:
    """Make the default optimizer."""
    rate = tf.keras.optimizers.schedules.CosineDecay(settings.learning_rate, n_updates)
    return tf.keras.optimizers.Adam(rate)


def compile_losses(
    sim: Any, twin: TrainingTwin, settings: Settings, optimizer: Any, labels: np.ndarray
) -> dict[Any, np.ndarray]:
    """Set what is minimised, and return the targets of each probe that has a loss."""
    losses: dict[Any, Any] = {twin.logits: cross_entropy()}
    weights: dict[Any, float] = {twin.logits: 1.0}
    targets = {twin.logits: labels[..., np.newaxis]}
    if settings.rate_target is not None:
        low, high = settings.rate_target
        for probe, layer in zip(twin.rates, twin.stack.layers, strict=True):
            losses[probe] = RateBand(low, high, layer.max_rate)
            weights[probe] = settings.rate_weight
            targets[probe] = np.zeros((len(labels), 1, 1))  # NengoDL wants one; it is ignored
    sim.compile(
        optimizer=optimizer,
        loss=losses,
        loss_weights=weights,
        metrics={twin.logits: ["accuracy"]},
    )
    return targets


def _fit(sim: Any, inputs: dict, targets: dict, **arguments: Any) -> Any:
    """Run NengoDL's fit; tell where a value stopped being finite."""
    try:
        return sim.fit(inputs, targets, **arguments)
    except tf.errors.InvalidArgumentError as err:
        layer = re.search(r"<(layer\d+|readout)> : Tensor had", str(err))
        if layer is None:
            raise
        raise SimulationError(
            f"Training diverged: the weighted sum of {layer[1]} is not finite any more. Lower "
            "the learning rate, or scale the inputs to about unit variance. The stack keeps the "
            "weights that it had."
        ) from err
