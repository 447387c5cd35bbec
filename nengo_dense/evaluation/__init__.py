"""The performance of a stack: accuracy, cost, and the steps at which accuracy is lost."""

from nengo_dense.evaluation.classification import Classification
from nengo_dense.evaluation.decision_curve import DecisionCurve, decision_curve
from nengo_dense.evaluation.device import DEVICES, Device, register_device
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.inference_cost import InferenceCost
from nengo_dense.evaluation.ladder_report import LadderReport
from nengo_dense.evaluation.measurement import evaluate
from nengo_dense.evaluation.multi_label import MultiLabel
from nengo_dense.evaluation.prediction import predict
from nengo_dense.evaluation.regression import Regression
from nengo_dense.evaluation.run_report import RunReport
from nengo_dense.evaluation.rung_by_rung import ladder
from nengo_dense.evaluation.several_ladders import SeveralLadders
from nengo_dense.evaluation.several_outputs import SeveralOutputs
from nengo_dense.evaluation.stopping import Decision
from nengo_dense.evaluation.stream_report import StreamReport, stream_report
from nengo_dense.report_page import Report

__all__ = [
    "DEVICES",
    "Classification",
    "Decision",
    "DecisionCurve",
    "Device",
    "Evaluation",
    "InferenceCost",
    "LadderReport",
    "MultiLabel",
    "Regression",
    "Report",
    "RunReport",
    "SeveralLadders",
    "SeveralOutputs",
    "StreamReport",
    "decision_curve",
    "evaluate",
    "ladder",
    "predict",
    "register_device",
    "stream_report",
]
