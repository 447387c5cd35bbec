"""MODEL on the command line: the file of a trained model, a saved stack, or a script's network."""

import argparse
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import nengo
from nengo.exceptions import ValidationError

from nengo_dense.cli import console
from nengo_dense.cli.data import load_inputs
from nengo_dense.cli.named_arrays import NO_NAMES, Names
from nengo_dense.conversion import convert
from nengo_dense.conversion.tuning.effort import EFFORTS, check_effort
from nengo_dense.evaluation.ladder_samples import LadderSamples
from nengo_dense.evaluation.output_judges import judge_outputs, names_of_classes
from nengo_dense.evaluation.source_answers import source_parts
from nengo_dense.importers import read_model
from nengo_dense.importers.source_graph import SourceGraph
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.saved import load
from nengo_dense.layers.stack import ENCODINGS, DenseStack
from nengo_dense.sequence import Sequences

MODEL_HELP = (
    "a .keras or .h5 file, a .json of Keras's with the weights beside it, an .onnx or .nir file, "
    "a stack or a graph saved as .npz, or file.py:network (this RUNS the file, so only use it "
    "with scripts that you trust)"
)
#: Leaves the choice to `convert`.
AUTO = "auto"


@dataclass
class Model:
    """A MODEL after reading; a trained model is not converted yet.

    Attributes
    ----------
    name : str
        MODEL as typed.
    network : nengo.Network or None
        A stack, or a network of a script.
    source : sequence of DenseSpec or None
        A trained model, if there is no network.
    """

    name: str
    network: nengo.Network | None = None
    source: Any = None

    @property
    def n_in(self) -> int | None:
        """Number of inputs of a trained model or a stack."""
        if self.source is None:
            return getattr(self.network, "size_in", None)
        return int(self.source.n_in)

    @property
    def names(self) -> Names:
        """Inputs and outputs that have names: those of a graph."""
        if isinstance(self.source, SourceGraph):
            return Names(self.source.form.inputs, tuple(self.source.form.outputs))
        if isinstance(self.network, DenseGraph):
            return Names(self.network.sizes, tuple(self.network.outputs))
        return NO_NAMES

    def load_calibration(self, args: argparse.Namespace) -> Any:
        """Load the calibration data of ``--calibrate``, if given.

        Raises
        ------
        nengo.exceptions.ValidationError
            There is nothing to convert, or the samples do not fit.
        """
        for option in ("encoding", "calibrate", "effort"):
            if getattr(args, option) is not None and self.source is None:
                self.refuse(f"--{option}")
        if args.calibrate is None and args.effort is not None:
            raise ValidationError(
                "is for tuning, which needs samples; give them with --calibrate FILE.npz",
                attr="--effort",
            )
        if args.calibrate is None:
            return None
        return load_inputs(args.calibrate, self.n_in, names=self.names)

    def tuning_for(
        self, x: Any, per_frame: bool, calibration: Any, times: dict[str, Any]
    ) -> dict[str, Any]:
        """Return times of a conversion, so that calibration sequences are shown as ``x`` is."""
        if self.source is None or calibration is None:
            return times
        time, dt = times["presentation_time"], times["dt"]
        shown = LadderSamples.of(self.source, x, time, dt, None, per_frame)
        return times | shown.tuning(self.source, calibration)

    def refuse(self, option: str) -> NoReturn:
        """Raise a ValidationError for an option of conversion, because there is no conversion."""
        raise ValidationError(
            f"{option} belongs to conversion, but {self.name} is already a stack; give the file "
            "of the trained model instead",
            attr="MODEL",
        )

    def check_stack(self) -> DenseStack:
        """Return MODEL if it is a stack, or raise a ValidationError."""
        if not isinstance(self.network, DenseStack):
            raise ValidationError(
                f"{self.name} is a {type(self.network).__name__}, but a DenseStack is needed here",
                attr="MODEL",
            )
        return self.network

    def check_network(self) -> AnyDense:
        """Return MODEL if it is a stack or a graph, or raise a ValidationError."""
        return self.network if isinstance(self.network, DenseGraph) else self.check_stack()

    def check_truth(self, y: Any, x: Any, per_frame: bool, task: Any, classes: Any) -> str | None:
        """Look at a test set's answers before a trained model is converted, which takes a while.

        Parameters
        ----------
        y : (n, ...) ndarray, or dict of them by output
        x : (n, ...) ndarray, or list of sequences
        per_frame, task, classes
            As `nengo_dense.evaluate` takes them.

        Returns
        -------
        task : str or None
            What several linear outputs are for, as `nengo_dense.convert` takes it.

        Raises
        ------
        nengo.exceptions.ValidationError
            Answers that are none of the model's.
        """
        if self.source is None:
            return None
        classes = names_of_classes(self.source.classes, classes)
        sequences = Sequences.read(x, int(self.source.n_in)) if per_frame else None
        truths = y if sequences is None else sequences.by_frame(y, "y")
        n = len(x) if sequences is None else sequences.n_rows
        parts = source_parts(self.source)
        return judge_outputs(parts, truths, n, task, classes, None, self.source.task).linear_task

    def by_output(self, texts: list[str] | None, read: Callable[[str], Any], option: str) -> Any:
        """Return an option's values by output; the value itself where no output is named.

        Parameters
        ----------
        texts : list of str or None
            Each ``VALUE`` or ``OUTPUT=VALUE``.
        read : callable
            Makes a value of its text; raises a ValidationError for others.
        option : str
            For messages.

        Raises
        ------
        nengo.exceptions.ValidationError
            Several values for all outputs.
        """
        if texts is None:
            return None
        values: dict[str, Any] = {}
        outputs = self.names.outputs
        for text in texts:
            name, _, rest = text.partition("=")
            key, value = (name, rest) if name in outputs else ("", text)
            if key in values or (values and "" in (key, *values)):
                one = "for each of the outputs " + ", ".join(outputs) if outputs else "once"
                raise ValidationError(f"is given more than once; give it {one}", attr=option)
            values[key] = read(value)
        return values.get("", values)

    @property
    def is_graph(self) -> bool:
        """Whether MODEL is no chain of layers."""
        return isinstance(self.source, SourceGraph) or isinstance(self.network, DenseGraph)

    def to_stack(self, args: argparse.Namespace, **options: Any) -> AnyDense:
        """Convert a trained model, or return MODEL if it is a stack or a graph.

        Parameters
        ----------
        args : argparse.Namespace
            What `chosen` reads.
        **options
            Other options of `convert`.

        Raises
        ------
        nengo.exceptions.ValidationError
            MODEL is a script's network, but no stack and no graph.
        """
        if self.source is not None:
            self.network = self.convert(args, **options)
        return self.check_network()

    def convert(self, args: argparse.Namespace, **options: Any) -> nengo.Network:
        """Convert a trained model into a stack or a graph; the network where there is one."""
        if self.source is None:
            return self.check_network()
        console.announce(f"converting {self.name}")
        network: nengo.Network = convert(
            self.source,
            label=Path(self.name).stem,
            progress_bar=console.shows_progress(),
            **chosen(args),
            **options,
        )
        return network


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add MODEL, and the options of its conversion."""
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument(
        "--encoding",
        choices=(AUTO, *ENCODINGS),
        help="how inputs become spikes, for a model that is converted (default: auto, whichever "
        "leaves layers on the chip)",
    )
    parser.add_argument(
        "--calibrate",
        metavar="FILE.npz",
        help="inputs to choose firing rates by and to tune with, for a model that is converted: "
        "array x_train or x, samples or sequences (then with mask_train or mask)",
    )
    parser.add_argument(
        "--effort",
        type=effort,
        metavar="|".join([*EFFORTS, "S"]),
        help="how long tuning may take, a word or seconds; needs --calibrate (default: normal)",
    )


def effort(text: str) -> str | float:
    """Read an effort, a word or seconds; argparse reports any other text."""
    try:
        return check_effort(text if text in EFFORTS else float(text))
    except (ValueError, ValidationError):
        words = ", ".join(EFFORTS)
        raise argparse.ArgumentTypeError(
            f"must be {words}, or a number of seconds above 0, got {text}"
        ) from None


def chosen(args: argparse.Namespace) -> dict[str, Any]:
    """Return encoding and effort as arguments of `convert`, if the user chose them."""
    given = {"encoding": args.encoding, "effort": args.effort}
    return {name: value for name, value in given.items() if value not in (None, AUTO)}


def read(name: str) -> Model:
    """Read what MODEL names.

    Raises
    ------
    OSError, nengo.exceptions.NengoException
        There is no such file, it cannot be read, or a script fails or has no such network.
    """
    console.announce(f"reading {name}")
    if name.rpartition(":")[0].endswith(".py"):
        return Model(name, network=_run_script(name))
    if Path(name).suffix == ".npz":
        return Model(name, network=load(name))
    return Model(name, source=read_model(name))


def _run_script(model: str) -> nengo.Network:
    """Run a script and return the network of this name in it."""
    path, _, name = model.rpartition(":")
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        namespace = runpy.run_path(path)
    except (Exception, SystemExit) as err:  # the user's own code may raise any error
        raise ValidationError(
            f"{path} cannot be run: {type(err).__name__}: {err} (--traceback shows where)",
            attr="MODEL",
        ) from err
    network = namespace.get(name)
    if not isinstance(network, nengo.Network):
        networks = [k for k, v in namespace.items() if isinstance(v, nengo.Network)]
        found = f"is a {type(network).__name__}" if name in namespace else "does not exist"
        raise ValidationError(
            f"{name!r} in {path} {found}, but a nengo.Network is needed; there are: "
            f"{', '.join(networks) or 'none'}. Convert a live model in the script: "
            "stack = nengo_dense.convert(model)",
            attr="MODEL",
        )
    return network
