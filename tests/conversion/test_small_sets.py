"""Few calibration samples: tuning keeps to the source, and to what neurons on the host can do."""

import warnings

import numpy as np
import pytest

import nengo_dense
from nengo_dense.conversion import network_tuning
from nengo_dense.conversion.calibration import Samples, divide
from nengo_dense.conversion.tuning.host_limit import LIMIT
from nengo_dense.evaluation import evaluate
from nengo_dense.importers import read_model

SETS = ["wine", "iris", "breast_cancer"]


@pytest.fixture(scope="module", params=SETS)
def trained(request):
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    x, y = getattr(datasets, f"load_{request.param}")(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(x))
    x, y = ((x - x.mean(axis=0)) / x.std(axis=0))[order], y[order]
    half = len(x) // 2
    model = MLPClassifier((24, 16, 12), random_state=1, max_iter=200, learning_rate_init=0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x[:half], y[:half])
    return model, x[:half], y[:half], x[half:], y[half:]


def convert(trained, presentation_time=0.025, **arguments):
    model, x, *_ = trained
    return nengo_dense.convert(
        model,
        calibration=x,
        presentation_time=presentation_time,
        progress_bar=False,
        **arguments,
    )


def test_held_back_samples_are_answered_at_least_as_well_as_before(trained, monkeypatch):
    model, x, y, *_ = trained
    judged = []
    tune = network_tuning.tune

    def watched(*args, **kwargs):
        judged.extend(tune(*args, **kwargs))
        return judged

    monkeypatch.setattr(network_tuning, "tune", watched)
    stack = convert(trained, labels=y, effort="fast", seed=3)
    first, *_, last = judged
    assert last.bears(first)
    # the chip's integers themselves say the same of these samples
    source = read_model(model).logits(x)
    _, held_back = divide(Samples(x, source), 3)
    answers = nengo_dense.predict(
        stack, held_back.frames, presentation_time=0.025, progress_bar=False
    )
    classes = answers.argmax(axis=1)
    assert (classes != held_back.targets[:, 0].argmax(axis=1)).mean() == pytest.approx(last.gap)


def test_no_neuron_on_the_host_is_driven_beyond_one_spike_a_step(trained):
    _, x, *_ = trained
    stack = convert(trained, 0.1, effort="fast")
    host = stack.layers[0]
    drive = 0.001 * host.max_rate * (x @ host.weights.T + host.bias)
    assert drive.max() <= LIMIT * (1 + 1e-6)


def test_unseen_samples_are_answered_as_the_source_does(trained):
    model, _, _, x, y = trained
    stack = convert(trained, effort="fast")
    found = evaluate(
        stack, x, y, presentation_time=0.025, source=model.predict(x), progress_bar=False
    )
    # of 75 to 285 samples; a stack that follows its few calibration samples alone loses tens
    assert found.agreement >= 0.95
