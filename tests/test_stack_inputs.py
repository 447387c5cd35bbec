"""Inputs of stacks and graphs are found wherever these lie in a network."""

import nengo

from nengo_dense.layers.stack import DenseStack
from nengo_dense.stack_inputs import stack_inputs


def test_inputs_are_those_of_stacks_and_graphs_at_any_depth(make_graph):
    graph = make_graph("spikes")
    with nengo.Network() as net:
        nengo.Node(size_in=2)
        with nengo.Network():
            stack = DenseStack([3, 2], 4)
        net.add(graph)
    assert set(stack_inputs(net)) == {stack.input, *graph.inputs.values()}


def test_a_stack_may_be_the_network_itself():
    stack = DenseStack([3, 2], 4, add_to_container=False)
    assert list(stack_inputs(stack)) == [stack.input]
