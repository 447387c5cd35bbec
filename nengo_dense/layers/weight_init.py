"""Initial weights: their distribution, and their largest number."""

import numpy as np
from nengo.dists import Distribution
from nengo.exceptions import ValidationError

from nengo_dense.loihi.limits import CORES_PER_CHIP, MAX_COMPARTMENTS, MAX_IN_AXONS

#: Most weights in one layer: all neurons of a chip, each with the most inputs of a core.
MAX_WEIGHTS = CORES_PER_CHIP * MAX_COMPARTMENTS * MAX_IN_AXONS


def check_count(n_out: int, n_in: int, attr: str, obj: object) -> None:
    """Refuse a layer with too many weights, before memory is allocated for them.

    Raises
    ------
    nengo.exceptions.ValidationError
        There are more than `MAX_WEIGHTS`.
    """
    if n_out * n_in > MAX_WEIGHTS:
        raise ValidationError(
            f"{n_out} outputs of {n_in} inputs have {n_out * n_in} weights, and a layer may have "
            f"{MAX_WEIGHTS}: a whole chip holds no more, and Nengo copies them several times. "
            "Make the layer narrower.",
            attr=attr,
            obj=obj,
        )


class GlorotUniform(Distribution):
    """Uniform weights within ``±sqrt(6 / (n_in + n_out))``, the default of Keras's Dense.

    They keep the variance of activations and gradients about equal from layer to layer.
    Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
    neural networks", AISTATS 2010, equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> GlorotUniform().sample(3, 2, rng=np.random.RandomState(0)).shape
    (3, 2)
    """

    def sample(
        self,
        n: int,
        d: int | None = None,
        rng: np.random.RandomState = np.random,  # type: ignore[assignment]
    ) -> np.ndarray:
        """Draw an ``(n, d)`` array of weights from ``d`` inputs to ``n`` outputs.

        Parameters
        ----------
        n : int
            Outputs.
        d : int, optional
            Inputs; without it the weights are ``(n,)``, of one input.
        rng : numpy.random.RandomState, optional

        Returns
        -------
        weights : (n, d) ndarray
        """
        limit = np.sqrt(6 / (n + (1 if d is None else d)))
        return rng.uniform(-limit, limit, size=(n,) if d is None else (n, d))
