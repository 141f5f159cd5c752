import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _describe(home: Path, **environ: str) -> dict:
    command = [sys.executable, "-m", "tests.ui.describe_page", str(home)]
    answer = subprocess.run(command, cwd=ROOT, env=os.environ | environ, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> dict:
    return _describe(tmp_path_factory.mktemp("home"))


def test_building_the_page_does_not_load_the_encoder(page):
    assert page["ready"] is False


def test_endpoints_have_names_and_the_rest_is_private(page):
    assert page["public"] == ["cancel_indexing", "indexing_progress", "more_like_this", "search", "start_indexing"]


def test_nothing_is_reported_to_anybody(page):
    assert page["analytics"] is False


def test_the_theme_fetches_no_font(page):
    assert "http" not in page["stylesheets"]


def test_changes_to_one_component_are_joined(page):
    assert page["merged"] == {"a": {"__type__": "update", "label": "x", "value": 2}, "b": 1}


def test_a_space_says_why_it_does_not_index(page, tmp_path):
    hosted = _describe(tmp_path, SPACE_ID="someone/mmsearch")

    assert "shared server" in hosted["config"]
    assert "shared server" not in page["config"]
