"""What tuning learns from: batches of samples, and inputs between them."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from nengo_dense.conversion.tuning.answer import Samples
from nengo_dense.conversion.tuning.goal import Goals

#: Logits of the source model for inputs: (batch, n_out) of (batch, n_in) arrays.
Source = Callable[[np.ndarray], np.ndarray]
#: Samples drawn at random, of which the most alike is a sample's partner. On training parts of
#: made data that were held back, a network tuned for 10 steps lost 4.2 points without mixing; with
#: whole batches mixed, 0.9 and 1.8 with any partner, and 0.6 with these (one seed). On letters, 25
#: steps, any partner cost 1.9 points.
CANDIDATES = 32
#: What tells of samples learned by heart: loss of held-back samples, relative to that of samples
#: learned from, and to their own lowest one. On letters, where it falls to the end, mixing from
#: where the first of these is reached cost a point in 25 steps.
BY_HEART, RISEN = 1.5, 1.1
#: Share of samples of a class, relative to an even one, below which they come several times in a
#: pass, and how often at most. On samples held back from ``make_classification`` with a class of
#: 1.5 %, tuned for 10 steps of spikes, 81, 95 and 100 % of what the source model answers so is
#: answered so too, and 69, 77 and 100 % if all come once (random states 22 to 24).
LEAST_SHARE, MOST_TIMES = 0.25, 10
#: Samples of an update times steps of a presentation, and the fewest and most samples: long
#: presentations tell more of a sample. On digits, 64 at 100 steps did as well as 256, in a quarter
#: of the time. On letters held back from training, 640 at 10 steps did better than 256 with three
#: times as many updates.
SAMPLES_BY_STEPS, LEAST_BATCH, MOST_BATCH = 6400, 64, 640
#: How many times as many where slopes go by rate, which takes little longer. On letters held back
#: from training, 2 and 4 left 0.94 and 0.94 of the divergence (7 and 5 seeds), and with every
#: layer on the chip, 2 left 0.91 (7 seeds); what ``make_classification`` makes is answered alike.
MORE_BY_RATE = 2
#: Batches that the samples make up at least: on digits held back from training (3 seeds), a third
#: of 916 samples at 10 steps did as well as two thirds, in half of the time.
LEAST_BATCHES = 3


class Lessons:
    """Batches for ever, each pass over the samples in a new order.

    Once the samples are learned by heart, half of them are mixed (`mix`); only half, as what is
    mixed lies nearer to the middle of all samples.

    Parameters
    ----------
    samples : Samples
    size : int
        Samples of a batch, at most.
    source : Source or None
        Without it nothing is mixed.
    seed : int
        Of all that is drawn.
    times : (n,) ndarray of int, optional
        How often each sample comes in a pass, if not once; see `more_of_the_rare`.
    """

    def __init__(
        self,
        samples: Samples,
        size: int,
        source: Source | None,
        seed: int,
        times: np.ndarray | None = None,
    ) -> None:
        self._samples, self._source = samples, source
        self._rows = np.repeat(np.arange(len(samples)), 1 if times is None else times)
        self._rng = np.random.RandomState(seed)
        self._batches = self._in_order(min(size, len(samples)))
        self._losses: list[float] = []
        self._lowest = np.inf
        self._by_heart = False

    @classmethod
    def of(
        cls,
        samples: Samples,
        goals: Goals,
        source: Source | None,
        by_rate: bool,
        seed: int,
    ) -> "Lessons":
        """Choose what to learn from: all samples, those of rare classes several times."""
        is_choice = goals.is_choice and samples.targets.shape[1] == 1  # no frames
        times = more_of_the_rare(samples.targets[:, 0]) if is_choice else None
        size = batch_size(goals.n_steps, len(samples), by_rate)
        return cls(samples, size, source, seed, times)

    def _in_order(self, size: int) -> Iterator[Samples]:
        n = len(self._rows)
        while True:
            order = self._rows[self._rng.permutation(n)]
            starts = range(0, n - size + 1, size)
            yield from (self._samples[order[start : start + size]] for start in starts)

    def next_batch(self) -> Samples:
        """Return what to learn from next."""
        batch = next(self._batches)
        if self._by_heart and self._source is not None:
            half = len(batch) // 2
            mixed = mix(batch[half:], self._samples, self._source, self._rng)
            return batch[:half].joined(mixed)
        return batch

    def note(self, loss: float) -> None:
        """Keep the loss of the last batch, before anything was learned from it."""
        self._losses.append(loss)

    def compare(self, held_back: float) -> None:
        """Compare the losses since the last time with that of samples that are held back."""
        learned = float(np.mean(self._losses))
        self._by_heart |= held_back > max(BY_HEART * learned, RISEN * self._lowest)
        self._lowest = min(self._lowest, held_back)
        self._losses.clear()


def batch_size(n_steps: int, n_samples: int, by_rate: bool) -> int:
    """Choose the number of samples of an update, by the steps of a presentation."""
    most = min(MOST_BATCH, n_samples // LEAST_BATCHES)
    wanted = SAMPLES_BY_STEPS * (MORE_BY_RATE if by_rate else 1) // n_steps
    return max(LEAST_BATCH, min(wanted, most))


def more_of_the_rare(logits: np.ndarray) -> np.ndarray:
    """Return how often each sample is to come, so that rare classes are learned too.

    Where a hundredth of all samples are of a class, the mean loss hardly sees them, and a chip
    that lost a fifth of them would lose 0.2 % of the answers.

    Parameters
    ----------
    logits : (n, n_classes) ndarray
        The source model's.

    Returns
    -------
    times : (n,) ndarray of int
    """
    _, classes, counts = np.unique(logits.argmax(axis=1), return_inverse=True, return_counts=True)
    wanted = LEAST_SHARE * len(logits) / len(counts)
    return np.minimum(np.ceil(wanted / counts), MOST_TIMES).astype(int)[classes]


def mix(batch: Samples, samples: Samples, source: Source, rng: np.random.RandomState) -> Samples:
    """Move samples part of the way to others, at most half, and ask the source model anew.

    Few samples are soon learned by heart. A source model answers whatever it is asked, and between
    samples it says more of itself (L. Beyer et al., "Knowledge distillation: A good teacher is
    patient and consistent", CVPR 2022; H. Zhang et al., "mixup: Beyond empirical risk
    minimization", ICLR 2018). Partners are samples that the source answers alike, as inputs
    between others are often unlike any. No value leaves the range of the samples. Labels stay.

    Parameters
    ----------
    batch : Samples
    samples : Samples
        To choose partners from. A sequence of another length is none.
    source : Source
    rng : numpy.random.RandomState

    Returns
    -------
    mixed : Samples
    """
    drawn = rng.randint(len(samples), size=(len(batch), CANDIDATES))
    apart = ((samples.targets[drawn] - batch.targets[:, np.newaxis]) ** 2).sum(axis=(2, 3))
    apart[apart == 0] = np.inf  # the sample itself
    partners = samples[drawn[np.arange(len(batch)), apart.argmin(axis=1)]]
    share = rng.uniform(0, 0.5, size=len(batch))
    if batch.lengths is not None and partners.lengths is not None:
        share *= batch.lengths == partners.lengths
    x = batch.x + share[:, np.newaxis, np.newaxis] * (partners.x - batch.x)
    answers = source(x.reshape(-1, x.shape[-1]))
    return replace(batch, x=x, targets=answers.reshape(batch.targets.shape))
