"""The constant part of an activation moves to the next biases, so spikes represent changes."""

import numpy as np

from nengo_dense.importers.form.expression import Expression
from nengo_dense.importers.form.graph_form import GraphForm

#: Part of a neuron's range that is kept below its least activation seen, for inputs not seen.
MARGIN = 0.2


def shift_resting_activity(form: GraphForm, x: np.ndarray) -> GraphForm:
    """Lower the bias of neurons that are always active, and raise those of what reads them.

    A rectified neuron that is above zero for every input is linear: it may say its activation less
    a constant, which the biases of what reads it make up for. A neuron between 1000 and 1010 would
    spend its spikes on the 1000.

    Parameters
    ----------
    form : GraphForm
        Of rectifiers.
    x : (batch, n_in) ndarray
        Calibration inputs. For these the model computes what it did.
    """
    values = form.values(x)
    for name in [population.name for population in form.populations]:
        low, high = values[name].min(axis=0), values[name].max(axis=0)
        constant = np.maximum(low - MARGIN * (high - low), 0)
        if constant.any():
            drive = form.population(name).drive
            shifted = Expression(drive.terms, drive.bias - constant)
            form = form.exchanged(name, shifted, constant=constant)
    return form
