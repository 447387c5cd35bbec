"""The page on the chip says the numbers that the package computes with."""

from pathlib import Path

import rule_example

from nengo_dense.checks.documentation import find_rule
from nengo_dense.loihi import limits
from nengo_dense.loihi.partition import largest_block

PAGE = (Path(__file__).parents[2] / "docs" / "loihi.rst").read_text(encoding="utf-8")


def test_limits_are_the_chips():
    assert f"{limits.CORES_PER_CHIP} **cores**" in PAGE
    assert f"a core has {limits.MAX_IN_AXONS:,}" in PAGE
    assert f"{limits.MAX_SYNAPSE_BITS:,} bits a core" in PAGE
    assert f"{limits.MAX_COMPARTMENTS:,} a core" in PAGE
    assert f"weight takes {limits.WEIGHT_BITS} bits" in PAGE
    assert f"multiple of 1/{2**limits.DECAY_BITS}" in PAGE
    assert limits.BIAS_MAN_MAX == 2**12 - 1
    assert "A bias has 12 bits" in PAGE
    assert limits.VTH_MAN_MAX == 2**17 - 1
    assert "a threshold 17 bits" in PAGE


def test_neurons_of_a_core_are_those_of_the_partition():
    assert f"with 1,024 inputs\na core holds {largest_block(1024)} neurons" in PAGE


def test_shares_of_weights_are_those_of_the_rule():
    explanation = " ".join(find_rule("ND302").explanation.split())
    assert "At k = 10, 10 to 13 %" in explanation
    assert "At k = 100, it is 80 to 88 %" in explanation
    assert "10 to 13 % of the others become zero; at a\nhundred times it is 80 to 88 %" in PAGE


def test_example_of_the_rule_loses_the_share_that_its_page_names():
    (path,) = [path for path in rule_example.paths() if path.stem == "ND302"]
    (finding,) = [f for f in rule_example.run(path).before.findings if f.code == "ND302"]
    assert 0.80 <= finding.value <= 0.88
