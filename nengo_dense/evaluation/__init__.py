"""How well a stack does, what it costs, and where accuracy is lost."""

from nengo_dense.evaluation.classification import evaluate
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.ladder_report import LadderReport
from nengo_dense.evaluation.rung_by_rung import ladder

__all__ = ["Evaluation", "LadderReport", "evaluate", "ladder"]
