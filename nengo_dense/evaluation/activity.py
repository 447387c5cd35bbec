"""How active a layer was."""

from dataclasses import dataclass

import numpy as np


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
