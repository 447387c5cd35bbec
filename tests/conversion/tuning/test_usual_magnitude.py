import numpy as np

from nengo_dense.conversion.tuning.usual_magnitude import usual_magnitude


def test_one_wrong_entry_does_not_decide_how_far_values_go(rng):
    x = rng.uniform(-3, 2, (4000, 3))
    x[:, 2] = 0
    x[7, 0] = 1e9
    np.testing.assert_allclose(usual_magnitude(x), [3, 3, 1], rtol=0.01)
    assert (np.abs(x[:, 1]) <= usual_magnitude(x)[1]).all()
