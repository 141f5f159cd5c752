"""How well an encoder matches pictures with texts, measured on a captioned collection."""

from mmsearch.evaluation.metrics import Metrics
from mmsearch.evaluation.report import EvaluationReport, as_dict, as_table
from mmsearch.evaluation.retrieval import evaluate_retrieval

__all__ = ["EvaluationReport", "Metrics", "as_dict", "as_table", "evaluate_retrieval"]
