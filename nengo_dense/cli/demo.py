"""``nengo-dense demo``: handwritten digits, from training to the chip's integers."""

import argparse
from pathlib import Path
from typing import Any

from nengo_dense import compat, picture_file
from nengo_dense.cli import console
from nengo_dense.cli.number import seed
from nengo_dense.cli.showing import check_showing
from nengo_dense.conversion import convert
from nengo_dense.evaluation import Evaluation, evaluate
from nengo_dense.evaluation.interval import wilson_interval
from nengo_dense.files import check_target
from nengo_dense.layers.stack_file import STACK

#: Points of accuracy that conversion may cost.
GOAL = 0.6
#: Description of each target in the table.
STAGES = {
    "nengo": "spiking neurons in Nengo",
    "simreal": "Loihi emulator, floats",
    "sim": "Loihi emulator, integers",
}


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "demo", parents=[common], help="train, convert and run a digit classifier"
    )
    parser.add_argument(
        "-o",
        "--output",
        default="demo-output",
        metavar="FOLDER",
        help="for the picture and the stack (%(default)s)",
    )
    parser.add_argument("--seed", type=seed, default=0, help="of split and training (%(default)s)")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Train, convert, evaluate, print and draw."""
    compat.require("matplotlib", "The demo")
    image, file = _prepare(Path(args.output))
    console.say("training a classifier of scikit-learn's digits, some seconds")
    x_train, x_test, _, y_test, model = train(args.seed)
    show = console.shows_progress()
    console.say("converting it, and tuning it on the chip's integers, some 20 seconds")
    stack = convert(model, calibration=x_train, label="digits", progress_bar=show)
    n_right = int((model.predict(x_test) == y_test).sum())
    console.say(
        f"Network 64-64-32-32-10 of the Nengo forum, scikit-learn digits: trained on "
        f"{len(x_train)}, tested on all {len(x_test)} held-out images, 100 ms each"
    )
    console.say("running it in Nengo and on the emulator, some 20 seconds\n")
    results = {
        target: evaluate(stack, x_test, y_test, target=target, progress_bar=show)
        for target in STAGES
    }
    _print_table(n_right, results)
    console.say("\n" + results["sim"].summary())
    console.say("\nchecking it, some seconds")
    console.say(check_showing(stack, x_test, progress_bar=False))

    console.say("\ndrawing, some seconds")
    results["sim"].plot(str(image))
    stack.save(file)
    console.say(f"picture: {image}; the stack itself: {file}")
    gap = 100 * (n_right / len(y_test) - results["sim"].score)
    met = gap <= GOAL
    console.say(
        f"conversion cost {gap:.2f} points (goal: at most {GOAL}): {'met' if met else 'MISSED'}"
    )
    return 0 if met else 1


def _prepare(folder: Path) -> tuple[Path, Path]:
    """Make the folder; check that a picture and a stack can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise type(err)(f"{folder} cannot be a folder to write into: {err.strerror}") from err
    image, file = folder / "digits.png", folder / "digits.npz"
    check_target(image, picture_file.kind(image))
    check_target(file, STACK)
    return image, file


def train(seed: int) -> tuple:
    """Train a 64-32-32 network with scikit-learn on three quarters of its digits."""
    purpose = "The demo"
    datasets = compat.require("sklearn.datasets", purpose)
    selection = compat.require("sklearn.model_selection", purpose)
    network = compat.require("sklearn.neural_network", purpose)
    x, y = datasets.load_digits(return_X_y=True)
    split = selection.train_test_split(x / 16, y, test_size=0.25, random_state=seed, stratify=y)
    model = network.MLPClassifier((64, 32, 32), max_iter=1000, random_state=seed)
    model.fit(split[0], split[2])
    return (*split, model)


def _print_table(n_right: int, results: dict[str, Evaluation]) -> None:
    n = results["sim"].n
    console.say(f"{'':<28}{'accuracy':>9}   95 % interval")
    low, high = wilson_interval(n_right, n)
    console.say(f"{'scikit-learn, floats':<28}{n_right / n:>9.2%}   {low:.2%} to {high:.2%}")
    for target, name in STAGES.items():
        low, high = results[target].confidence_interval
        console.say(f"{name:<28}{results[target].score:>9.2%}   {low:.2%} to {high:.2%}")
