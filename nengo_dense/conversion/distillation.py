"""How far a stack's logits are from its source model's, and which way is down."""

from dataclasses import dataclass

import numpy as np

from nengo_dense.heads import softmax

#: Temperature of the softmaxes that are compared. Above 1, classes that the source finds unlikely
#: count too, and an overconfident source still says which samples are close.
TEMPERATURE = 2.0
#: Differences of values count one where they are one standard deviation of an output over this,
#: if outputs may also be logits of classes: among these, large values matter least.
VALUE_SHARE = 0.3


@dataclass(frozen=True)
class Distillation:
    """Loss between logits and the source model's.

    Classification compares softmaxes by their Kullback-Leibler divergence (G. Hinton, O. Vinyals
    and J. Dean, "Distilling the knowledge in a neural network", arXiv:1503.02531, 2015), which
    needs no labels. Regression compares values. Both are zero exactly where the logits are the
    source's (for the softmaxes: up to a constant per sample).

    Attributes
    ----------
    classify : bool
        Whether to compare softmaxes.
    value_scale : (n_out,) ndarray or None
        In which differences of values are measured; None if values do not matter.
    """

    classify: bool
    value_scale: np.ndarray | None

    @classmethod
    def for_targets(cls, targets: np.ndarray, readout: str) -> "Distillation":
        """Choose what to compare.

        A softmax's inputs only matter as such; a single output is a value; several linear outputs
        may be either, so both are compared.
        """
        if readout == "softmax":
            return cls(True, None)
        classify = targets.shape[1] > 1
        deviation = targets.std(axis=0)
        scale = np.where(deviation > 0, deviation, 1.0)
        return cls(classify, scale / VALUE_SHARE if classify else scale)

    def __call__(
        self, logits: np.ndarray, targets: np.ndarray, early: bool = False
    ) -> tuple[float, np.ndarray]:
        """Return the mean loss of a batch and its gradient.

        Parameters
        ----------
        logits, targets : (batch, n_out) ndarray
        early : bool, optional
            Whether the logits come from the first part of a presentation. They are too small
            then, as the first spikes are missing; this does not change the answer, and making
            up for it would make later logits too large. So classes are compared at the scale
            that fits best, and values are not.

        Returns
        -------
        loss : float
        gradient : (batch, n_out) ndarray
            With respect to ``logits``.
        """
        n, n_out = logits.shape
        loss, gradient = 0.0, np.zeros_like(logits)
        if self.classify:
            scale = best_scale(logits, targets) if early else 1.0
            p, q = softmax(scale * logits / TEMPERATURE), softmax(targets / TEMPERATURE)
            tiny = np.finfo(float).tiny
            divergence = (q * np.log((q + tiny) / (p + tiny))).sum() / n
            # times T**2, so that gradients do not shrink with the temperature
            loss += TEMPERATURE**2 * divergence
            gradient += (p - q) * (scale * TEMPERATURE / n)
        if self.value_scale is not None and not (early and self.classify):
            difference = (logits - targets) / self.value_scale
            loss += (difference**2).mean()
            gradient += 2 * difference / self.value_scale / (n * n_out)
        return float(loss), gradient


def best_scale(logits: np.ndarray, targets: np.ndarray) -> float:
    """Return the factor that brings logits closest to targets, up to a constant per sample.

    It is kept positive and within a factor of 2, so that logits of noise are not blown up.
    """
    z = logits - logits.mean(axis=1, keepdims=True)
    t = targets - targets.mean(axis=1, keepdims=True)
    return float(np.clip((z * t).sum() / max((z * z).sum(), np.finfo(float).tiny), 0.5, 2.0))
