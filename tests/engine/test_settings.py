import os
from pathlib import Path

import pytest

from mmsearch.engine import Settings, load_settings
from mmsearch.errors import BadInput


def test_an_empty_environment_gives_the_defaults():
    assert load_settings({}) == Settings()


def test_every_setting_has_a_twin_in_the_environment():
    settings = load_settings(
        {
            "MMSEARCH_HOME": "/somewhere",
            "MMSEARCH_COLLECTION": "work",
            "MMSEARCH_ENCODER": "tiny",
            "MMSEARCH_DEVICE": "cpu",
            "MMSEARCH_MAX_PIXELS": "1_000",
            "MMSEARCH_INDEX_ROOTS": os.pathsep.join(["/photos", " ", "/scans"]),
            "MMSEARCH_MAX_SECONDS": "2.5",
            "MMSEARCH_RERANKER": "none",
            "MMSEARCH_RERANK_SECONDS": "0.1",
            "MMSEARCH_TOKEN_MEGABYTES": "10",
        }
    )

    roots = (Path("/photos"), Path("/scans"))
    assert settings == Settings(Path("/somewhere"), "work", "tiny", "cpu", 1000, roots, 2.5, "none", 0.1, 10)


def test_an_empty_variable_counts_as_not_set():
    assert load_settings({"MMSEARCH_COLLECTION": " "}).collection is None


@pytest.mark.parametrize("value", ["many", "0", "-5", "1.5"])
def test_refuses_a_number_that_is_none(value):
    with pytest.raises(BadInput, match="MMSEARCH_MAX_PIXELS"):
        load_settings({"MMSEARCH_MAX_PIXELS": value})


@pytest.mark.parametrize("value", ["soon", "0", "-1", "inf", "nan"])
@pytest.mark.parametrize("name", ["MMSEARCH_MAX_SECONDS", "MMSEARCH_RERANK_SECONDS"])
def test_refuses_a_time_that_is_none(name, value):
    with pytest.raises(BadInput, match=name):
        load_settings({name: value})


@pytest.mark.parametrize("value", ["much", "0", "-5"])
def test_refuses_a_size_that_is_none(value):
    with pytest.raises(BadInput, match="MMSEARCH_TOKEN_MEGABYTES"):
        load_settings({"MMSEARCH_TOKEN_MEGABYTES": value})
