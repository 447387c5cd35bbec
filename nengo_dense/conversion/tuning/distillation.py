"""The loss between a stack's logits and its source model's, and its gradient."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nengo_dense.heads import HEADS, OF_CLASSES, with_potential

#: Logits are divided by this before their softmaxes are compared. Above 1, unlikely classes count
#: more, and in short presentations the few spikes are better spent on the likely ones: on letters
#: and digits held back from training, 1 loses half of what 2 does in 10 and 25 steps.
TEMPERATURE = 1.0
#: Usual logits of a sample spread by less than this (standard deviation). Where they spread more,
#: the temperature grows with them: else all softmaxes would be 0 and 1, and say nothing.
USUAL_SPREAD = 30.0
#: Weight of values beside softmaxes, where several outputs may be values or logits of classes.
#: Small, because among logits of classes the large values matter least.
VALUE_WEIGHT = 0.09
#: Share of the true classes in what is wanted, where labels are given.
LABEL_WEIGHT = 0.2


#: Heads that say something before all spikes are in: which class, or which labels.
EARLY = ("softmax", "sigmoid")


class Comparison(NamedTuple):
    """One way to compare logits.

    Attributes
    ----------
    head : str
        Logits count as far as this head tells them apart.
    scale : float or (n_out,) ndarray
        Logits are divided by it first.
    weight : float
        Of the loss.
    early : bool
        Whether it says something of the first part of a presentation.
    """

    head: str
    scale: float | np.ndarray
    weight: float
    early: bool = True


@dataclass(frozen=True)
class Distillation:
    """Loss between a stack's logits and its source model's.

    Needs no labels: the source model is the teacher (G. Hinton, O. Vinyals and J. Dean,
    "Distilling the knowledge in a neural network", arXiv:1503.02531, 2015).

    Every head ``h`` is the gradient of a convex function ``H``, and has the matching loss
    ``H(z) - H(t) - h(t) @ (z - t)`` for logits ``z`` and targets ``t`` (P. Auer, M. Herbster and
    M. Warmuth, "Exponentially many local minima for single neurons", NIPS 1995). Its gradient is
    ``h(z) - h(t)``: it is zero where both outputs are the same, and it never vanishes elsewhere.
    For a softmax this is the Kullback-Leibler divergence; for values it is half their squared
    difference; for a rectifier it is the same, but negative logits are as good as zero where the
    target is not above zero.

    Attributes
    ----------
    comparisons : tuple of Comparison
        Their losses are added.
    """

    comparisons: tuple[Comparison, ...]

    @classmethod
    def for_targets(
        cls, targets: np.ndarray, readout: str, task: str | None = None
    ) -> "Distillation":
        """Choose what to compare.

        The inputs of a softmax are logits of classes, those of sigmoids logits of one label each.
        Several linear outputs may be logits of classes or values; where nobody says which, they
        are compared as both. All other outputs are values.

        Parameters
        ----------
        targets : (batch, n_out) ndarray
            Logits of the source model.
        readout : str
            The stack's head.
        task : {None, "classification", "regression"}
            What several linear outputs are for.
        """
        n_out = targets.shape[1]
        spread = float(targets.std(axis=1).mean())
        temperature = TEMPERATURE * max(1.0, spread / USUAL_SPREAD)
        # times the temperature squared, so that gradients do not shrink with it
        classes = Comparison("softmax", temperature, temperature**2)
        if readout in OF_CLASSES:
            return cls((classes,))
        if readout == "sigmoid":
            spread = float(np.abs(targets).mean())
            temperature = TEMPERATURE * max(1.0, spread / USUAL_SPREAD)
            return cls((Comparison("sigmoid", temperature, temperature**2),))
        if readout == "tanh":
            variance = float(HEADS["tanh"](targets).var(axis=0).mean())
            return cls((Comparison("tanh", 1.0, 2 / n_out / (variance or 1.0), early=False),))
        deviation = HEADS[readout](targets).std(axis=0)
        scale = np.where(deviation > 0, deviation, 1.0)
        values = Comparison(readout, scale, 2 / n_out, early=False)
        if readout == "linear" and n_out > 1 and task == "classification":
            return cls((classes,))
        if readout == "linear" and n_out > 1 and task is None and spread <= USUAL_SPREAD:
            return cls((classes, values._replace(weight=VALUE_WEIGHT * values.weight)))
        return cls((values,))

    @property
    def late(self) -> bool:
        """(bool) Whether values alone matter, and so only the whole presentation."""
        return not any(comparison.early for comparison in self.comparisons)

    @property
    def deviation(self) -> np.ndarray:
        """(n,) Standard deviations by which values are compared; empty where classes are."""
        return np.atleast_1d(self.comparisons[-1].scale) if self.late else np.zeros(0)

    def with_labels(self, targets: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return logits whose softmax is the source's, mixed with the true classes.

        Parameters
        ----------
        targets : (batch, n_out) ndarray
            Logits of the source model.
        labels : (batch,) ndarray of int
        """
        (temperature,) = (c.scale for c in self.comparisons if c.head == "softmax")
        mixed = (1 - LABEL_WEIGHT) * HEADS["softmax"](targets / temperature)
        mixed[np.arange(len(labels)), labels] += LABEL_WEIGHT
        return np.asarray(temperature * np.log(np.maximum(mixed, np.finfo(float).tiny)))

    def __call__(
        self, logits: np.ndarray, targets: np.ndarray, early: Any = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean loss of a batch and its gradient, or those of several batches.

        Parameters
        ----------
        logits, targets : (..., batch, n_out) ndarray
        early : (...) array_like of bool, optional
            Whether the logits come from the first part of a presentation. They are too small
            then, as the first spikes are missing. The class is right all the same, and larger
            weights would make later logits too large. So softmaxes and sigmoids are compared at
            the factor that fits best, and values not at all.

        Returns
        -------
        loss : (...) ndarray
        gradient : (..., batch, n_out) ndarray
            With respect to ``logits``.
        """
        is_early = np.asarray(early)
        loss, gradient = np.zeros(logits.shape[:-2]), np.zeros_like(logits)
        for head, scale, weight, says_early in self.comparisons:
            factor: Any = 1.0
            if head in EARLY and is_early.any():
                best = best_scale(logits, targets, head)
                factor = np.where(is_early, best, 1.0)[..., np.newaxis, np.newaxis]
            z, t = factor * logits / scale, targets / scale
            (found, output), (least, wanted) = with_potential(head, z), with_potential(head, t)
            distance = found - least - (wanted * (z - t)).sum(axis=-1)
            heeded = np.where(is_early & (not says_early), 0.0, weight)
            loss += heeded * distance.mean(axis=-1)
            share = heeded[..., np.newaxis, np.newaxis] * factor
            gradient += share * (output - wanted) / scale / logits.shape[-2]
        return loss, gradient


def best_scale(logits: np.ndarray, targets: np.ndarray, head: str = "softmax") -> np.ndarray:
    """Return the factor that brings logits closest to targets.

    For a softmax up to a constant per sample, which it does not see. The factor stays between 1/2
    and 2, so that logits of noise are not blown up.

    Parameters
    ----------
    logits, targets : (..., batch, n_out) ndarray
    head : str, optional

    Returns
    -------
    factor : (...) ndarray
    """
    z, t = logits, targets
    if head == "softmax":
        z, t = (values - values.mean(axis=-1, keepdims=True) for values in (logits, targets))
    both, own = ((z * other).reshape(*z.shape[:-2], -1).sum(axis=-1) for other in (t, z))
    return np.clip(both / np.maximum(own, np.finfo(float).tiny), 0.5, 2.0)
