"""From a trained model to a stack of spiking layers."""

import warnings
from collections.abc import Sequence
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import NeuronType, SpikingRectifiedLinear

from nengo_dense.arguments import choice, finite_array, flag, positive, presentation_steps
from nengo_dense.conversion.calibration import check_calibration
from nengo_dense.conversion.equalization import equalize, fold_constants
from nengo_dense.conversion.plausible import Plausible, plausible
from nengo_dense.conversion.scaling import input_encoding, layer_rates
from nengo_dense.conversion.shifting import shift_resting_activity
from nengo_dense.conversion.stack_tuning import tune_stack
from nengo_dense.conversion.storable import check_storable
from nengo_dense.importers import read_model
from nengo_dense.importers.spec import DenseSpec
from nengo_dense.layers.neuron import as_on_loihi
from nengo_dense.layers.stack import ENCODINGS, DenseStack

#: Rate in hertz that stands for the value 1 of a usual layer where no values are known.
BLIND_RATE = 250.0
#: Rate in hertz of busy neurons where values are known: the most the chip can do at a step of
#: 1 ms. Lower rates make fewer spikes, so coarser means in 25 steps; higher ones spend longer on
#: the plateaus of ``1000 / ceil(1000 / r)``, which shows after 100.
BUSY_RATE = 1000.0
#: The same for ``encoding="chip"`` without tuning: nengo-loihi's neurons send a spike a step for
#: each input, and the uneven input makes fast neurons lose more of it.
BUSY_RATE_BEHIND_A_NODE = 300.0
