"""A check asks everyone, changes nothing, and never fails because of the network."""

import random
import subprocess
import sys

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.exceptions import BuildError, ValidationError
from numpy.testing import assert_array_equal

from nengo_dense.checks import Finding, check, registry, rule, runner
from nengo_dense.checks.runner import Facts

LIF = nengo.LIF(initial_state={"voltage": nengo.dists.Choice([0])})


def network(seed=3):
    """source -> host -> chip, nested, with nengo-loihi's parameters on the top level only."""
    with nengo.Network(seed=seed) as net:
        source = nengo.Node([0.4, -0.3], label="source")
        with nengo.Network(label="sub"):
            host = nengo.Ensemble(20, 2, label="host", neuron_type=LIF)
            chip = nengo.Ensemble(20, 2, label="chip", neuron_type=LIF)
        nengo.Connection(source, host)
        nengo.Connection(host, chip)
        nengo.Connection(source, chip)
        net.probe = nengo.Probe(chip, synapse=0.01)
    nengo_loihi.add_params(net)
    net.config[host].on_chip = False
    return net


def state(net):
    """All of a network's configuration and seeds, as text."""
    nets = [net, *net.all_networks]
    params = [sorted(map(repr, n.config.params.items())) for n in nets]
    extra = [n.config[nengo.Ensemble].extra_params for n in nets]
    return params, extra, [o.seed for o in net.all_objects], list(net.all_objects)


def test_network_config_and_random_numbers_stay_as_they_were():
    net = network(seed=None)
    before, numpy_before = state(net), np.random.get_state()[1].copy()
    python_before = random.getstate()
    check(net, run=0.01)
    assert state(net) == before
    assert_array_equal(np.random.get_state()[1], numpy_before)
    assert random.getstate() == python_before


def test_network_without_loihi_parameters_has_none_afterwards():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(5, 1)
    check(net, run=0.01)
    assert net.config[nengo.Ensemble].extra_params == ()
    assert net.config[nengo.Connection].extra_params == ()


def test_network_that_does_not_build_stays_as_it_was():
    net = network()
    net.connections[-1].synapse = nengo.Alpha(0.1)
    net.all_ensembles[1].neuron_type = nengo.Izhikevich()
    before = state(net)
    check(net, run=0)
    assert state(net) == before


def test_run_before_equals_run_after():
    net = network()

    def run():
        with nengo_loihi.Simulator(net, target="sim", progress_bar=False) as sim:
            sim.run(0.05)
        return sim.data[net.probe]

    before = run()
    check(net, run=0.02)
    assert_array_equal(run(), before)


def test_same_report_each_time_without_a_seed():
    net = network(seed=None)
    assert check(net, run=0.02).to_json() == check(net, run=0.02).to_json()


@pytest.mark.parametrize("wrong", [None, 7, "net.py", nengo.Simulator])
def test_not_a_network_is_refused(wrong):
    with pytest.raises(ValidationError, match=r"must be a nengo\.Network"):
        check(wrong)


def test_way_to_check_a_trained_model_is_told():
    with pytest.raises(ValidationError, match=r"got str\. .*convert\(model\).* FILE"):
        check("model.keras")


def test_closed_simulator_is_refused():
    with nengo.Simulator(network(), progress_bar=False) as sim:
        sim.run(0.001)
    with pytest.raises(ValidationError, match="got Simulator"):
        check(sim)


@pytest.mark.parametrize("name", ["dt", "run"])
@pytest.mark.parametrize("value", [-1, float("nan"), "0.1", True, None, 10**30, 10**400, 1j])
def test_wrong_time_is_refused(name, value):
    with pytest.raises(ValidationError, match=f"{name}: (must be|1 of 1 values are NaN)"):
        check(network(), **{name: value})


def test_step_of_zero_is_refused():
    with pytest.raises(ValidationError, match="dt: must be above 0 seconds, got 0"):
        check(network(), dt=0)
    with pytest.raises(ValidationError, match="dt: must be at least 0 and at most 1 seconds"):
        check(network(), dt=2)


def test_unknown_selector_is_refused():
    with pytest.raises(ValidationError, match="no rule's code begins with 'ND9'"):
        check(network(), select="ND9")


def test_ignoring_without_a_reason_is_refused():
    with pytest.raises(ValidationError, match="must give reasons"):
        check(network(), ignore=["ND403"])
    with pytest.raises(ValidationError, match="needs a reason in words for ND403"):
        check(network(), ignore={"ND403": " "})


def test_ignored_finding_shows_with_its_reason():
    report = check(network(), run=0, ignore={"ND403": "only two inputs"})
    assert not [f for f in report.findings if f.code == "ND403"]
    assert {why for finding, why in report.ignored if finding.code == "ND403"} == {
        "only two inputs"
    }
    assert "only two inputs" in str(report)


def test_selected_rules_alone_are_asked():
    report = check(network(), run=0, select=["ND4"])
    assert {f.code[:3] for f in report.findings} == {"ND4"}


def test_unrelated_errors_are_all_found():
    net = network()
    net.connections[1].synapse = nengo.Alpha(0.1)
    with net:
        nengo.Ensemble(5, 1, neuron_type=nengo.Izhikevich())
        nengo.Ensemble(5, 1, noise=nengo.processes.WhiteNoise())
        nengo.Ensemble(5, 1, gain=np.ones(5))
        nengo.Ensemble(5, 1, encoders=np.zeros((5, 1)))
        net.connections[1].pre.neuron_type = nengo.LIF()
    net.config[net.connections[1].pre].on_chip = True
    codes = {f.code for f in check(net, run=0).findings if f.severity == "error"}
    assert codes == {"ND100", "ND102", "ND104", "ND106", "ND107"}


def test_cycle_of_nodes_is_reported_not_raised():
    with nengo.Network(seed=0) as net:
        a, b = nengo.Node(size_in=1), nengo.Node(size_in=1)
        nengo.Connection(a, b, synapse=None)
        nengo.Connection(b, a, synapse=None)
        ens = nengo.Ensemble(5, 1, neuron_type=LIF)
        nengo.Connection(b, ens)
        nengo.Connection(nengo.Node([1.0]), a, synapse=None)
        with pytest.raises(Exception, match=r"(?i)cycl|loop"):
            nengo_loihi.Simulator(net, target="sim", progress_bar=False)
    report = check(net, run=0)
    assert not report.ok
    assert not report.problems


def test_what_is_given_is_a_fact_and_what_nobody_knows_is_none():
    facts = Facts(registry.load(), {"network": network(), "samples": 3})
    assert facts.needs(["samples", "unheard_of"], {"samples", "unheard_of"}) == {
        "samples": 3,
        "unheard_of": None,
    }


def test_skipped_rules_name_what_failed():
    net = network()
    net.connections[1].synapse = nengo.Alpha(0.1)
    net.config[net.all_ensembles[0]].on_chip = True
    net.connections[1].pre.neuron_type = nengo.Izhikevich()
    skipped = {s.code: s.reason for s in check(net).skipped}
    assert "cannot be simulated on Loihi" in skipped["ND404"]
    assert {s.reason for s in check(network(), run=0).skipped if s.code == "ND405"} == {
        "no run: there is no run, because of run=0"
    }


def test_what_stopped_the_run_is_told_wherever_the_run_is_missing():
    net = network()

    def fail(t):
        return 1 / 0 if t > 0.01 else [0.4, -0.3]

    net.all_nodes[0].output = fail
    report = check(net, run=0.05)
    assert "division by zero" in str([f for f in report.findings if f.code == "ND100"])
    reasons = {s.reason for s in report.skipped if s.code == "ND405"}
    assert len(reasons) == 1
    assert "the run stopped: " in reasons.pop()


def test_rule_that_crashes_is_reported_and_the_rest_go_on(monkeypatch):
    @rule("XY101", "error", "crashes", remedy="r")
    def crash(network):
        yield Finding("network", "found before the crash")
        raise RuntimeError("oh dear")

    @rule("XY102", "error", "yields nonsense", remedy="r")
    def nonsense(network):
        yield "a string"

    known = registry.load()
    known.rules.update({"XY101": crash, "XY102": nonsense})
    monkeypatch.setattr(registry, "load", lambda **_: known)
    report = check(network(), run=0)
    assert len(report.problems) == 2
    assert "XY101 (crashes; of unknown origin) crashed: RuntimeError: oh" in report.problems[0]
    assert "not str" in report.problems[1]
    assert {"XY101", "ND403"} <= {f.code for f in report.findings}
    assert "oh dear" in str(report)


@pytest.mark.parametrize("n", [3, 4])
def test_a_rule_has_as_many_findings_as_are_allowed(monkeypatch, n):
    @rule("XY101", "info", "finds much", remedy="r")
    def find(network):
        yield from (Finding("network", f"finding {i}") for i in range(n))

    known = registry.load()
    known.rules.update({"XY101": find})
    monkeypatch.setattr(registry, "load", lambda **_: known)
    monkeypatch.setattr(runner, "MAX_FINDINGS", 3)
    report = check(network(), run=0, select="XY")
    assert [f.message for f in report.findings] == ["finding 0", "finding 1", "finding 2"]
    assert ["more than 3 findings" in p for p in report.problems] == [True] * (n - 3)


@pytest.mark.parametrize("severity, explained", [("error", True), ("warning", False)])
def test_only_an_error_explains_what_nengo_loihi_says(monkeypatch, severity, explained):
    @rule("XY101", severity, "explains all", remedy="r", says=(".",))
    def explain(network):
        yield Finding("network", "this is why")

    known = registry.load()
    known.rules.update({"XY101": explain})
    monkeypatch.setattr(registry, "load", lambda **_: known)
    net = network()
    with net:
        nengo.Ensemble(5, 1, encoders=np.zeros((5, 1)))
    codes = {f.code for f in check(net, run=0).findings}
    assert "XY101" in codes
    assert ("ND100" in codes) is not explained


def test_raise_if_errors_gives_every_error_and_remedy():
    with pytest.raises(
        BuildError,
        match=r"(?s)ND101 network: there are no neurons at all\. Make .*net\.add\(stack\)",
    ):
        check(nengo.Network(seed=0)).raise_if_errors()
    check(network(), run=0).raise_if_errors()


def test_importing_the_checker_loads_no_heavy_package():
    program = (
        "import sys, nengo_dense.checks; "
        "print([m for m in ('nengo_loihi', 'matplotlib', 'scipy.optimize') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_bar_counts_the_rules(monkeypatch):
    shown = []

    class Bar(nengo.utils.progress.ProgressBar):
        def update(self, progress):
            shown.append((progress.name_during, progress.n_steps, progress.max_steps))

    with nengo.Network() as network:
        nengo.Ensemble(10, 1)
    check(network, run=0, build=False, progress_bar=Bar())
    names, done, whole = zip(*shown, strict=True)
    assert set(names) == {"Checking"}
    assert done[-1] == whole[-1] > 40


def test_what_was_added_twice_is_found_once():
    once = network()
    expected = [(f.code, f.target, f.message) for f in check(once, run=0).findings]
    twice = network()
    with twice:
        twice.add(twice.networks[0])
    assert [(f.code, f.target, f.message) for f in check(twice, run=0).findings] == expected
