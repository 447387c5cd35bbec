"""Build a network for the chip, once, with nengo-loihi's own builder.

`build_floats` makes the floating point model of a network, or raises the first error.
`try_build_floats` goes on after an error, and collects all of them. Both return a `FloatModel`,
which can make integer models any number of times. `build_model` does both steps for a simulator.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import nengo

from nengo_dense import compat
from nengo_dense.loihi.build_error import explained
from nengo_dense.loihi.float_model import FloatModel, Trouble
from nengo_dense.loihi.membership import check_members
from nengo_dense.plugins import contained


def build_floats(
    network: nengo.Network,
    dt: float,
    *,
    model: Any = None,
    precompute: bool | None = None,
    remove_passthrough: bool = True,
) -> FloatModel:
    """Build a network in floating point, and divide it among cores.

    Parameters
    ----------
    network : nengo.Network
    dt : float
        Step in seconds.
    model : nengo_loihi.builder.Model, optional
        The model to build into; a new one by default.
    precompute, remove_passthrough : optional
        As in ``nengo_loihi.Simulator``.

    Raises
    ------
    BuildError
        nengo-loihi cannot build the network; with its message, and the object it was building.
        Or something leads out of the network.
    """
    loihi = compat.nengo_loihi()
    if model is None:
        model = loihi.builder.Model(dt=float(dt), label=f"{network}, dt={dt:f}")
    check_members(network)
    with explained(network):
        model.build(
            network,
            precompute=precompute,
            remove_passthrough=remove_passthrough,
            discretize=False,
        )
    return FloatModel(model)


def build_model(
    network: nengo.Network,
    dt: float,
    *,
    model: Any = None,
    precompute: bool | None = None,
    remove_passthrough: bool = True,
    discretize: bool = True,
) -> Any:
    """Build a network as ``nengo_loihi.Simulator`` does.

    Parameters
    ----------
    network, dt, model, precompute, remove_passthrough : optional
        As in `build_floats`.
    discretize : bool, optional
        Whether to turn numbers into the chip's integers.

    Returns
    -------
    model : nengo_loihi.builder.Model
        The one that was given, if one was.

    Raises
    ------
    BuildError
        nengo-loihi cannot build the network, or the chip cannot store its numbers.
    """
    floats = build_floats(
        network, dt, model=model, precompute=precompute, remove_passthrough=remove_passthrough
    )
    if not discretize:
        return floats.model
    integers = floats.integers()
    integers.validate()
    if model is None:
        return integers.model
    vars(model).update(vars(integers.model))  # the caller reads the result from its own model
    return model


def try_build_floats(network: nengo.Network, dt: float) -> FloatModel:
    """Build a network in floating point as far as possible.

    If the builder raises an error for one object, the error is kept with that object and the
    build goes on; also after ``sys.exit()`` in a function of the network. Limits are not enforced,
    and warnings are not shown.

    Parameters
    ----------
    network : nengo.Network
    dt : float
        Step in seconds.

    Returns
    -------
    floats : FloatModel
        Without troubles, its model is complete. ``nengo_loihi.Simulator(model=...)`` takes this
        model, or the model of `FloatModel.integers`, as it is and does not build it again.
    """
    compat.nengo_loihi()
    troubles: list[Trouble] = []
    model = _collecting_model(dt, troubles)
    with warnings.catch_warnings(), contained(lambda err: troubles.append(Trouble(network, err))):
        warnings.simplefilter("ignore")
        model.build(network, discretize=False)
    model.finish()
    return FloatModel(model, list(_causes(troubles)))


def _collecting_model(dt: float, troubles: list[Trouble]) -> Any:
    """Make a model that collects the errors of single objects and goes on."""
    from nengo_loihi.builder.builder import Model, ValidationLevel

    class CollectingModel(Model):
        def __init__(self) -> None:
            super().__init__(dt=dt, label="check")
            self.building: Any = None
            self.built = False
            self.validation_level = ValidationLevel.NONE

        def build(self, obj: Any, *args: Any, **kwargs: Any) -> Any:
            if self.built:  # a Simulator got the finished model
                return None
            if self.building is not None or isinstance(obj, nengo.Network):
                return super().build(obj, *args, **kwargs)
            self.building = obj
            with contained(lambda err: troubles.append(Trouble(obj, err))):
                try:
                    return super().build(obj, *args, **kwargs)
                finally:
                    self.building = None
            return None

        def finish(self) -> None:
            self.built = True
            self.validation_level = self.default_validation_level

    return CollectingModel()


def _causes(troubles: list[Trouble]) -> Iterator[Trouble]:
    """Leave out errors that only follow from the first one: a missing object (KeyError)."""
    for number, trouble in enumerate(troubles):
        if number == 0 or not isinstance(trouble.error, KeyError):
            yield trouble
