"""Leave a network, and the random numbers of the process, exactly as they were."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import nengo
import numpy as np

#: The checker draws its random numbers from here, so that a network without a seed gives the same
#: report each time.
SEED = 0


@contextmanager
def untouched(network: nengo.Network) -> Iterator[None]:
    """Undo what nengo-loihi's builder does to a network's configuration.

    nengo-loihi adds its parameters to the configuration of every network that it meets, and
    entries for connections of its own making to the top level's. Both are taken out again here.
    Nengo and NumPy draw seeds from the process-wide generator for whatever has none; its state
    is put back too.
    """
    configs = [net.config for net in (network, *network.all_networks)]
    before = [
        (dict(config.params), {cls: _extra(config, cls) for cls in _classes(config)})
        for config in configs
    ]
    numpy_state, python_state = np.random.get_state(), random.getstate()
    np.random.seed(SEED)
    random.seed(SEED)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        for config, (params, extra) in zip(configs, before, strict=True):
            config.params.clear()
            config.params.update(params)
            for cls, names in extra.items():
                for name in _extra(config, cls) - names:
                    del config[cls]._extra_params[name]


def _classes(config: nengo.Config) -> list[type]:
    return [key for key in config.params if isinstance(key, type)]


def _extra(config: nengo.Config, cls: type) -> set[str]:
    return set(config[cls].extra_params)
