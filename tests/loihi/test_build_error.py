"""Whatever nengo-loihi raises while it builds names the object that stands in the way."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.exceptions import BuildError, SimulationError, ValidationError

import nengo_dense
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.build_error import explained


def build(obj, error):
    """Raise, as a builder of nengo-loihi does that is asked to build an object."""
    raise error


@pytest.fixture
def layer():
    with nengo.Network():
        return nengo.Ensemble(2, 1, label="layer")


def test_an_error_that_names_nothing_gets_the_object(layer):
    with (
        pytest.raises(BuildError, match=r"^no room \(while building <Ensemble .layer.>\)$"),
        explained("network"),
    ):
        build(layer, BuildError("no room"))


def test_an_error_that_names_the_object_stays_as_it_is(layer):
    with pytest.raises(BuildError, match=r"^layer has no room$"), explained("network"):
        build(layer, BuildError("layer has no room"))


def test_an_error_outside_any_object_stays_as_it_is():
    with pytest.raises(BuildError, match=r"^no room$"), explained("network"):
        raise BuildError("no room")


@pytest.mark.parametrize(
    "error", [SimulationError("not of building"), UserWarning("raised as an error")]
)
def test_other_errors_of_nengo_and_warnings_pass_unchanged(layer, error):
    with pytest.raises(type(error), match=f"^{error}$") as caught, explained("network"):
        build(layer, error)
    assert caught.value is error


def test_any_other_error_becomes_one_of_building(layer):
    with (
        pytest.raises(
            BuildError,
            match=r"^nengo-loihi cannot build <Ensemble .layer.>: KeyError: without a message$",
        ),
        explained("network"),
    ):
        build(layer, KeyError())
    with (
        pytest.raises(BuildError, match=r"^nengo-loihi cannot build network: TypeError: odd$"),
        explained("network"),
    ):
        raise TypeError("odd")


RECTIFIER, ONES = nengo_loihi.LoihiSpikingRectifiedLinear(), np.ones(16)
IMAGE = nengo.Convolution(1, (4, 4, 1), padding="same")


@pytest.mark.parametrize(
    ("wire", "meaning"),
    [
        (lambda a, b: nengo.Connection(a.neurons[:3], b.neurons[:3]), "part"),
        (lambda a, b: nengo.Connection(a[0], b[1]), "cannot lead to a part of neurons or of dim"),
        (lambda a, b: nengo.Connection(a.neurons, b, transform=IMAGE), "must end at neurons"),
        (lambda a, b: nengo.Connection(a, b.neurons, transform=IMAGE), "must start at neurons"),
        (
            lambda a, b: nengo.Probe(a, solver=nengo.solvers.LstsqL2(weights=True)),
            "solver with weights=True must be of a connection that ends at an ensemble",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:For connections to objects other than Ensembles")
def test_bare_assertions_are_said_in_words(wire, meaning):
    with nengo.Network(seed=0) as net:
        wire(
            *(
                nengo.Ensemble(16, 16, neuron_type=RECTIFIER, gain=ONES, bias=ONES)
                for _ in range(2)
            )
        )
    with pytest.raises(
        BuildError, match=rf"{meaning}.* nengo_dense\.check\(network\) shows where"
    ):
        build_model(net, 0.001)
    with pytest.raises(AssertionError):
        nengo_loihi.Simulator(net, progress_bar=False)


def _taught(post, on_chip):
    with nengo.Network(seed=0) as net:
        nengo_loihi.add_params(net)
        pre = nengo.Ensemble(10, 1, neuron_type=RECTIFIER)
        net.config[pre].on_chip = on_chip
        learned = nengo.Connection(pre, post(), learning_rule_type=nengo.PES())
        nengo.Connection(nengo.Node([1.0]), learned.learning_rule)
        nengo.Ensemble(4, 1, neuron_type=RECTIFIER)
    return net


def _probed(find):
    net = _taught(lambda: nengo.Node(lambda t, x: None, size_in=1), True)
    with net:
        nengo.Probe(find(net.all_connections[0]))
    return net


@pytest.mark.parametrize(
    ("make", "meaning"),
    [
        (
            lambda: _taught(lambda: nengo.Node(lambda t, x: None, size_in=1), False),
            "starts at an ensemble on the chip. Put that ensemble on the chip",
        ),
        (lambda: _taught(lambda: nengo.Node(size_in=1), True), "a node that nothing reads"),
        (lambda: _probed(lambda learned: learned), "no probes of connections and learning rules"),
        (lambda: _probed(lambda learned: learned.learning_rule), "no probes of connections and"),
    ],
)
def test_messages_that_say_too_little_are_explained(make, meaning):
    with pytest.raises(
        BuildError, match=rf"{meaning}.* nengo_dense\.check\(network\) shows where"
    ):
        build_model(make(), 0.001)
    with pytest.raises((BuildError, KeyError), match=r"LearningRule|Connection"):
        nengo_loihi.Simulator(make(), progress_bar=False)


def _learning(rule, to_node=True, **kwargs):
    with nengo.Network(seed=0) as net:
        pre, post, _ = [nengo.Ensemble(10, 1, neuron_type=RECTIFIER) for _ in range(3)]
        post = nengo.Node(lambda t, x: None, size_in=1) if to_node else post
        nengo.Connection(pre, post, learning_rule_type=rule, **kwargs)
    return net


WEIGHTS = nengo.solvers.LstsqL2(weights=True)


@pytest.mark.parametrize(
    ("make", "meaning"),
    [
        (lambda: _learning([nengo.PES()]), "takes one learning rule, and no list"),
        (lambda: _learning((nengo.PES(),)), "takes one learning rule, and no "),
        (lambda: _learning({"a": nengo.PES()}), "takes one learning rule, and no dict"),
        (lambda: _learning([]), "takes one learning rule, and no list. Give the rule itself"),
        (lambda: _learning(nengo.RLS()), r"learns by nengo\.PES alone, not by RLS"),
        (lambda: _learning(nengo.Voja(), to_node=False), r"by nengo\.PES alone, not by Voja"),
        (lambda: _learning([nengo.Voja()], to_node=False), "takes one learning rule, and no list"),
        (
            lambda: _learning(nengo.BCM(), to_node=False, solver=WEIGHTS),
            r"learns by nengo\.PES alone, not by BCM",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:For connections to objects other than Ensembles")
def test_learning_that_the_chip_has_not_is_named(make, meaning):
    net = make()
    with pytest.raises(
        BuildError, match=rf"{meaning}.* nengo_dense\.check\(network\) shows where"
    ):
        build_model(net, 0.001)
    with pytest.raises((NotImplementedError, ValidationError), match=r"^$|rule '(Voja|BCM)"):
        nengo_loihi.Simulator(net, progress_bar=False)


def test_other_assertions_keep_their_condition(layer):
    with (
        pytest.raises(BuildError, match=r"'raise error' does not hold\. nengo_dense\.check\(net"),
        explained("network"),
    ):
        build(layer, AssertionError())


def test_threshold_beside_a_large_bias_is_said_in_words():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(16, 1, neuron_type=RECTIFIER, gain=ONES, bias=1e12 * ONES)
    with pytest.raises(BuildError, match=r"threshold is too small .* Bring them closer together"):
        nengo_dense.Simulator(net, progress_bar=False)
