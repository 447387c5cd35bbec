"""ND108: what only NengoDL can run."""

import nengo
import pytest

from nengo_dense.checks import check

pytestmark = pytest.mark.dl


def test_tensor_node_is_found_and_no_other_error_with_it():
    nengo_dl = pytest.importorskip("nengo_dl", reason="it brings the TensorNode")
    with nengo.Network(seed=0) as net:
        source = nengo.Node([0.5, 0.5])
        layer = nengo.Ensemble(10, 2, label="layer")
        nengo.Connection(source, layer)
        node = nengo_dl.TensorNode(
            lambda t, x: x, shape_in=(2,), shape_out=(2,), pass_time=True, label="softmax"
        )
        nengo.Connection(layer, node)
        nengo.Probe(node)
    report = check(net, run=0)
    errors = {(f.code, f.target) for f in report.findings if f.severity == "error"}
    assert errors == {("ND108", "softmax")}
