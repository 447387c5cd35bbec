"""A bar is named by its act, and says at first that functions are compiled."""

import nengo
import numpy as np
import pytest

from nengo_dense import DenseStack, Simulator, evaluate
from nengo_dense.loihi.kernel import choice


class Seen(nengo.utils.progress.ProgressBar):
    """Keep what is shown."""

    def __init__(self):
        self.names = []

    def update(self, progress):
        self.names.append(progress.name_after if progress.finished else progress.name_during)

    def close(self):
        pass


def simulate(bar):
    with nengo.Network(seed=0) as net:
        DenseStack([4, 4, 3], 2, seed=0)
    with Simulator(net, progress_bar=False) as sim:
        sim.run_steps(20, progress_bar=bar)


def evaluate_some(bar):
    stack = DenseStack([4, 4, 3], 2, seed=0)
    evaluate(stack, np.ones((2, 2)), [0, 1], presentation_time=0.02, progress_bar=bar)


@pytest.mark.parametrize("run, act", [(simulate, "Simulating"), (evaluate_some, "Evaluating")])
def test_a_run_says_that_it_compiles_where_it_does_and_then_what_it_does(run, act, monkeypatch):
    for ready, first in ((True, act), (False, choice.COMPILING)):
        monkeypatch.setattr(choice, "is_compiled", lambda *_, ready=ready: ready)
        bar = Seen()
        run(bar)
        assert bar.names[0] == first
        assert set(bar.names[1:]) & {act, "Simulation"}
        assert choice.COMPILING not in bar.names[-1]


def test_numpy_compiles_nothing():
    assert choice.is_compiled("numpy")
