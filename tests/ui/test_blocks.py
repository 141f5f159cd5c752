import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> dict:
    command = [sys.executable, "-m", "tests.ui.describe_page", str(tmp_path_factory.mktemp("home"))]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def test_building_the_page_does_not_load_the_encoder(page):
    assert page["ready"] is False


def test_every_endpoint_has_a_name(page):
    assert page["public"] == [
        "adopt_encoder", "align", "alignment", "browse", "build_encoder", "cancel", "credit_list", "details", "history",
        "index_folder", "index_uploads", "overview", "progress", "remove_collection", "remove_encoder", "search",
        "similar", "use_encoder",
    ]  # fmt: skip


def test_no_answer_waits_in_a_queue(page):
    assert page["queued"] == []


def test_nothing_is_reported_to_anybody(page):
    assert page["analytics"] is False


def test_the_theme_fetches_no_font(page):
    assert "http" not in page["stylesheets"]


def test_what_the_engine_refuses_is_told_as_a_problem(page):
    assert page["problem"] == {"problem": "Nothing to search for.", "kind": "BadInput"}


def test_a_file_of_the_server_cannot_be_passed_off_as_an_upload(page):
    assert {told.split(",")[0] for told in page["refused"]} == {"The picture did not arrive"}
