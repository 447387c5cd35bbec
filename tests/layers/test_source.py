import nengo
import numpy as np
from nengo.processes import PresentInput

from nengo_dense.layers.source import with_source
from nengo_dense.layers.stack import DenseStack


def test_the_source_drives_the_stack():
    with nengo.Network():
        stack = DenseStack([3, 2], 2, seed=0)
    shown = np.array([[0.25, -1.0], [0.5, 2.0]])
    network, _ = with_source(stack, PresentInput(shown, 0.002), seed=1)
    with network:
        probe = nengo.Probe(stack.input)
    with nengo.Simulator(network, progress_bar=False) as sim:
        sim.run_steps(4)
    np.testing.assert_array_equal(sim.data[probe], np.repeat(shown, 2, axis=0))


def test_without_values_the_source_is_zero_and_has_the_stacks_width():
    stack = DenseStack([3, 2], 5)
    network, source = with_source(stack, label="shown")
    np.testing.assert_array_equal(source.output, np.zeros(5))
    assert (network.seed, network.label) == (0, "shown")


def test_a_stack_of_another_network_stays_there():
    with nengo.Network() as own:
        stack = DenseStack([3, 2], 2)
        network, source = with_source(stack)
    assert own.networks == network.networks == [stack]
    assert own.nodes == []
    assert network.nodes == [source]
