"""How untrained weights are drawn."""

import numpy as np
from nengo.dists import Distribution


class GlorotUniform(Distribution):
    """Uniform weights within ``±sqrt(6 / (n_in + n_out))``, the default of Keras's Dense.

    Keeps the variance of activations and gradients about equal from layer to layer.
    Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
    neural networks", AISTATS 2010, equation 16.
    """

    def sample(
        self,
        n: int,
        d: int | None = None,
        rng: np.random.RandomState = np.random,  # type: ignore[assignment]
    ) -> np.ndarray:
        """Draw an ``(n, d)`` array of weights from ``d`` inputs to ``n`` outputs."""
        limit = np.sqrt(6 / (n + (1 if d is None else d)))
        return rng.uniform(-limit, limit, size=(n,) if d is None else (n, d))
