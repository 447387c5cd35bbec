"""The neurons of a core share a few settings, of which each kind has a limit of its own."""

import nengo
import numpy as np
import pytest

from nengo_dense.checks import registry
from nengo_dense.checks.runner import Facts
from nengo_dense.checks.untouched import untouched

RULE = registry.load().rules["ND207"]


@pytest.fixture(scope="module")
def build():
    relu = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(40, 1, label="layer", neuron_type=relu, gain=np.ones(40), bias=np.ones(40))
    with untouched(net):
        given = {"network": net, "dt": 0.001, "run_time": 0.0, "build": True}
        return Facts(registry.load(), given)["integer_build"]


@pytest.mark.parametrize(
    "what, limit, values",
    [
        ("thresholds", 7, {"vth": lambda n: 100 + np.arange(40) % n}),
        ("settings", 31, {"decay_u": lambda n: np.arange(40) % n}),
        # six by six; a setting is all three of them together
        (
            "settings",
            31,
            {
                "decay_v": lambda n: np.arange(40) % n // 6,
                "refract_delay": lambda n: 1 + np.arange(40) % n % 6,
            },
        ),
    ],
)
def test_as_many_settings_as_there_is_room_for_and_no_more(
    build, monkeypatch, what, limit, values
):
    (layer,) = build.layers
    (block,) = layer.blocks

    def found(n):
        for name, make in values.items():
            monkeypatch.setattr(block.compartment, name, make(n))
        return list(RULE.find(integer_build=build))

    assert found(limit) == []
    (finding,) = found(limit + 1)
    assert finding.message.startswith(f"has {limit + 1} different {what}")
    assert (finding.target, finding.value, finding.limit) == ("layer", limit + 1, limit)
