"""Restore a network's configuration, and the process's random state, after a check."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import nengo
import numpy as np

#: Seed of the checker's random numbers, so that a network without a seed gives the same report
#: each time.
SEED = 0


@contextmanager
def untouched(network: nengo.Network) -> Iterator[None]:
    """Undo the changes of nengo-loihi's builder to a network's configuration.

    nengo-loihi adds its parameters to the configuration of every network that it builds, and adds
    entries for its own connections to the top-level configuration. Both are removed here. For an
    object without a seed, Nengo and NumPy draw one from the process-wide generator; its state is
    restored too.
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
