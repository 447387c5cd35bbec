"""The error between a chain's answers and the wanted answers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nengo_dense.conversion.calibration import BATCH_SIZE, Samples
from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation


class Judgement(NamedTuple):
    """How far a chain's answers are from those that are wanted.

    Attributes
    ----------
    loss : float
        Mean over samples and windows.
    apart : float
        Share of samples that are answered otherwise than by the source; where there are no
        classes, root mean square of the difference, in standard deviations of the values.
    wrong : float
        Share of samples whose class is not the label's; 0 without labels.
    """

    loss: float
    apart: float
    wrong: float


def judge(
    chain: Chain, samples: Samples, distillation: Distillation, windows: Sequence[Window]
) -> Judgement:
    """Show samples to the chip's integers."""
    total, logits = 0.0, []
    for start in range(0, len(samples), BATCH_SIZE):
        part = samples[start : start + BATCH_SIZE]
        activities = chain.run(part.x, windows)
        for activity, window in zip(activities, windows, strict=True):
            loss, _ = distillation(chain.logits(activity), part.targets, window.early)
            total += len(part) * window.weight * loss
        logits.append(chain.logits(activities[-1]))
    answers = np.concatenate(logits)
    return Judgement(total / len(samples), *_compare(answers, samples, distillation))


def _compare(
    logits: np.ndarray, samples: Samples, distillation: Distillation
) -> tuple[float, float]:
    """Count other answers than the source's, and wrong ones."""
    source = samples.source_logits
    if distillation.late:
        deviation = source.std(axis=0)
        apart = (logits - source) / np.where(deviation > 0, deviation, 1.0)
        return float(np.sqrt(np.mean(apart**2))), 0.0
    classes = logits.argmax(axis=1)
    wrong = 0.0 if samples.labels is None else float((classes != samples.labels).mean())
    return float((classes != source.argmax(axis=1)).mean()), wrong
