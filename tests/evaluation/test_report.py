"""The report as text and as plain data."""

import json
from dataclasses import replace

from mmsearch.evaluation import EvaluationReport, Metrics, as_dict, as_table

METRICS = Metrics(
    queries=5000,
    recall_at_1=0.2504,
    recall_at_5=0.5,
    recall_at_10=0.625,
    median_rank=5.5,
    mrr=0.3333,
    ndcg_at_10=0.4,
    map_at_r=0.2504,
    interval_at_10=(0.6, 0.65),
)
REPORT = EvaluationReport(METRICS, replace(METRICS, queries=1000, recall_at_10=1.0), 1000, 5000, "tiny", "demo", "zh")

TABLE = """\
demo, zh, encoder tiny: 1000 pictures, 5000 texts
              queries   R@1   R@5   R@10  95 % of R@10  median rank   MRR  nDCG@10  mAP@R
text → image     5000  25.0  50.0   62.5     60.0–65.0          5.5  33.3     40.0   25.0
image → text     1000  25.0  50.0  100.0     60.0–65.0          5.5  33.3     40.0   25.0"""


def test_the_table_lines_up():
    assert as_table(REPORT) == TABLE


def test_the_heading_leaves_out_what_is_not_known():
    bare = EvaluationReport(METRICS, METRICS, pictures=1, texts=1)

    assert as_table(bare).splitlines()[0] == "1 picture, 1 text"


def test_the_dictionary_survives_json():
    plain = as_dict(REPORT)

    assert json.loads(json.dumps(plain)) == plain
    assert plain["pictures"] == 1000
    assert plain["language"] == "zh"
    assert plain["text_to_image"]["recall_at_10"] == 0.625
    assert plain["text_to_image"]["interval_at_10"] == [0.6, 0.65]
