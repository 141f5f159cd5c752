import pytest

from mmsearch.evaluation import EvaluationReport, Metrics
from mmsearch.nets.folder import save_folder
from mmsearch.nets.matcher_network import save_matcher
from mmsearch.training.captions import DatasetSettings
from mmsearch.training.config import PretrainConfig, SceneSettings
from mmsearch.training.pretrain import PretrainReport
from mmsearch.training.pretrain_cards import table_below, write_pretrained_cards
from tests.nets.tiny import tiny_network
from tests.training.tiny_matcher import tiny_matcher

START = """# An encoder

## What it is made of

Of these:

| part | licence |
|---|---|
| tower | MIT |

Both are frozen.

| another | table |

## Data

| data | terms |
|---|---|
| recipes | public domain |
"""
METRICS = Metrics(
    queries=4,
    recall_at_1=0.125,
    recall_at_5=0.5,
    recall_at_10=0.75,
    median_rank=3.0,
    mrr=0.4,
    ndcg_at_10=0.5,
    map_at_r=0.2,
    interval_at_10=(0.5, 1.0),
)
RECALL = EvaluationReport(METRICS, METRICS, pictures=4, texts=4, encoder="mine", dataset="drawn dev", language="en")
CONFIG = PretrainConfig("mine", (DatasetSettings("drawn", "captions.jsonl", "CC0", "by hand"),), scenes=SceneSettings())


@pytest.fixture
def start(tmp_path):
    folder = tmp_path / "start"
    save_folder(tiny_network(), folder)
    (folder / "README.md").write_text(START, encoding="utf8")
    (folder / "NOTICE.md").write_text("Copyright of the tower.\n", encoding="utf8")
    return folder


@pytest.fixture
def report(tmp_path):
    network, encoder, matcher = tiny_matcher(), tmp_path / "encoder", tmp_path / "matcher"
    save_folder(network.dual, encoder)
    matcher.mkdir()
    save_matcher(network, matcher, encoder)
    return PretrainReport(encoder, matcher, 7, 2.5, 5400.0, 10.0, 1.0, (RECALL,))


def cards(report):
    return [(folder / "README.md").read_text(encoding="utf8") for folder in (report.folder, report.matcher)]


def test_both_cards_tell_what_was_measured_and_how_it_was_trained(start, report):
    write_pretrained_cards(CONFIG, report, start, {"scenes, R@1 en": "75.0 %"})

    for card in cards(report):
        assert "12.5 / 50.0 / 75.0" in card
        assert "| scenes, R@1 en | 75.0 % |" in card
        assert "7 epochs of 100 steps in 1.5 hours" in card
        assert "to a loss of 2.500 nats" in card
        assert "| drawn | all | CC0 | by hand |" in card
        assert "SIL OFL 1.1" in card


def test_sources_and_notices_of_the_start_are_carried_on(start, report):
    write_pretrained_cards(CONFIG, report, start)

    assert all("| tower | MIT |" in card for card in cards(report))
    assert "| recipes | public domain |" in cards(report)[0]
    for folder in (report.folder, report.matcher):
        notice = (folder / "NOTICE.md").read_text(encoding="utf8")
        assert notice.startswith("Copyright of the tower.")
        assert "trained further" in notice


def test_what_was_not_measured_or_is_not_known_is_not_said(start, report):
    (start / "README.md").unlink()
    (start / "NOTICE.md").unlink()

    write_pretrained_cards(CONFIG, report, start)

    assert all("also measured" not in card for card in cards(report))
    assert all("Its card does not say." in card for card in cards(report))


def test_a_table_ends_where_it_ends():
    assert table_below("## What it is made of", START) == "| part | licence |\n|---|---|\n| tower | MIT |"
    assert table_below("## Cost", START) == ""
