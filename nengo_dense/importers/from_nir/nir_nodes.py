r"""The nodes of NIR graphs as operations: affine maps, and spiking neurons as rates.

A dense layer here is a rate: what counts of a neuron is how often it fires for a constant
input. With a mean input :math:`I`, and :math:`u = R I` for IF, :math:`u = R I + v_{leak}` else:

- ``IF`` fires at :math:`\max(0, u / (v_{threshold} - v_{reset}))`: exactly a rectifier.
- ``LIF`` fires at :math:`1 / (\tau \ln((u - v_{reset}) / (u - v_{threshold})))` once :math:`u`
  exceeds the threshold. Its asymptote :math:`(u - (v_{threshold} + v_{reset}) / 2) / (\tau
  (v_{threshold} - v_{reset}))` is a rectifier that is never more than :math:`1 / (2 \tau)` off,
  and most at the threshold. It is taken, with a warning that gives this number.
- ``CubaLIF`` is that behind a filter with the gain ``w_in``. The filter's time constant smooths
  and does not change a mean, so it is left out.
- ``LI`` and ``CubaLI`` as readout settle at :math:`R I + v_{leak}`: a scaling.

What has no rate of this kind is refused: ``Threshold`` (it fires or does not), ``I`` (it grows
without bound), ``Delay``, convolution, recurrence, negative resistances.
"""

from typing import Any

import numpy as np

from nengo_dense.array_like import to_array
from nengo_dense.importers.form.operation import (
    Activation,
    Affine,
    Operation,
    Problem,
    Scaling,
    unsupported,
)

Operations = list[Operation]

#: Why nodes that NIR has are not converted.
REFUSED = {
    "Threshold": "it fires or does not, without a rate; use IF neurons",
    "I": "an integrator grows without bound; end the graph before it",
    "Delay": "a rate has no delay; remove it",
}


def operations_of_node(node: Any, label: str, leaky: dict[str, float]) -> Operations:
    """Return what a node does to the sum of what arrives at it.

    Parameters
    ----------
    node : nir.NIRNode
    label : str
        Its name in messages.
    leaky : dict
        Gets the label of a leaky neuron -> by how much its rate is off at most, in Hz.
    """
    kind = type(node).__name__
    if kind in ("Input", "Output"):
        return []
    if kind == "Flatten":
        sizes = np.asarray(node.output_type["output"])
        flat = np.count_nonzero(sizes != 1) <= 1  # perhaps with an axis of one sample
        return [] if flat else [unsupported(label, "Flatten to several dimensions", kind)]
    if kind in ("Affine", "Linear"):
        bias = getattr(node, "bias", None)
        return [Affine(_array(node.weight), None if bias is None else _array(bias), label)]
    if kind == "Scale":
        return [Scaling(_vector(node.scale), 0.0, label)]
    if kind in ("LI", "CubaLI"):
        gain = _vector(node.r) * _vector(getattr(node, "w_in", 1.0))
        return [Scaling(gain, _vector(node.v_leak), label)]
    if kind in ("IF", "LIF", "CubaLIF"):
        return _spiking(node, label, leaky)
    if kind in REFUSED:
        return [Problem(f"layer {label!r}: {kind} is not supported; {REFUSED[kind]}")]
    return [unsupported(label, kind, kind)]


def _spiking(node: Any, label: str, leaky: dict[str, float]) -> Operations:
    gain = _vector(node.r) * _vector(getattr(node, "w_in", 1.0))
    v_threshold, v_reset = _vector(node.v_threshold), _vector(node.v_reset)
    height = v_threshold - v_reset
    tau = getattr(node, "tau", getattr(node, "tau_mem", None))
    tau = None if tau is None else _vector(tau)
    if np.any(gain <= 0) or np.any(height <= 0) or (tau is not None and np.any(tau <= 0)):
        return [
            Problem(
                f"layer {label!r}: r, w_in, time constants and v_threshold - v_reset must be "
                "positive for a rate that rises with the input; move signs into the weights"
            )
        ]
    if tau is None:
        return [Scaling(gain / height, 0.0, label), Activation("relu", label)]
    leaky[label] = float(np.max(0.5 / tau))
    middle = _vector(node.v_leak) - (v_threshold + v_reset) / 2
    return [
        Scaling(gain / (tau * height), middle / (tau * height), label),
        Activation("relu", label),
    ]


def _array(values: Any) -> np.ndarray:
    """Return numbers of a node, which some writers give as PyTorch's tensors."""
    return np.asarray(to_array(values, "a node's numbers"), dtype=np.float64)


def _vector(numbers: Any) -> np.ndarray:
    values = _array(numbers)
    flat: np.ndarray = values.reshape(()) if values.size == 1 else values.ravel()
    return flat
