"""nengo-gui names every object of a network that is open in it; our networks let it."""

from collections.abc import Hashable

import nengo
import pytest

import nengo_dense


@pytest.fixture
def terms():
    """Return what nengo-gui knows of a script: its variables by name."""
    with nengo.Network(seed=0) as model:
        source = nengo.Node([0.0, 0.0, 0.0])
        hidden = nengo_dense.DenseLayer(4, 3, on_chip=False)
        stacks = [
            nengo_dense.DenseStack([4, 3, 2], 3, encoding=encoding, readout=readout)
            for encoding in ("host", "spikes", "chip")
            for readout in ("softmax", "linear")
        ]
        softmax = nengo_dense.SoftmaxNode(2)
        for network in (hidden, *stacks):
            nengo.Connection(source, network.input, synapse=None)
        nengo.Connection(stacks[1].output, softmax, synapse=None)
    return {"model": model, "source": source, "hidden": hidden, "stack": stacks[0]}


@pytest.mark.filterwarnings("ignore:Install the jedi module:UserWarning")
def test_every_object_has_a_name_in_nengo_gui(terms):
    reason = "nengo-gui is not installed; the extra 'tests' brings it"
    namefinder = pytest.importorskip("nengo_gui.namefinder", reason=reason)
    model = terms["model"]
    finder = namefinder.NameFinder(terms, model)
    objects = [*model.all_nodes, *model.all_ensembles, *model.all_networks]
    names = [finder.name(obj) for obj in [*objects, *model.all_connections]]
    assert len(set(names)) == len(names)
    assert finder.name(terms["stack"].input) == "stack.input"
    assert finder.name(terms["stack"].layers[1].ensemble) == "stack.layers[1].ensemble"
    assert finder.name(terms["hidden"].ensemble) == "hidden.ensemble"


def test_public_lists_hold_only_what_can_be_looked_up(terms):
    for network in terms["model"].all_networks:
        for name in dir(network):
            value = None if name.startswith("_") else getattr(network, name)
            if isinstance(value, list):
                assert all(isinstance(item, Hashable) for item in value), f"{network}: {name}"
