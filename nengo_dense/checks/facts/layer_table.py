"""The numbers of each layer for the report's table."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.core_plan import LayerCores
from nengo_dense.checks.facts.emulation import Emulation
from nengo_dense.checks.facts.quantization import Quantization
from nengo_dense.loihi.energy import Energy
from nengo_dense.loihi.limits import MAX_IN_AXONS, MAX_OUT_AXONS, MAX_SYNAPSE_BITS, SATURATED


@dataclass
class LayerTable:
    """A row for each layer, and the arrays for the pictures.

    Attributes
    ----------
    rows : list of dict
    n_cores : int
    curves : dict of {str: dict}
    """

    rows: list[dict[str, Any]]
    n_cores: int
    curves: dict[str, dict[str, Any]]


@fact("The numbers of each layer.")
def layer_table(
    cores: list[LayerCores],
    dt: float,
    quantization: list[Quantization] | None = None,
    run: Emulation | None = None,
    float_run: Emulation | None = None,
    energy: dict[str, Energy] | None = None,
) -> LayerTable:
    """Collect the known numbers of each layer; leave unknown ones out."""
    by_name = {q.layer.name: q for q in quantization or []}
    rows, curves = [], {}
    for layer in cores:
        row = {"layer": layer.name, **_capacity(layer)}
        q = by_name.get(layer.name)
        weights = rates = np.empty(0)
        if q is not None:
            row |= _precision(q)
            weights = q.weights / q.step if q.step else weights
        if run is not None and layer.name in run.rates and not (q and _never_fires(q)):
            rates = run.rates[layer.name]
            row |= _activity(rates, dt)
            row["rate_error"] = _rate_error(layer.name, run, float_run)
        if run is not None and layer.name in run.rates and energy is not None:
            row |= _cost(energy[layer.name], run.n_steps * dt)
        rows.append(row)
        curves[layer.name] = {"weights": weights, "rates": rates, "ceiling": 1 / dt}
    return LayerTable(rows, sum(len(layer.cores) for layer in cores), curves)


def _capacity(layer: LayerCores) -> dict[str, Any]:
    most = {
        name: max(getattr(core, name) for core in layer.cores)
        for name in ("n_in_axons", "n_out_axons", "synapse_bits")
    }
    return {
        "n_neurons": layer.n_neurons,
        "cores": len(layer.cores),
        "in_axons": most["n_in_axons"],
        "in_axons_limit": MAX_IN_AXONS,
        "out_axons": most["n_out_axons"],
        "out_axons_limit": MAX_OUT_AXONS,
        "synapse_bits": most["synapse_bits"],
        "synapse_bits_limit": MAX_SYNAPSE_BITS,
        "synapse_share": most["synapse_bits"] / MAX_SYNAPSE_BITS,
        "core_shares": [core.synapse_bits / MAX_SYNAPSE_BITS for core in layer.cores],
    }


def _precision(q: Quantization) -> dict[str, Any]:
    exps = q.weight_exps
    weights = bool(q.weights.size)
    return {
        "weight_exp": (exps[0] if len(exps) == 1 else f"{exps[0]}..{exps[-1]}") if exps else None,
        "levels": q.n_levels if weights else None,
        "share_zeroed": q.share_zeroed if weights else None,
        "sqnr": q.sqnr if weights and np.isfinite(q.sqnr) else None,
        "neuron_sqnr": q.neuron_sqnr if weights and np.isfinite(q.neuron_sqnr) else None,
        "bias_error": q.bias_error,
        "vth_error": q.vth_error,
        "decay_error": q.decay_error,
    }


def _never_fires(q: Quantization) -> bool:
    """Tell whether a layer's values are its voltages, as nengo-loihi decodes values for the host.

    Such voltages hold nothing of the step before, and their threshold is out of reach.
    """
    return all((block.compartment.decay_v == 1).all() for block in q.layer.blocks)


def _activity(rates: np.ndarray, dt: float) -> dict[str, Any]:
    return {
        "rate_mean": float(rates.mean()),
        "rate_max": float(rates.max()),
        "share_silent": float(np.mean(rates == 0)),
        "share_saturated": float(np.mean(rates >= SATURATED / dt)),
    }


def _rate_error(name: str, run: Emulation, float_run: Emulation | None) -> float | None:
    """Compare integer with float emulation: mean difference of the rates over their mean."""
    if float_run is None or name not in float_run.rates:
        return None
    wanted, got = float_run.rates[name], run.rates[name]
    mean = wanted.mean()
    return float(np.abs(got - wanted).mean() / mean) if mean > 0 else None


def _cost(energy: Energy, seconds: float) -> dict[str, Any]:
    """Return synaptic operations per second and power in watts."""
    return {
        "synops_per_second": energy.synaptic_operations / seconds,
        "power": energy.joules / seconds,
    }
