"""A network built for the chip, once, by nengo-loihi's own builder.

`build_floats` gives the floating point model of any network, or says what stands in the way;
`try_build_floats` goes on where something does, and collects it. Both give a `FloatModel`, from
which integers are made as often as wanted. `build_model` does both steps for a simulator.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import nengo

from nengo_dense import compat
from nengo_dense.loihi.build_error import explained
from nengo_dense.loihi.float_model import FloatModel, Trouble
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
        Built into, if given.
    precompute, remove_passthrough : optional
        As in ``nengo_loihi.Simulator``.

    Raises
    ------
    BuildError
        nengo-loihi cannot build the network; its message, and the object it was building.
    """
    loihi = compat.nengo_loihi()
    if model is None:
        model = loihi.builder.Model(dt=float(dt), label=f"{network}, dt={dt:f}")
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
    vars(model).update(vars(integers.model))  # who gave a model looks at it for what was built
    return model


def try_build_floats(network: nengo.Network, dt: float) -> FloatModel:
    """Build a network in floating point as far as that is possible.

    What the builder raises for one object is kept with that object, and the build goes on, also
    after ``sys.exit()`` in a function of the network. Limits are not enforced, and warnings are
    not shown.

    Parameters
    ----------
    network : nengo.Network
    dt : float
        Step in seconds.

    Returns
    -------
    floats : FloatModel
        Its model is complete if it has no troubles. Given to ``nengo_loihi.Simulator``, it is
        taken as it is and not built anew, and so is the model of `FloatModel.integers`.
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
    """Make a model that keeps the errors of single objects and goes on."""
    from nengo_loihi.builder.builder import Model, ValidationLevel

    class CollectingModel(Model):
        def __init__(self) -> None:
            super().__init__(dt=dt, label="check")
            self.building: Any = None
            self.built = False
            self.validation_level = ValidationLevel.NONE

        def build(self, obj: Any, *args: Any, **kwargs: Any) -> Any:
            if self.built:  # a Simulator is being given the model that stands
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
    """Leave out what only follows from the first error: an object that is missing."""
    for number, trouble in enumerate(troubles):
        if number == 0 or not isinstance(trouble.error, KeyError):
            yield trouble
