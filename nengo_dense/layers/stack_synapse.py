"""Synapses as a stack takes them: time constants, Nengo's synapses, or none."""

from typing import Any

import numpy as np
from nengo.exceptions import ValidationError
from nengo.synapses import Synapse
from nengo.utils.numpy import is_number

from nengo_dense.arguments import MOST, between, one_each
from nengo_dense.notices import notify
from nengo_dense.plugins import show

#: A synapse of more seconds than this was probably given in milliseconds.
UNUSUAL_SYNAPSE = 1.0


def check_synapses(value: Any, n_connections: int, obj: object) -> list[Synapse | float | None]:
    """Return the synapse of each connection, of one for all or of a list.

    Parameters
    ----------
    value : float, nengo.synapses.Synapse or None, or a list of them
        Time constants in seconds, at least 0.
    n_connections : int
    obj : object
        For messages.

    Raises
    ------
    nengo.exceptions.ValidationError
        Another number of them, or something that is none.
    """
    found = [_check(each, obj) for each in one_each(value, n_connections, "synapse", obj)]
    seconds = max((each for each in found if isinstance(each, float)), default=0.0)
    if seconds > UNUSUAL_SYNAPSE:
        notify(
            f"A synapse of {seconds:g} seconds lets next to nothing through in a presentation: "
            f"if milliseconds are meant, give synapse={seconds / 1000:g}.",
            stacklevel=2,
        )
    return found


def _check(synapse: Any, obj: object) -> Synapse | float | None:
    if synapse is None or isinstance(synapse, Synapse):
        return synapse
    if not is_number(synapse) or isinstance(synapse, bool | np.bool_):
        raise ValidationError(
            "must be a time constant in seconds, one of Nengo's synapses such as "
            f"nengo.Lowpass(0.005), or None, got {show(synapse)}",
            attr="synapse",
            obj=obj,
        )
    return between(synapse, 0, MOST, "synapse", obj)
