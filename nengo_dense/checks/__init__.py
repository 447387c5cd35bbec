"""The checker: find the problems of a network on Loihi before it is built for the chip.

`check` runs the rules of all installed families and collects their findings in a `CheckReport`. A
rule is data with a generator of findings (`rule`). Other packages add rules through the
entry-point group ``nengo_dense.rules``.
"""

from nengo_dense.checks.declaration import Fact, Rule, fact, rule
from nengo_dense.checks.finding import Finding
from nengo_dense.checks.outcome import Skipped
from nengo_dense.checks.report import CheckReport
from nengo_dense.checks.runner import check

__all__ = ["CheckReport", "Fact", "Finding", "Rule", "Skipped", "check", "fact", "rule"]
