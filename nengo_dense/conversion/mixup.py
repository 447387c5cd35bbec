"""Inputs between calibration samples, which the source model answers as well."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nengo_dense.conversion.answer import Samples

#: Logits of the source model for inputs: (batch, n_out) of (batch, n_in) arrays.
Source = Callable[[np.ndarray], np.ndarray]


def mix(
    samples: Samples, partners: Samples, source: Source, rng: np.random.RandomState
) -> Samples:
    """Move samples part of the way to others, at most half, and ask the source model anew.

    Few samples are soon learned by heart. A source model answers whatever it is asked, and between
    samples it says more of itself (L. Beyer et al., "Knowledge distillation: A good teacher is
    patient and consistent", CVPR 2022; H. Zhang et al., "mixup: Beyond empirical risk
    minimization", ICLR 2018). No value leaves the range of the samples. Labels stay those of the
    nearer sample.

    Parameters
    ----------
    samples : Samples
    partners : Samples
        One for each; a sequence of another length is none.
    source : Source
    rng : numpy.random.RandomState

    Returns
    -------
    mixed : Samples
    """
    share = rng.uniform(0, 0.5, size=len(samples))
    if samples.lengths is not None and partners.lengths is not None:
        share *= samples.lengths == partners.lengths
    x = samples.x + share[:, np.newaxis, np.newaxis] * (partners.x - samples.x)
    answers = source(x.reshape(-1, x.shape[-1]))
    return replace(samples, x=x, targets=answers.reshape(samples.targets.shape))
