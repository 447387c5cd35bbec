"""Slopes of a loss with respect to spikes, gathered from all that read them."""

import itertools

import numpy as np

from nengo_dense.conversion.tuning.answer import Rows
from nengo_dense.conversion.tuning.circuit import Course


class SpikeSlopes:
    """Slopes of the loss with respect to every population's spikes: sums over its readers.

    Outputs come first, and then the layers, readers before their sources.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self._shapes = [spiked.shape for spiked in course.spikes]
        self._alike: dict[int, list[tuple[Rows, slice, np.ndarray]]] = {}
        self._known: dict[int, np.ndarray] = {}
        self._totals: dict[int, np.ndarray] = {}

    def of(self, population: int) -> np.ndarray:
        """Return the (batch, n_steps, n_neurons) float32 array, to add to."""
        if population not in self._known:
            self._known[population] = self._spread(population)
        return self._known[population]

    def add_alike(self, population: int, rows: Rows, steps: slice, slopes: np.ndarray) -> None:
        """Add slopes that are the same in some steps: (n_rows, n_neurons), before all others."""
        self._alike.setdefault(population, []).append((rows, steps, np.float32(slopes)))

    def _spread(self, population: int) -> np.ndarray:
        """Add up slopes that are alike, and write every step once."""
        lanes, n_steps, n = self._shapes[population]
        found = np.empty((lanes, n_steps, n), dtype=np.float32)
        alike = self._alike.get(population, [])
        bounds = {0, n_steps, *(bound for _, s, _ in alike for bound in s.indices(n_steps)[:2])}
        for start, stop in itertools.pairwise(sorted(bounds)):
            here = np.zeros((lanes, n), dtype=np.float32)
            for rows, steps, slopes in alike:
                first, end, _ = steps.indices(n_steps)
                if first <= start and stop <= end:
                    here[rows] += slopes
            found[:, start:stop] = here[:, np.newaxis]
        return found

    def add(self, population: int, slopes: np.ndarray) -> None:
        """Add slopes of every step; the array itself may be kept and changed."""
        if population in self._known or population in self._alike:
            self.of(population)[...] += slopes
        else:
            self._known[population] = slopes

    def add_totals(self, population: int, slopes: np.ndarray) -> None:
        """Add slopes of all steps of each frame together, (batch, n_frames, n_neurons)."""
        self._totals[population] = slopes + self._totals.get(population, 0)

    def totals(self, population: int) -> np.ndarray:
        """Return the sums over all steps of each frame, (batch, n_frames, n_neurons)."""
        course, (lanes, _, n) = self._course, self._shapes[population]
        totals = np.zeros((lanes, course.x.shape[1], n), dtype=np.float32)
        totals += self._totals.get(population, 0)
        if population in self._known:
            totals += course.by_frame(self._known[population])
            return totals
        for rows, steps, slopes in self._alike.get(population, []):
            first, end, _ = steps.indices(course.fired.shape[1])
            for k, frame in enumerate(course.frames):
                lasts = min(frame.stop, end) - max(frame.start, first)
                if lasts > 0:
                    totals[rows, k] += lasts * slopes
        return totals
