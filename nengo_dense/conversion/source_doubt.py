"""Whether calibration data and labels seem to be those of the source model, by its own answers."""

from collections.abc import Iterator, Sequence

import numpy as np

from nengo_dense.conversion.tuning.answer import Answer
from nengo_dense.conversion.tuning.goal import UNKNOWN, Goal, Goals
from nengo_dense.heads import OF_CLASSES
from nengo_dense.label_order import are_below, other_order
from nengo_dense.plugins import show

#: Labels seem to be of other samples if their agreement with the answers beyond chance (kappa,
#: Cohen 1960, doi:10.1177/001316446002000104) is below the first number by so many standard
#: deviations as the second says.
LEAST_KAPPA, DEVIATIONS = 0.1, 2.0
#: Samples from which on one class for all of them is said.
TELLING = 100
#: Distance of the best logit from the next, in the middle sample, from which on a model is too
#: sure. On the samples they were trained on, raw or prepared, networks of scikit-learn had 2 to 50
#: for digits, wine, breast cancer, letters and MNIST (0 to 255), and 620 for made data with a
#: deviation of 30,000; one for MNIST from 0 to 1 had 2800 on 0 to 255. Digits from 0 to 16 in the
#: place of 0 to 1 give 500, and are not told.
TOO_SURE = 1000.0


def doubts(goals: Goals, answers: Sequence[Answer], names: Sequence[str]) -> Iterator[str]:
    """Say what seems wrong with calibration data or labels.

    Parameters
    ----------
    goals : Goals
        Which columns belong to which output.
    answers : sequence of Answer
        Of the source, each sample once.
    names : sequence of str
        Of the outputs.
    """
    targets = np.concatenate([answer.targets for answer in answers])
    given = [answer.labels for answer in answers if answer.labels is not None]
    labels = np.concatenate(given) if given else None
    for number, (goal, name) in enumerate(zip(goals.of_outputs, names, strict=True)):
        where = f" at output {show(name)}" * (len(names) > 1)
        logits = targets[:, goal.columns]
        yield from _of_samples(goal, logits, where)
        if labels is not None and (labels[:, number] != UNKNOWN).all():
            yield from _of_labels(labels[:, number], logits.argmax(axis=1), logits.shape[1], where)


def _of_samples(goal: Goal, logits: np.ndarray, where: str) -> Iterator[str]:
    """Say that samples do not seem to be prepared as in training."""
    if goal.head in OF_CLASSES and logits.shape[1] > 1:
        answers = logits.argmax(axis=1)
        if len(answers) >= TELLING and (answers == answers[0]).all():
            yield (
                f"The model itself answers class {answers[0]}{where} for all {len(answers)} "
                "calibration samples, so that nothing is learned of other classes. Give training "
                "inputs of all classes, prepared as the model sees them."
            )
        best = np.partition(logits, -2, axis=1)
        sure = best[:, -1] - best[:, -2]
    elif goal.head == "sigmoid":
        sure = np.abs(logits).min(axis=1)
    else:
        return
    if (middle := float(np.median(sure))) > TOO_SURE:
        yield (
            f"The model itself is far surer of its answers{where} than trained ones are: for half "
            f"of the calibration samples the odds are e^{middle:.0f} to 1 or more. Inputs seem to "
            "be of another scale than in its training, as pixels up to 255 are where it learned "
            "from 0 to 1. Prepare them as the model sees them."
        )


def _of_labels(labels: np.ndarray, answers: np.ndarray, n: int, where: str) -> Iterator[str]:
    """Say that labels do not seem to be those of the samples."""
    right = float((labels == answers).mean())
    shares = [np.bincount(each, minlength=n) / len(labels) for each in (labels, answers)]
    chance = float(shares[0] @ shares[1])
    if (shares[1] == 1).any() or chance == 1:
        return
    if are_below(labels, answers):
        yield (
            f"Labels{where} are taken for indices of outputs from 0, and most answers of the "
            "model itself are one below their label. If it counts its classes from 1, give labels "
            "- 1."
        )
    elif found := other_order(labels, answers, n):
        yield f"{found}{where}. Give labels that number the classes as the model's outputs do."
    elif _kappa(right, chance, len(labels)) < LEAST_KAPPA:
        yield (
            f"Labels{where} are those of {right:.1%} of the model's own answers to the "
            f"calibration samples, where shuffled ones would be of {chance:.1%}. They seem to be "
            "of other samples, or in another order. Give those of these samples, or none: tuning "
            "needs none."
        )


def _kappa(right: float, chance: float, n: int) -> float:
    """Return the most that the agreement beyond chance may be, in all likelihood."""
    doubt = np.sqrt(chance / (1 - chance) / n)
    return float((right - chance) / (1 - chance) + DEVIATIONS * doubt)
