"""How well a stack does, what it costs, and where accuracy is lost."""

from nengo_dense.evaluation.classification import evaluate
from nengo_dense.evaluation.ladder_report import LadderReport, ladder
from nengo_dense.evaluation.result import Evaluation

__all__ = ["Evaluation", "LadderReport", "evaluate", "ladder"]
