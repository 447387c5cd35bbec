"""The activity of a layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.loihi.limits import SATURATED

#: Share of a layer's neurons that may be saturated without a word.
MOST_SATURATED = 0.05


@dataclass(frozen=True, eq=False)
class LayerActivity:
    """How active a layer was in an evaluation.

    Attributes
    ----------
    label : str
    on_chip : bool
    rates : (n_neurons,) ndarray
        Mean rate of each neuron in hertz over all presentations.
    spikes : float
        Mean number of spikes of the whole layer in one presentation.
    """

    label: str
    on_chip: bool
    rates: np.ndarray
    spikes: float

    def numbers(self) -> dict[str, Any]:
        """Return what reports say of it, by name."""
        return {
            "label": self.label,
            "on_chip": self.on_chip,
            "neurons": len(self.rates),
            "mean_rate": float(self.rates.mean()),
            "max_rate": float(self.rates.max()),
            "share_silent": float(np.mean(self.rates == 0)),
            "spikes": self.spikes,
        }

    def fault(self, dt: float) -> str:
        """Say why this layer cannot pass on what the model does; empty if it can.

        Parameters
        ----------
        dt : float
            Step in seconds; a neuron sends one spike a step at most.
        """
        if not self.rates.any():
            return (
                f"No neuron of {self.label} fired for any sample, so that the answers say "
                "nothing: look for samples or weights of zero or of a wrong scale, or show "
                "samples for longer."
            )
        share = float(np.mean(self.rates >= SATURATED / dt))
        if share <= MOST_SATURATED:
            return ""
        return (
            f"{share:.0%} of the neurons of {self.label} fire in nearly every step for all "
            f"samples, at up to {self.rates.max():.0f} Hz of {1 / dt:.0f} possible: their values "
            "are cut off. Scale the samples as for training, or convert the model again with "
            "calibration=, some thousand training inputs."
        )
