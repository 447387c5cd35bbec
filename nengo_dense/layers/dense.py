"""One dense layer of neurons."""

from typing import Any

import nengo
import numpy as np
from nengo.dists import Choice, Distribution
from nengo.exceptions import ValidationError
from nengo.neurons import NeuronType, SpikingRectifiedLinear
from nengo.params import Default

from nengo_dense.arguments import (
    between,
    count,
    finite_array,
    flag,
    is_added,
    positive,
    quantities,
    random_state,
)
from nengo_dense.layers import loihi_builder
from nengo_dense.layers.placement import Placement
from nengo_dense.layers.weight_init import GlorotUniform, check_count
from nengo_dense.loihi.limits import MAX_IN_AXONS
from nengo_dense.neurons import with_amplitude


class DenseLayer(nengo.Network):
    """A dense layer of neurons that computes ``y = f(W x + b)``.

    A rectified linear neuron fires at ``max_rate * y`` hertz, with spikes of amplitude
    ``1 / max_rate``, so the decoded value is ``y`` for any ``max_rate``. For other types, gain and
    bias current are set so that a neuron starts to fire at ``W x + b = intercept`` and fires at
    ``max_rate`` where ``W x + b = 1``. There, too, a rate of ``max_rate`` is decoded as 1.

    The layer is an ordinary Nengo network: connect to ``layer.input`` and from ``layer.output``,
    probe ``layer.neurons``, in any simulator. Its settings for Loihi (host or chip, the division
    among cores) apply at any depth of nesting.

    Parameters
    ----------
    n_neurons : int
        Number of outputs.
    size_in : int
        Number of inputs, at most 4,096 on the chip.
    weights : (n_neurons, size_in) array_like or nengo.dists.Distribution, optional
        In Nengo's orientation, a row per neuron. A distribution is sampled here, with ``seed``.
        Default: `~nengo_dense.layers.weight_init.GlorotUniform`.
    bias : (n_neurons,) array_like, optional
        In the units of ``W x``; zero by default.
    neuron_type : nengo.neurons.NeuronType, optional
        A type with a spike amplitude, which the layer sets itself. On Loihi:
        SpikingRectifiedLinear (default), LIF, LoihiSpikingRectifiedLinear or LoihiLIF; on the host
        also RectifiedLinear and LIFRate.
    max_rate : float, optional
        Firing rate in hertz that represents the value 1. On Loihi, at a step of 1 ms, an input of
        ``r`` hertz gives ``1000 / ceil(1000 / r)`` hertz, a relative error of up to ``r / 1000``.
    intercept : float, optional
        Value of ``W x + b``, below 1, at which a neuron starts to fire.
    start : float, optional
        Voltage that the neurons start at, from 0 to below 1, which is a spike. On the chip it
        is 0.
    on_chip : bool, optional
        Whether the neurons run on Loihi. A setting for this ensemble in the configuration of the
        top-level network has priority.
    label : str, optional
    seed : int, optional
        Seed of weights drawn from a distribution, and of the network.
    add_to_container : bool, optional
        As in `nengo.Network`.

    Attributes
    ----------
    input : nengo.Node
        Passthrough node of ``size_in`` values, x.
    ensemble : nengo.Ensemble
        The neurons, with their gain and bias.
    neurons, output : nengo.ensemble.Neurons
        The neurons' spikes, to connect from and to probe; filtered, they give y.
    connection : nengo.Connection
        From ``input`` to ``neurons``, with the weights as its transform.
    unit_gain, base_bias : float
        Gain of every neuron, and its bias current for ``b = 0``.

    Raises
    ------
    nengo.exceptions.ValidationError
        A shape is wrong, a value is out of range, or a layer on the chip has more than 4,096
        inputs.

    Examples
    --------
    >>> import nengo
    >>> from nengo_dense.layers.dense import DenseLayer
    >>> with nengo.Network(seed=1) as net:
    ...     stimulus = nengo.Node([1.0, 0.5])
    ...     layer = DenseLayer(2, 2, weights=[[0.5, 0.5], [-1, 1]], bias=[0, 0.6], max_rate=200)
    ...     nengo.Connection(stimulus, layer.input, synapse=None)
    ...     probe = nengo.Probe(layer.output)
    <Connection ...>
    >>> with nengo.Simulator(net, progress_bar=False) as sim:
    ...     sim.run(1.0)
    >>> sim.data[probe].mean(axis=0).round(2)
    array([0.75, 0.1 ])
    """

    def __init__(
        self,
        n_neurons: int,
        size_in: int,
        *,
        weights: Any = Default,
        bias: Any = None,
        neuron_type: NeuronType = SpikingRectifiedLinear(),  # noqa: B008 (frozen)
        max_rate: float = 250.0,
        intercept: float = 0.0,
        start: float = 0.0,
        on_chip: bool = True,
        label: str | None = None,
        seed: int | None = None,
        add_to_container: bool | None = None,
    ) -> None:
        super().__init__(label=label, seed=seed, add_to_container=False)
        n_neurons = count(n_neurons, "n_neurons", self)
        size_in = count(size_in, "size_in", self)
        self._max_rate = positive(max_rate, "max_rate", self, unit="hertz")
        on_chip = flag(on_chip, "on_chip", self)
        self._check_size(n_neurons, size_in, on_chip)
        self._start = self._check_start(start, on_chip)
        neuron_type = with_amplitude(neuron_type, 1 / self.max_rate, self, self.start)
        self.unit_gain, self.base_bias = self._tuning(neuron_type, intercept)
        bias = quantities(0 if bias is None else bias, (n_neurons,), "bias", self, fill=True)

        name = label or "dense"
        with self:
            self.input = nengo.Node(size_in=size_in, label=f"{name}.input")
            self.ensemble = nengo.Ensemble(
                n_neurons,
                dimensions=1,
                encoders=Choice([[1.0]]),
                gain=np.full(n_neurons, self.unit_gain),
                bias=self.base_bias + self.unit_gain * bias,
                # gain and bias replace these, and Nengo would warn of a surrounding configuration
                intercepts=nengo.Ensemble.intercepts.default,
                max_rates=nengo.Ensemble.max_rates.default,
                neuron_type=neuron_type,
                label=name,
            )
            self.connection = nengo.Connection(
                self.input,
                self.ensemble.neurons,
                transform=self._sample(weights, (n_neurons, size_in), seed),
                synapse=None,
                label=f"{name}.weights",
            )
        self.placement = Placement(self.ensemble, self.input, on_chip)
        loihi_builder.install()
        # last, so that an invalid layer is not added to the user's network
        if is_added(add_to_container, self):
            nengo.Network.add(self)

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        loihi_builder.install()  # another process may not have made a layer yet

    @property
    def neurons(self) -> nengo.ensemble.Neurons:
        """(nengo.ensemble.Neurons) The layer's neurons."""
        return self.ensemble.neurons

    @property
    def output(self) -> nengo.ensemble.Neurons:
        """(nengo.ensemble.Neurons) The same neurons, to connect from."""
        return self.ensemble.neurons

    @property
    def max_rate(self) -> float:
        """(float) Rate in hertz that stands for the value 1."""
        return self._max_rate

    @property
    def start(self) -> float:
        """(float) Voltage that the neurons start at."""
        return self._start

    @property
    def on_chip(self) -> bool:
        """(bool) Whether the layer is set to run on Loihi."""
        return self.placement.on_chip

    @property
    def weights(self) -> np.ndarray:
        """((n_neurons, size_in) array) The present weights, after any training."""
        # NengoDL's freeze_params turns a (1, 1) array into a scalar
        return np.array(self.connection.transform.init).reshape(self.ensemble.n_neurons, -1)

    @property
    def bias(self) -> np.ndarray:
        """((n_neurons,) array) The present biases, in the units of ``W x``."""
        return (np.array(self.ensemble.bias) - self.base_bias) / self.unit_gain

    def set_parameters(self, weights: Any, bias: Any) -> None:
        """Replace the weights and biases, for example after training elsewhere.

        Parameters
        ----------
        weights : (n_neurons, size_in) array_like
        bias : (n_neurons,) array_like

        Raises
        ------
        nengo.exceptions.ValidationError
            A shape is wrong, or a value is NaN or infinite. The layer does not change.

        Examples
        --------
        >>> import nengo
        >>> from nengo_dense.layers.dense import DenseLayer
        >>> with nengo.Network():
        ...     layer = DenseLayer(2, 3, seed=0)
        >>> layer.set_parameters([[0, 1, 0], [1, 0, 1]], [0.5, 0])
        >>> layer.bias
        array([0.5, 0. ])
        """
        weights = finite_array(weights, self.weights.shape, "weights", self)
        bias = quantities(bias, self.bias.shape, "bias", self)
        self.connection.transform = weights
        self.ensemble.bias = self.base_bias + self.unit_gain * bias

    def _check_size(self, n_neurons: int, size_in: int, on_chip: bool) -> None:
        check_count(n_neurons, size_in, "n_neurons", self)
        if on_chip and size_in > MAX_IN_AXONS:
            raise ValidationError(
                f"must be at most {MAX_IN_AXONS} on the chip, got {size_in}: every core of a "
                f"layer needs an input axon for every input, and a core has {MAX_IN_AXONS}, so "
                "splitting does not help. Use fewer inputs (pool or project them before), or run "
                "the layer on the host with on_chip=False.",
                attr="size_in",
                obj=self,
            )

    def _check_start(self, start: Any, on_chip: bool) -> float:
        found = between(start, 0, 1, "start", self, with_high=False)
        if on_chip and found:
            raise ValidationError(
                f"must be 0 on the chip, which has no other initial voltage, got {found:g}; leave "
                "it out, or run the layer on the host with on_chip=False",
                attr="start",
                obj=self,
            )
        return found

    def _tuning(self, neuron_type: NeuronType, intercept: float) -> tuple[float, float]:
        """Compute the gain, and the bias current for ``b = 0``, of every neuron."""
        intercept = float(quantities(intercept, (), "intercept", self))
        if intercept >= 1:
            raise ValidationError(
                f"must be below 1, where a neuron already fires at max_rate, got {intercept:g}",
                attr="intercept",
                obj=self,
            )
        try:
            gain, bias = neuron_type.gain_bias(np.array([self.max_rate]), np.array([intercept]))
        except ValidationError as err:  # Nengo names neither the layer nor the rate
            raise ValidationError(
                f"{type(neuron_type).__name__} cannot fire at {self.max_rate:g} Hz ({err}). "
                "Lower max_rate, or shorten tau_ref.",
                attr="max_rate",
                obj=self,
            ) from err
        return float(gain[0]), float(bias[0])

    def _sample(self, weights: Any, shape: tuple[int, int], seed: int | None) -> np.ndarray:
        if weights is Default:
            weights = GlorotUniform()
        if isinstance(weights, Distribution):
            weights = weights.sample(*shape, rng=random_state(seed, self))
        return finite_array(weights, shape, "weights", self)
