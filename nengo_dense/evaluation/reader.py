"""Readers: the data that each evaluation keeps of a batch's outputs during a run."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from nengo_dense.evaluation.decision import answer_type, decide, deciding
from nengo_dense.heads import HEADS
from nengo_dense.layers.readout import window_start


class Reader(ABC):
    """Is given the mean logits of a batch's window after each step, and keeps little of them.

    Parameters
    ----------
    head : str
        What makes the output of mean logits, a key of `nengo_dense.heads.HEADS`.

    Attributes
    ----------
    only_last : bool
        Whether it looks only at the last of the steps that it is given.
    """

    only_last = False

    def __init__(self, head: str) -> None:
        self.head = head

    @abstractmethod
    def begin(self, n: int, n_steps: int, n_out: int) -> None:
        """Expect so many samples, steps and outputs."""

    @abstractmethod
    def read(self, lanes: slice, first_step: int, means: np.ndarray) -> None:
        """Look at some lanes' mean logits, (lanes, steps, n_out), from ``first_step`` (from 0).

        If it looks `only_last`, there may be only the last of some steps.
        """

    @abstractmethod
    def result(self) -> Any:
        """Return what was kept."""


class LastOutputs(Reader):
    """The outputs after the last step, (n, n_out)."""

    only_last = True

    def begin(self, n: int, n_steps: int, n_out: int) -> None:
        """Make room."""
        self._last = n_steps - 1
        self._outputs = np.zeros((n, n_out))

    def read(self, lanes: slice, first_step: int, means: np.ndarray) -> None:
        """Keep the last."""
        if first_step + means.shape[1] > self._last:
            self._outputs[lanes] = HEADS[self.head](means[:, -1])

    def result(self) -> np.ndarray:
        """Return the outputs."""
        return self._outputs


class Answers(Reader):
    """The class that would be answered after each step and, if wanted, how far it was ahead.

    A lead is summed over the window. Neurons that integrate carry less than a spike from step to
    step, so that sums are wrong by about as much early as late, while means are wrong by more
    early.

    Parameters
    ----------
    head : str
    with_leads : bool, optional
    """

    def __init__(self, head: str, with_leads: bool = False) -> None:
        super().__init__(head)
        self._with_leads = with_leads
        self._leads: np.ndarray | None = None

    def begin(self, n: int, n_steps: int, n_out: int) -> None:
        """Make room."""
        self._answers = np.zeros((n, n_steps), dtype=answer_type(n_out))
        if self._with_leads:
            self._leads = np.zeros((n, n_steps), dtype=np.float32)

    def read(self, lanes: slice, first_step: int, means: np.ndarray) -> None:
        """Decide after each step."""
        steps = slice(first_step, first_step + means.shape[1])
        self._answers[lanes, steps] = decide(means, self.head)
        if self._leads is None:
            return
        end = np.arange(steps.start + 1, steps.stop + 1)
        values = deciding(means, self.head)
        if values.shape[-1] == 1:
            lead = np.abs(values[..., 0])
        else:
            lead = np.diff(np.partition(values, -2)[..., -2:], axis=-1)[..., 0]
        self._leads[lanes, steps] = lead * (end - window_start(end))

    def result(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Return answers and leads, (n, n_steps) each; None for leads that are not wanted."""
        return self._answers, self._leads


class _Measured(Reader):
    """Holds outputs against what is right; every sample counts as much as it weighs."""

    def __init__(self, head: str, truth: np.ndarray, weights: np.ndarray) -> None:
        super().__init__(head)
        self._truth = truth
        self._weights = weights


class Values(_Measured):
    """The outputs after the last step, and the squared error after each, (n_steps, n_out).

    Parameters
    ----------
    head : str
    truth : (n, n_out) ndarray
    weights : (n,) ndarray
    """

    def begin(self, n: int, n_steps: int, n_out: int) -> None:
        """Make room."""
        self._outputs = np.zeros((n, n_out))
        self._errors = np.zeros((n_steps, n_out))

    def read(self, lanes: slice, first_step: int, means: np.ndarray) -> None:
        """Add errors; the last outputs stay."""
        outputs = HEADS[self.head](means)
        self._outputs[lanes] = outputs[:, -1]
        errors = (outputs - self._truth[lanes, np.newaxis]) ** 2
        steps = slice(first_step, first_step + means.shape[1])
        self._errors[steps] += np.tensordot(self._weights[lanes], errors, axes=1)

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Return both."""
        return self._outputs, self._errors


class Labels(_Measured):
    """The labels after the last step, and how many were right after each.

    Parameters
    ----------
    head : str
    truth : (n, n_labels) ndarray of bool
    weights : (n,) ndarray
    """

    def begin(self, n: int, n_steps: int, n_out: int) -> None:
        """Make room."""
        self._answers = np.zeros((n, n_out), dtype=bool)
        self._counts = np.zeros((n_steps, 3, n_out))
        self._exact = np.zeros(n_steps)

    def read(self, lanes: slice, first_step: int, means: np.ndarray) -> None:
        """Count right labels given, wrong ones given, right ones left out, and samples all right.

        A logit above 0 is an output above the middle, whatever the head.
        """
        answers = means > 0
        self._answers[lanes] = answers[:, -1]
        truth, weights = self._truth[lanes, np.newaxis], self._weights[lanes]
        steps = slice(first_step, first_step + means.shape[1])
        for i, found in enumerate((truth & answers, ~truth & answers, truth & ~answers)):
            self._counts[steps, i] += np.tensordot(weights, found, axes=1)
        self._exact[steps] += weights @ (answers == truth).all(axis=2)

    def result(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return labels, (n, n_labels), counts, (n_steps, 3, n_labels), and shares, (n_steps,)."""
        return self._answers, self._counts, self._exact
