"""How well a stack does, and what it costs."""

from nengo_dense.evaluation.evaluate import evaluate
from nengo_dense.evaluation.result import Evaluation

__all__ = ["Evaluation", "evaluate"]
