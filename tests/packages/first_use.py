"""What somebody does first with the installed package, from a trained model to the command line.

`bare_environments.py` runs this file in environments that hold nothing else. It takes the package
that is installed, never the folder beside it.
"""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np


def trained():
    """Train a small classifier of digits; return it with its data, training part first."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)
    model = MLPClassifier((32,), max_iter=150, random_state=0).fit(x_train, y_train)
    return model, x_train, x_test, y_train, y_test


def in_python(folder):
    """Convert, check, evaluate, save and load in ``folder``."""
    import nengo_dense

    model, x_train, x_test, _, y_test = trained()
    np.savez(folder / "data.npz", x_train=x_train, x_test=x_test[:50], y_test=y_test[:50])
    stack = nengo_dense.convert(
        model, calibration=x_train, effort="fast", seed=0, progress_bar=False
    )
    report = nengo_dense.check(stack)
    report.raise_if_errors()
    result = nengo_dense.evaluate(stack, x_test, y_test, progress_bar=False)
    lost = model.score(x_test, y_test) - result.accuracy
    assert lost < 0.03, f"conversion lost {100 * lost:.1f} points"
    stack.save(folder / "digits.npz")
    loaded = nengo_dense.DenseStack.load(folder / "digits.npz")
    outputs = [
        nengo_dense.predict(each, x_test[:20], progress_bar=False) for each in (stack, loaded)
    ]
    np.testing.assert_array_equal(*outputs)
    result.plot(str(folder / "digits.png"))
    print(result)


def on_the_command_line(folder):
    """Run the command in both of its forms; every call must end with 0."""
    command = [str(Path(sys.executable).with_name("nengo-dense"))]
    module = [sys.executable, "-m", "nengo_dense"]
    calls = [
        [*command, "--help"],
        [*module, "--version"],
        [*command, "rules"],
        [*module, "check", "digits.npz", "--calibrate", "data.npz", "--html", "report.html"],
        [*command, "evaluate", "digits.npz", "--data", "data.npz"],
        [*command, "predict", "digits.npz", "--data", "data.npz", "-o", "answers.npz"],
        [*command, "export", "digits.npz", "-o", "digits.c"],
    ]
    for call in calls:
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True, timeout=900)
        said = f"{call} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said
        assert not done.stderr.strip(), said


def plain_nengo_loihi():
    """Build and run a network without any layer of ours, as the installation page promises."""
    import nengo
    import nengo_loihi

    with nengo.Network(seed=0) as net:
        ensemble = nengo.Ensemble(50, 1)
        nengo.Connection(nengo.Node(0.5), ensemble)
        probe = nengo.Probe(ensemble, synapse=0.02)
    with nengo_loihi.Simulator(net, progress_bar=False) as sim:
        sim.run(0.2)
    assert abs(sim.data[probe][-50:].mean() - 0.5) < 0.2


def main(folder):
    """Do all of it."""
    import nengo_dense

    home = Path(nengo_dense.__file__)
    assert Path(sys.prefix) in home.parents, f"{home} is not the installed package"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other packages' words about their versions
        plain_nengo_loihi()
        in_python(folder)
    on_the_command_line(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
