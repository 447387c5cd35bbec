"""nengo-gui names every object of a network that is open in it, and runs it, ours too."""

import time
from collections.abc import Hashable
from types import SimpleNamespace

import nengo
import numpy as np
import pytest

import nengo_dense
from nengo_dense.layers import GraphLayer, GraphOutput

REASON = "nengo-gui is not installed; the extra 'tests' brings it"
without_jedi = pytest.mark.filterwarnings("ignore:Install the jedi module:UserWarning")


def graph_of_two_layers():
    """Make a graph whose layers both read the input, and whose output reads both."""
    rng = np.random.RandomState(0)
    layers = [
        GraphLayer("left", {"x": rng.randn(4, 3)}, np.zeros(4), on_chip=False),
        GraphLayer("right", {"x": rng.randn(2, 3), "left": rng.randn(2, 4)}, np.zeros(2)),
    ]
    logits = GraphOutput({"left": rng.randn(2, 4), "right": rng.randn(2, 2)}, np.zeros(2))
    return nengo_dense.DenseGraph({"x": 3}, layers, {"y": logits}, seed=0)


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
        graph = graph_of_two_layers()
        softmax = nengo_dense.SoftmaxNode(2)
        for network in (hidden, graph, *stacks):
            nengo.Connection(source, network.input, synapse=None)
        nengo.Connection(stacks[1].output, softmax, synapse=None)
    return {"model": model, "source": source, "hidden": hidden, "stack": stacks[0], "graph": graph}


@without_jedi
def test_every_object_has_a_name_in_nengo_gui(terms):
    namefinder = pytest.importorskip("nengo_gui.namefinder", reason=REASON)
    model = terms["model"]
    finder = namefinder.NameFinder(terms, model)
    objects = [*model.all_nodes, *model.all_ensembles, *model.all_networks]
    names = [finder.name(obj) for obj in [*objects, *model.all_connections]]
    assert len(set(names)) == len(names)
    assert finder.name(terms["stack"].input) == "stack.input"
    assert finder.name(terms["stack"].layers[1].ensemble) == "stack.layers[1].ensemble"
    assert finder.name(terms["hidden"].ensemble) == "hidden.ensemble"
    assert finder.name(terms["graph"].layers[0].ensemble) == "graph.layers[0].ensemble"


@without_jedi
def test_a_page_of_nengo_gui_runs_every_network_on_the_emulator(terms, tmp_path):
    page_module = pytest.importorskip("nengo_gui.page", reason=REASON)
    from nengo_gui.components import Raster, SimControl, Value
    from nengo_gui.guibackend import ModelContext

    context = ModelContext(model=terms["model"], locals=terms, filename=None, writeable=False)
    gui = SimpleNamespace(model_context=context, component_uids={})
    settings = page_module.PageSettings(
        backend="nengo_dense", filename_cfg=str(tmp_path / "layout.cfg")
    )
    page = page_module.Page(gui, None, settings)
    shown = [Raster(terms["stack"].layers[1].ensemble), Value(terms["graph"].logits)]
    for component in shown:
        page.generate_uid(component, "_viz_")
        page.add_component(component)
    try:
        page.build()
        assert page.error is None
        assert isinstance(page.sim, nengo_dense.Simulator)
        (control,) = (c for c in page.components if isinstance(c, SimControl))
        control.paused = False
        until = time.monotonic() + 60  # of a thread of its own; a moment is enough
        while page.error is None and len(shown[1].data) < 20 and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        page.finished = True
        control.paused = False
    assert page.error is None
    assert len(shown[0].data) >= 20
    assert len(shown[1].data) >= 20


def test_public_lists_hold_only_what_can_be_looked_up(terms):
    for network in terms["model"].all_networks:
        for name in dir(network):
            value = None if name.startswith("_") else getattr(network, name)
            if isinstance(value, list):
                assert all(isinstance(item, Hashable) for item in value), f"{network}: {name}"
