"""Weights and biases tuned until the chip's integers answer as the source model does."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from nengo.exceptions import BuildError
from nengo.utils.progress import Progress, ProgressTracker

from nengo_dense.conversion.calibration import Samples
from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.conversion.host_limit import HostLimit
from nengo_dense.conversion.readout_fit import fit_readout
from nengo_dense.conversion.tandem import BATCH_SIZE, loss_and_gradient, mean_loss

#: Step size of Adam, relative to the root mean square of the array that is changed. Values alone
#: bear larger ones, as the readout is fitted in between.
LEARNING_RATE, LEARNING_RATE_OF_VALUES = 1e-2, 3e-2
#: Share of the step size that is left at the end of its half cosine.
FINAL_SHARE = 0.02
#: Updates over which the step size grows from zero.
WARM_UP = 20
#: Decay of Adam's two averages, as its authors recommend.
BETA_1, BETA_2 = 0.9, 0.999
#: Passes over the calibration data, and the number of updates that these are held between.
PASSES, LEAST_UPDATES, MOST_UPDATES = 40, 200, 1600
#: Least number of updates for values, which may stray far more than the right class does. After
#: 200 on some 300 samples, 3 % of their variance was still lost, after 600 it was 1 %.
LEAST_UPDATES_OF_VALUES = 600
#: How often held-back samples judge the parameters.
N_JUDGEMENTS = 10


class Adam:
    """Step sizes from running averages of gradients and their squares.

    D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    Parameters
    ----------
    parameters : sequence of ndarray
        Changed in place.
    sizes : sequence of float or ndarray
        What each one's steps are relative to, of a shape that goes with its own.
    """

    def __init__(self, parameters: Sequence[np.ndarray], sizes: Sequence[Any]) -> None:
        self.parameters = parameters
        self.mean = [np.zeros_like(p) for p in parameters]
        self.square = [np.zeros_like(p) for p in parameters]
        self.n_updates = 0
        self.sizes = sizes

    def update(self, gradients: Sequence[np.ndarray], rate: float) -> None:
        """Change all parameters by one step."""
        self.n_updates += 1
        correct_1 = 1 - BETA_1**self.n_updates
        correct_2 = 1 - BETA_2**self.n_updates
        for i, gradient in enumerate(gradients):
            self.mean[i] += (1 - BETA_1) * (gradient - self.mean[i])
            self.square[i] += (1 - BETA_2) * (gradient**2 - self.square[i])
            size = np.sqrt(self.square[i] / correct_2) + 1e-12
            self.parameters[i][...] -= (rate * self.sizes[i] / correct_1) * self.mean[i] / size


def tune(
    chain: Chain,
    fit: Samples,
    judge: Samples,
    distillation: Distillation,
    windows: Sequence[Window],
    *,
    seed: int,
    progress_bar: Any = True,
) -> list[float]:
    """Change a chain's parameters, and keep those that held-back samples like best.

    Parameters
    ----------
    chain : Chain
        Changed in place.
    fit : Samples
        To learn from.
    judge : Samples
        Held back, to choose by. The parameters as they were take part in the choice.
    distillation : Distillation
    windows : sequence of Window
    seed : int
        Of the order of samples; the result depends on nothing else.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional

    Returns
    -------
    losses : list of float
        Of the held-back samples, from first to last judgement; the chain has the parameters with
        the lowest.
    """
    rate, least = LEARNING_RATE, LEAST_UPDATES
    if distillation.late:
        rate, least = LEARNING_RATE_OF_VALUES, LEAST_UPDATES_OF_VALUES
    n_updates = int(np.clip(PASSES * len(fit) // BATCH_SIZE, least, MOST_UPDATES))
    adam = Adam([*chain.weights, *chain.biases], _sizes(chain))
    choice = Choice(chain, fit, judge, distillation, windows)
    choice.judge_now()
    due = set(np.linspace(0, n_updates, N_JUDGEMENTS + 1).astype(int)[1:].tolist())
    batches = _batches(len(fit), np.random.RandomState(seed))

    def step(n: int) -> None:
        batch = fit[next(batches)]
        _, gradient = loss_and_gradient(chain, batch.x, batch.targets, distillation, windows)
        adam.update([*gradient.weights, *gradient.biases], rate * schedule(n, n_updates))
        choice.limit.hold(chain, batch.x)
        if n in due:
            choice.judge_now()

    with ProgressTracker(progress_bar, Progress("Tuning", "Tuning", n_updates)) as progress:
        for n in range(1, n_updates + 1):
            try:
                step(n)
            except BuildError:  # the steps lead to weights that the chip cannot store
                break
            progress.total_progress.step()
    choice.restore()
    return choice.losses


class Choice:
    """The parameters that held-back samples like best so far.

    Parameters
    ----------
    chain, fit, judge, distillation, windows
        As for `tune`.

    Attributes
    ----------
    losses : list of float
        Of the samples that judge, one for each judgement.
    limit : HostLimit
        Which all that are judged keep to.
    """

    def __init__(
        self,
        chain: Chain,
        fit: Samples,
        judge: Samples,
        distillation: Distillation,
        windows: Sequence[Window],
    ) -> None:
        self._chain, self._distillation = chain, distillation
        self._fit, self._judge = fit, judge
        self._windows = windows
        self._known = np.concatenate([fit.x, judge.x])
        self._best: list[np.ndarray] = []
        self.limit = HostLimit(self._known)
        self.losses: list[float] = []

    @property
    def _parameters(self) -> list[np.ndarray]:
        return [*self._chain.weights, *self._chain.biases]

    def judge_now(self) -> None:
        """Judge the parameters as they are; where values alone matter, fit the readout first."""
        self.limit.hold(self._chain, self._known)
        how = self._distillation, self._windows
        if self._distillation.late:
            loss = fit_readout(self._chain, self._fit, self._judge, *how)
        else:
            loss = mean_loss(self._chain, self._judge, *how)
        self.losses.append(loss)
        if loss == min(self.losses):
            self._best = [parameter.copy() for parameter in self._parameters]

    def restore(self) -> None:
        """Return to the best."""
        for parameter, value in zip(self._parameters, self._best, strict=True):
            parameter[...] = value


def _sizes(chain: Chain) -> list[np.ndarray]:
    """Choose what steps are relative to: the root mean square of a layer's weights.

    Of the readout's those of each output, as outputs may have different units. Biases count as
    weights of an input that is always one spike a step; their own size says nothing, as a
    constant output of 500 that varies by 1 has a bias of 500.
    """
    hidden = [np.sqrt(np.mean(w**2)) for w in chain.weights[:-1]]
    outputs = np.sqrt(np.mean(chain.weights[-1] ** 2, axis=1))
    return [*hidden, outputs[:, np.newaxis], *hidden, outputs]


def schedule(n: int, n_updates: int) -> float:
    """Return the share of the step size at update ``n``: a short rise, then half a cosine down."""
    cosine = 0.5 * (1 + np.cos(np.pi * n / n_updates))
    return float((FINAL_SHARE + (1 - FINAL_SHARE) * cosine) * min(1.0, n / WARM_UP))


def _batches(n: int, rng: np.random.RandomState) -> Iterator[np.ndarray]:
    """Yield indices of batches for ever, each pass in a new order."""
    size = min(BATCH_SIZE, n)
    while True:
        order = rng.permutation(n)
        yield from (order[i : i + size] for i in range(0, n - size + 1, size))
