"""The readout that Loihi does not have."""

from collections.abc import Callable
from typing import Any

import nengo
import numpy as np
from nengo.params import Default, NumberParam

from nengo_dense.arguments import count, positive
from nengo_dense.heads import softmax
from nengo_dense.layers import nengo_dl_builder


class SoftmaxProcess(nengo.Process):
    """Softmax as a Nengo process, which every simulator can look up and do its own way.

    Parameters
    ----------
    temperature : float, optional
    """

    #: `nengo_dense.Simulator` may pass all lanes of a minibatch as rows of one array.
    takes_lanes = True

    temperature = NumberParam("temperature", low=0, low_open=True)

    def __init__(self, temperature: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.temperature = temperature

    def make_step(
        self,
        shape_in: tuple[int, ...],
        shape_out: tuple[int, ...],
        dt: float,
        rng: np.random.RandomState,
        state: dict,
    ) -> Callable[[float, np.ndarray], np.ndarray]:
        """Return the function that a simulator calls once a step."""
        temperature = self.temperature

        def step_softmax(t: float, x: np.ndarray) -> np.ndarray:
            return softmax(x, temperature)

        return step_softmax


class SoftmaxNode(nengo.Node):
    """A node that turns logits into class probabilities, on the host.

    Softmax needs exponentials and a division, which Loihi has not; nor has the chip any use for
    the result, which is why this belongs after the last layer. In NengoDL the node is a TensorFlow
    operation, so that gradients pass through it; train on logits all the same, which is exact for
    any size of logit.

    Parameters
    ----------
    size_in : int
        Number of classes.
    temperature : float, optional
        Above 1 flattens the probabilities, below 1 sharpens them.
    label : str, optional
    seed : int, optional
        Of no effect, as nothing is random here.
    add_to_container : bool, optional
        As for every Nengo object (`nengo.base.NetworkMember` takes it).

    Raises
    ------
    nengo.exceptions.ValidationError
        ``size_in`` below 1, or a temperature that is not above 0.
    """

    def __init__(
        self,
        size_in: int,
        *,
        temperature: float = 1.0,
        label: str | None = None,
        seed: int | None = None,
    ) -> None:
        size_in = count(size_in, "size_in", self)
        temperature = positive(temperature, "temperature", self)
        super().__init__(
            SoftmaxProcess(temperature),
            size_in=size_in,
            size_out=size_in,
            label=Default if label is None else label,
        )
        nengo_dl_builder.install(SoftmaxProcess)

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        nengo_dl_builder.install(SoftmaxProcess)  # another process may not have made a node yet
