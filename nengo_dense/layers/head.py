"""Heads as nodes: functions of the logits on the host, in every simulator."""

from collections.abc import Callable
from typing import Any

import nengo
import numpy as np
from nengo.params import Default, EnumParam, NumberParam
from nengo.utils.numpy import maxint

from nengo_dense.arguments import check_seed, choice, count, positive
from nengo_dense.heads import HEADS
from nengo_dense.layers import nengo_dl_builder

#: Heads that need a node: all except ``linear``, which changes nothing.
WITH_NODE = tuple(head for head in HEADS if head != "linear")


class HeadProcess(nengo.Process):
    """A head as a Nengo process, which each simulator can implement in its own way.

    Parameters
    ----------
    head : str
        A key of `nengo_dense.heads.HEADS`.
    temperature : float, optional
        Logits are divided by it first.
    """

    #: `nengo_dense.Simulator` may pass all lanes of a minibatch as rows of one array.
    takes_lanes = True

    head = EnumParam("head", values=WITH_NODE)
    temperature = NumberParam("temperature", low=0, low_open=True)

    def __init__(self, head: str, temperature: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.head = head
        self.temperature = temperature

    def get_rng(self, rng: np.random.RandomState) -> np.random.RandomState:
        """Draw a seed as any process does, and return ``rng`` itself: a head is not random.

        To make a generator would take as long as all else in a simulator's reset.
        """
        if self.seed is None:
            rng.randint(maxint)
        return rng

    def make_step(
        self,
        shape_in: tuple[int, ...],
        shape_out: tuple[int, ...],
        dt: float,
        rng: np.random.RandomState,
        state: dict,
    ) -> Callable[[float, np.ndarray], np.ndarray]:
        """Return the function that a simulator calls once per step."""
        function, temperature = HEADS[self.head], self.temperature

        def step_head(t: float, x: np.ndarray) -> np.ndarray:
            return function(x / temperature)

        return step_head


class HeadNode(nengo.Node):
    """A node that computes a model's output from its logits, on the host.

    The chip does not need the result, and cannot compute most heads, so a head belongs after the
    last layer. In NengoDL it is a TensorFlow operation, so that gradients pass through it.

    Parameters
    ----------
    head : {"softmax", "log_softmax", "sigmoid", "tanh", "relu"}
        Name of the function, a key of ``nengo_dense.heads.HEADS``.
    size_in : int
        Number of logits.
    temperature : float, optional
        Divisor of the logits: above 1 a softmax is flatter, below 1 sharper.
    label : str, optional
    seed : int, optional
        Has no effect, because nothing is random.
    add_to_container : bool, optional
        As for every Nengo object (`nengo.base.NetworkMember` takes it).

    Raises
    ------
    nengo.exceptions.ValidationError
        An unknown head, ``size_in`` below 1, or a temperature that is not above 0.

    Examples
    --------
    >>> import nengo
    >>> from nengo_dense.layers.head import HeadNode
    >>> with nengo.Network() as network:
    ...     sigmoid = HeadNode("sigmoid", 3)
    >>> sigmoid.size_out
    3
    """

    def __init__(
        self,
        head: str,
        size_in: int,
        *,
        temperature: float = 1.0,
        label: str | None = None,
        seed: int | None = None,
    ) -> None:
        head = choice(head, WITH_NODE, "head", self)
        size_in = count(size_in, "size_in", self)
        temperature = positive(temperature, "temperature", self)
        check_seed(seed, self)
        super().__init__(
            HeadProcess(head, temperature),
            size_in=size_in,
            size_out=size_in,
            label=Default if label is None else label,
        )
        nengo_dl_builder.install(HeadProcess)

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        nengo_dl_builder.install(HeadProcess)  # another process may not have made a node yet


class SoftmaxNode(HeadNode):
    """A node that turns logits into class probabilities, on the host.

    For training, use a loss on the logits, which is exact for logits of any size.

    Parameters
    ----------
    size_in : int
        Number of classes.
    temperature : float, optional
        Above 1 flattens the probabilities, below 1 sharpens them.
    label, seed, add_to_container : optional
        As for `~nengo_dense.layers.head.HeadNode`.

    Raises
    ------
    nengo.exceptions.ValidationError
        ``size_in`` below 1, or a temperature that is not above 0.

    Examples
    --------
    >>> import nengo
    >>> from nengo_dense import SoftmaxNode
    >>> with nengo.Network() as network:
    ...     softmax = SoftmaxNode(2)
    ...     nengo.Connection(nengo.Node([0.0, 0.0]), softmax, synapse=None)
    ...     probe = nengo.Probe(softmax)
    <Connection ...>
    >>> with nengo.Simulator(network, progress_bar=False) as sim:
    ...     sim.run(0.002)
    >>> sim.data[probe][-1]
    array([0.5, 0.5])
    """

    def __init__(
        self,
        size_in: int,
        *,
        temperature: float = 1.0,
        label: str | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__("softmax", size_in, temperature=temperature, label=label, seed=seed)
