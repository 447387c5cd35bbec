"""What was tuned in a network, as a few numbers of which some change with it."""

from collections import Counter
from collections.abc import Mapping
from itertools import starmap
from typing import Any

import nengo
import numpy as np
from nengo.utils.numpy import is_number

#: What tuning chooses, or goes by. NengoDL's ``freeze_params`` replaces some of it.
PARAMETERS = (
    (nengo.Connection, ("transform", "synapse")),
    (nengo.Ensemble, ("gain", "bias", "neuron_type")),
)
#: Largest difference of sums, beside the norm of all values, of weights that are still the same.
#: ``freeze_params`` rounds to single precision.
ROUNDING = 1e-6
#: Factors of values in a sum, again and again, so that values that change places change it. From
#: 1 to 2, and by the golden ratio they differ most.
FACTORS = 1 + np.arange(1021) * ((5**0.5 - 1) / 2) % 1


def sketch(network: nengo.Network) -> dict[str, list[Any]]:
    """Describe weights, biases, gains, synapses and neurons by numbers and texts for JSON.

    Parameters
    ----------
    network : nengo.Network

    Returns
    -------
    found : dict of str to list
        Name of a setting -> what it is, of all objects that have it by this name.

    Examples
    --------
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([4, 3], 2, seed=0)
    >>> before = sketch(stack)
    >>> before["synapse of <Connection readout.weights>"]
    ['Lowpass den=0.005 1 num=1 tau=0.005']
    >>> stack.readout_connection.synapse = 0.1
    >>> changed(before, sketch(stack))
    'synapse of <Connection readout.weights>'
    """
    found: dict[str, list[Any]] = {}
    for kind, names in PARAMETERS:
        for obj in network.all_objects:
            for name in names if isinstance(obj, kind) else ():
                found.setdefault(f"{name} of {obj}", []).append(_described(getattr(obj, name)))
    return found


def changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return the name of a setting that is another; an empty text if there is none.

    What was added or taken out, such as one of several outputs, changes nothing of the rest.
    """
    for name, found in now.items():
        if not all(starmap(_near, zip(then.get(name, []), found, strict=False))):
            return name
    return ""


def added(then: Mapping[str, Any], network: nengo.Network) -> str:
    """Return the name of a connection that leads to what was tuned; empty if there is none.

    What leads to an input, or to what was added as well, changes nothing of the rest.
    """
    seen: Counter[str] = Counter()
    ends, others = set(), []
    for connection in network.all_connections:
        name = f"transform of {connection}"
        seen[name] += 1
        end = connection.post_obj
        end = getattr(end, "ensemble", end)
        if seen[name] <= len(then.get(name, [])):
            ends.add(end)
        else:
            others.append((connection, end))
    return next((str(connection) for connection, end in others if end in ends), "")


def is_sketch(value: Any) -> bool:
    """Tell whether a value, as from a file, is what `sketch` returns."""
    if not isinstance(value, Mapping) or not all(isinstance(v, list) for v in value.values()):
        return False
    parts = [part for found in value.values() for part in found]
    pairs = [part for part in parts if not isinstance(part, str)]
    return all(isinstance(p, list) and len(p) == 2 and all(map(is_number, p)) for p in pairs)


def _described(value: Any) -> Any:
    """Return a sum and the norm of numbers, in which a matrix of one is the same as a number."""
    values = getattr(value, "init", value)
    if isinstance(values, np.ndarray) or is_number(values):
        values = np.asarray(values, dtype=np.float64).ravel()
        with np.errstate(over="ignore", invalid="ignore"):
            return [_sum(values), float(np.sqrt(values @ values))]
    names = [name for name in sorted(getattr(value, "_paramdict", ())) if "default" not in name]
    settings = {name: getattr(value, name) for name in names}
    numbers = [
        f"{name}={' '.join(f'{number:.6g}' for number in np.ravel(one).tolist())}"
        for name, one in settings.items()
        if not isinstance(one, bool) and (is_number(one) or isinstance(one, np.ndarray))
    ]
    return " ".join([type(value).__name__, *numbers])


def _sum(values: np.ndarray) -> float:
    whole = values.size // len(FACTORS) * len(FACTORS)
    sums = values[:whole].reshape(-1, len(FACTORS)).sum(axis=0)
    sums[: values.size - whole] += values[whole:]
    return float(sums @ FACTORS)


def _near(then: Any, now: Any) -> bool:
    if isinstance(then, str) or isinstance(now, str):
        return bool(then == now)
    return np.allclose(then, now, rtol=0, atol=ROUNDING * abs(now[1]), equal_nan=True)
