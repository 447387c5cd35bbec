"""MODEL on the command line: a trained model's file, a saved stack, or a network in a script."""

import argparse
import runpy
import sys
from pathlib import Path
from typing import Any

import nengo
from nengo.exceptions import ValidationError

from nengo_dense.conversion import convert
from nengo_dense.layers.stack import ENCODINGS, DenseStack

MODEL_HELP = (
    "a .keras or .h5 file, a .json of Keras's with the weights beside it, an .onnx or .nir file, "
    "a stack saved as .npz, or file.py:network (this one RUNS the file, so only use it with "
    "scripts that you trust)"
)
DEFAULT_ENCODING = "host"


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add MODEL and how it is converted."""
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument(
        "--encoding",
        choices=ENCODINGS,
        help="how inputs become spikes, for a model that is converted (default: "
        f"{DEFAULT_ENCODING})",
    )
    parser.add_argument(
        "--calibrate",
        metavar="FILE.npz",
        help="inputs to choose firing rates by, for a model that is converted: array x",
    )


def load_stack(model: str, encoding: str | None = None, calibration: Any = None) -> DenseStack:
    """Load a stack, or convert a trained model into one.

    Raises
    ------
    nengo.exceptions.ValidationError
        A script's network that is not a stack, or options of conversion for what is one already.
    """
    given = {"--encoding": encoding, "--calibrate": calibration}
    for option, value in given.items():
        if value is not None and not is_source(model):
            raise ValidationError(
                f"{option} is for a model that is converted, and {model} is a stack already; give "
                "the trained model's file with it",
                attr="MODEL",
            )
    if _is_script(model):
        network = load_network(model)
        if not isinstance(network, DenseStack):
            raise ValidationError(
                f"{model} is a {type(network).__name__}, but a DenseStack is needed here",
                attr="MODEL",
            )
        return network
    if Path(model).suffix == ".npz":
        return DenseStack.load(model)
    return convert(
        model,
        encoding=encoding or DEFAULT_ENCODING,
        calibration=calibration,
        label=Path(model).stem,
        progress_bar=sys.stderr.isatty(),
    )


def is_source(model: str) -> bool:
    """Tell whether MODEL is a trained model's file, and not a stack or a script."""
    return not _is_script(model) and Path(model).suffix != ".npz"


def source_of(model: str) -> str:
    """Return MODEL as the source model of a ladder.

    Raises
    ------
    nengo.exceptions.ValidationError
        A stack, which no longer knows what it was converted from.
    """
    if not is_source(model):
        raise ValidationError(
            f"a ladder starts at the trained model, and {model} is a stack already; name the "
            ".keras or .h5 file that it came from",
            attr="MODEL",
        )
    return model


def load_network(
    model: str, encoding: str | None = None, calibration: Any = None
) -> nengo.Network:
    """Load any network that MODEL names; a script's, or a stack."""
    if not _is_script(model):
        return load_stack(model, encoding, calibration)
    path, _, name = model.rpartition(":")
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        namespace = runpy.run_path(path)
    except (Exception, SystemExit) as err:  # whatever the user's own code raises
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
            f"{', '.join(networks) or 'none'}. A live model is converted in the script: "
            "stack = nengo_dense.convert(model)",
            attr="MODEL",
        )
    return network


def _is_script(model: str) -> bool:
    return model.rpartition(":")[0].endswith(".py")
