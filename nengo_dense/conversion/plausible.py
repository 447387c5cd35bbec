"""What a model's values may be, from its weights alone.

A trained network still shows at which scale it works. Its weights started at a size for values
of about 1 (`nengo_dense.layers.weight_init`) and moved by a small factor; so did its biases. What
is far from that was rescaled: by a scaler folded into the first layer, by other units, or by
hand. Inputs that no weight tells of, such as pixels up to 255 that the model was trained on as
they are, stay unknown: for these there are calibration data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nengo_dense.conversion.scaling import busy
from nengo_dense.importers.form.spec import DenseSpec, forward

#: Biases of trained layers relative to the scale of their values (root mean square); seen from
#: 0.15 to 0.5.
BIAS_SHARE = 0.2
#: The largest of these shares seen; larger biases in the first layer hold a scaler's mean.
MOST_BIAS_SHARE = 0.5
#: Random inputs that stand for real ones, and the percentile of activations that counts: the
#: usual range below is a hundred times wider than what fewer inputs make of it.
N_INPUTS, PERCENTILE = 100, 99.9
#: Activations within this range are as most models have them: real ones are 1 to 5 times as large
#: as those of the random inputs.
LEAST_USUAL, MOST_USUAL = 0.2, 20.0
#: What counts as usual where something else was found.
USUAL = 2.0
#: Inputs of a scale from this up to 1 are encoded as if it were 1.
LEAST_INPUT_SCALE = 0.25
#: Weights of an input that are smaller than this, relative to other inputs', are as good as none.
UNREAD = 1e-3
#: Standard deviations of an input that are encoded.
DEVIATIONS = 4.0


@dataclass(frozen=True)
class Plausible:
    """Values that a model may have.

    Attributes
    ----------
    mean, deviation : (n_in,) ndarray
        Of each input.
    activations : list of float
        High percentile of each hidden layer's activations.
    """

    mean: np.ndarray
    deviation: np.ndarray
    activations: list[float]

    @classmethod
    def of(cls, specs: Sequence[DenseSpec]) -> "Plausible":
        """Find what a model's values may be.

        Parameters
        ----------
        specs : sequence of DenseSpec
            With at least one hidden layer, and weights in each.
        """
        first = specs[0]
        columns = _rms(first.weights, axis=0)
        # an input that training took no notice of has no scale
        unread = columns < UNREAD * np.median(columns[columns > 0])
        columns[unread] = np.median(columns[~unread])
        scale = _first_scale(specs, float(np.median(columns)))
        # inputs count alike, and the first layer's weighted sums have the scale that was found
        deviation = scale * _initial(first) / columns
        mean = np.zeros(first.n_in)
        if _rms(first.bias) > MOST_BIAS_SHARE * scale:
            # a scaler folded into the first layer leaves its mean in the biases
            mean = -np.linalg.lstsq(first.weights, first.bias, rcond=1e-3)[0]
            mean[unread] = 0.0
        x = mean + deviation * np.random.RandomState(0).randn(N_INPUTS, first.n_in)
        hidden = forward(specs, x)[:-1]
        return cls(mean, deviation, [busy(values, PERCENTILE) for values in hidden])

    @property
    def factors(self) -> list[float]:
        """(list of float) What to divide each hidden layer's rate by, 1 for a usual layer."""
        return [
            1.0 if LEAST_USUAL <= value <= MOST_USUAL else value / USUAL
            for value in self.activations
        ]

    @property
    def input_scale(self) -> np.ndarray:
        """((n_in,) ndarray) What to encode as a layer's value 1, 1 for a usual input."""
        scale = (np.abs(self.mean) + DEVIATIONS * self.deviation) / DEVIATIONS
        return np.where((scale >= LEAST_INPUT_SCALE) & (scale <= 1), 1.0, scale)


def _first_scale(specs: Sequence[DenseSpec], columns: float) -> float:
    """Estimate the scale of the first hidden layer's values, as the middle one of three votes.

    Inputs of about 1 would make it so large; outputs of about 1 would need it so large; and the
    biases of the layers after it are about so large. A scaler at one end misleads one vote.
    """
    growth = [_rms(spec.weights) / _initial(spec) for spec in specs]
    relative = np.cumprod([1.0, *growth[1:-1]])  # of hidden layers, to the first
    from_inputs = columns / _initial(specs[0])
    from_outputs = 1 / (growth[-1] * relative[-1])
    scales = [
        _rms(spec.bias) / BIAS_SHARE / share
        for spec, share in zip(specs[1:-1], relative[1:], strict=True)
        if spec.bias.any()
    ]
    from_biases = float(np.exp(np.mean(np.log(scales)))) if scales else 1.0
    return float(np.median([from_inputs, from_outputs, from_biases]))


def _initial(spec: DenseSpec) -> float:
    """Return the root mean square of weights before training (`GlorotUniform`)."""
    return float(np.sqrt(2 / (spec.n_in + spec.n_out)))


def _rms(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    return np.sqrt(np.mean(values**2, axis=axis))
