import numpy as np
import pytest

from nengo_dense.evaluation.readout import decide_over_time


@pytest.mark.parametrize("window", [0.1, 0.5, 1.0])
def test_decides_by_the_mean_of_the_window(rng, window):
    logits = rng.randn(7, 23, 4)
    decisions = decide_over_time(logits, window)
    for t in range(1, 24):
        start = int(np.floor(t * (1 - window)))
        expected = logits[:, start:t].mean(axis=1).argmax(axis=1)
        np.testing.assert_array_equal(decisions[:, t - 1], expected)


def test_the_first_step_decides_alone(rng):
    logits = rng.randn(5, 3, 4)
    np.testing.assert_array_equal(decide_over_time(logits)[:, 0], logits[:, 0].argmax(axis=1))
