"""How well a stack does, what it costs, and where accuracy is lost."""

from nengo_dense.evaluation.ladder_report import LadderReport, ladder
from nengo_dense.evaluation.result import Evaluation
from nengo_dense.evaluation.test_set import evaluate

__all__ = ["Evaluation", "LadderReport", "evaluate", "ladder"]
