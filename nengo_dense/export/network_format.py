"""What all formats have in common: look, build, ask, write, and put test vectors beside it."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nengo_dense import files
from nengo_dense.arguments import positive
from nengo_dense.duration import check_still, presentation_steps
from nengo_dense.exceptions import ExportError
from nengo_dense.export.deployment import Deployment, problems
from nengo_dense.export.vectors import VECTORS, choose_samples, path_of, vectors
from nengo_dense.layers.delay import delay_of
from nengo_dense.layers.exporter import Export
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.tuning_record import chosen_times

#: What writes one file, given open, and the kind that it may take the place of.
Produce = Callable[[BinaryIO], Any]
UNTUNED = (
    "it was not tuned for the chip's integers: make it with nengo_dense.convert(model, "
    "calibration=...), or give presentation_time= (in seconds) to write its weights as they are"
)


class NetworkFormat(ABC):
    """A format that is written of a tuned stack's integers.

    Attributes
    ----------
    name : str
        A noun with its article, for messages.
    writes : str
        What it writes, for people.
    suffixes : tuple of str
    kind : nengo_dense.files.Kind
        Of its files.

    Examples
    --------
    A format of one's own needs what is written, and how it is known:

    >>> import pathlib, tempfile
    >>> import nengo_dense
    >>> from nengo_dense.files import Kind
    >>> class Sizes(NetworkFormat):
    ...     name = "a file of sizes"
    ...     writes = "the number of neurons of each layer"
    ...     suffixes = (".sizes",)
    ...     kind = Kind("a file of sizes", lambda file: file.read(1).isdigit())
    ...
    ...     def problems(self, deployment):
    ...         return [] if len(deployment.layers) < 9 else ["it has room for 8 layers"]
    ...
    ...     def differences(self, deployment):
    ...         return ["it has no weights, so there are no spikes"]
    ...
    ...     def files(self, deployment, path):
    ...         text = " ".join(str(each.shape[2]) for each in deployment.spikes)
    ...         return {path: lambda file: file.write(text.encode())}
    >>> stack = nengo_dense.DenseStack([8, 6, 3], 4, seed=0)
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "net.sizes"
    >>> how = {"samples": [[1, 0, 0, 1]], "presentation_time": 0.02}
    >>> export = Sizes().export(stack, path, **how)
    >>> path.read_text()
    '8 6'
    >>> Sizes().paths(path) == [path]
    True
    """

    name: str
    writes: str
    suffixes: tuple[str, ...]
    kind: files.Kind

    def export(
        self,
        stack: AnyDense,
        path: str | Path,
        *,
        samples: Any = None,
        presentation_time: float | None = None,
        dt: float | None = None,
    ) -> Export:
        """Write a stack, and test vectors beside it.

        Parameters
        ----------
        stack : DenseStack or DenseGraph
        path : str or os.PathLike
        samples : (n, size_in) array_like, optional
            For the test vectors; drawn from the range of the calibration data if not given.
        presentation_time, dt : float, optional
            In seconds, in place of those that the stack was tuned for. Needed for a stack that
            was not tuned: whoever gives it says that the weights are right as they are.

        Returns
        -------
        export : Export

        Raises
        ------
        nengo_dense.exceptions.ExportError
            With everything that the format cannot hold.
        OSError
            A file that cannot be written.
        nengo.exceptions.ValidationError
            ``path`` is not a path, or another argument is none of those above.

        Warns
        -----
        UserWarning
            The stack was tuned for other samples, times or steps.
        """
        return self._export(stack, path, samples, presentation_time, dt)

    def _export(
        self,
        stack: AnyDense,
        path: str | Path,
        samples: Any,
        presentation_time: float | None,
        dt: float | None,
    ) -> Export:
        path = files.as_path(path)
        self._check(stack, path, presentation_time)
        x = choose_samples(stack, samples)
        deployment = self._build(stack, x, presentation_time, dt)
        differences = self.differences(deployment)
        arrays = vectors(deployment, differences)
        written = self.files(deployment, path)
        for file, produce in written.items():
            files.write(file, produce, kind=self.kind)
        beside = self._vectors(path)
        files.write_arrays(beside, arrays, kind=VECTORS)
        # the file that was named comes first
        others = [file for file in written if file != path]
        return Export(self.name, [path, *others, beside], differences)

    def _check(self, stack: AnyDense, path: Path, presentation_time: float | None) -> None:
        """Look at all that can be known before the network is built."""
        for file in self.paths(path):
            files.check_target(file, self.kind)
        files.check_target(self._vectors(path), VECTORS)
        found = problems(stack)
        if stack.tuned is None and presentation_time is None:
            found.insert(0, UNTUNED)
        self._refuse(stack, found)

    def _build(
        self, stack: AnyDense, x: np.ndarray, presentation_time: float | None, dt: float | None
    ) -> Deployment:
        tuned = stack.tuned
        time, step = chosen_times(tuned, presentation_time, dt)
        step = positive(step, "dt", unit="seconds")
        n_steps = presentation_steps(time, step)
        if tuned is None or tuned.frame_time is None:
            check_still(n_steps, step)
        found = [stack.altered] if stack.altered else []
        if tuned is not None:
            found = tuned.differences(dt=step, presentation_time=n_steps * step, x=x)
        for said in found:
            warnings.warn(said, stacklevel=6)  # of whoever calls stack.export
        delay = delay_of(stack, "sim", step) if tuned is not None and tuned.by_frame else 0
        deployment = Deployment.of(stack, n_steps + delay, step, x, delay)
        self._refuse(stack, self.problems(deployment))
        return deployment

    def _refuse(self, stack: AnyDense, found: list[str]) -> None:
        if found:
            kind = "graph" if isinstance(stack, DenseGraph) else "stack"
            title = f"The {kind} {stack.label!r}" if stack.label else f"The {kind}"
            raise ExportError(title, self.name, found)

    def _vectors(self, path: Path) -> Path:
        return path_of(self.paths(path)[-1])

    def paths(self, path: Path) -> list[Path]:
        """Return all files that are written for a path; test vectors are named as the last.

        Parameters
        ----------
        path : pathlib.Path
            As the user gave it.

        Returns
        -------
        paths : list of pathlib.Path
        """
        return [path]

    def problems(self, deployment: Deployment) -> list[str]:
        """Say what the format cannot hold, and the way out, a sentence each.

        Parameters
        ----------
        deployment : Deployment

        Returns
        -------
        sentences : list of str
            Empty where all of it can be written.
        """
        return []

    def differences(self, deployment: Deployment) -> list[str]:
        """Say what the target does otherwise than our integers, a sentence each.

        Parameters
        ----------
        deployment : Deployment

        Returns
        -------
        sentences : list of str
            Empty where both give the same spikes.
        """
        return []

    @abstractmethod
    def files(self, deployment: Deployment, path: Path) -> dict[Path, Produce]:
        """Return what writes each of `paths`.

        Parameters
        ----------
        deployment : Deployment
        path : pathlib.Path

        Returns
        -------
        writers : dict of {pathlib.Path: callable}
            Each is called with its file, open for bytes.
        """
