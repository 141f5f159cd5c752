import json

import pytest

from mmsearch.errors import RerankerError
from mmsearch.rerankers.presets import RERANKER_FAMILY, RERANKERS
from mmsearch.rerankers.registry import list_rerankers, load_reranker
from mmsearch.types import Modality
from tests.encoders.conftest import hub_cache
from tests.rerankers.tiny_blip import save_blip
from tests.rerankers.tiny_cross_encoders import save_minilm

__all__ = ["hub_cache"]


def test_every_re_ranker_is_listed_with_what_one_wants_to_know():
    listed = {info.name: info for info in list_rerankers()}

    assert listed.keys() == RERANKERS.keys() == RERANKER_FAMILY.presets.keys()
    assert all(info.licence and info.source and info.good_at and info.languages for info in listed.values())
    assert {name for name, info in listed.items() if info.reads is Modality.TEXT} == {"minilm", "bge-m3"}
    assert [name for name, info in listed.items() if info.hub_id is None] == ["bundled"]


def test_lists_and_opens_what_the_cache_holds(hub_cache, tmp_path):
    save_minilm(tmp_path / "minilm")
    assert {info.name for info in list_rerankers() if info.installed} == {"bundled"}
    hub_cache("cross-encoder/ms-marco-MiniLM-L6-v2", tmp_path / "minilm")

    named, by_id = (load_reranker(each, device="cpu") for each in ("minilm", "cross-encoder/ms-marco-MiniLM-L6-v2"))

    assert {info.name for info in list_rerankers() if info.installed} == {"bundled", "minilm"}
    assert (named.name, by_id.name) == ("minilm", "cross-encoder/ms-marco-MiniLM-L6-v2")
    assert named.fingerprint == by_id.fingerprint


@pytest.mark.parametrize(
    ("name", "hub_id"), [("blip-coco", "Salesforce/blip-itm-base-coco"), ("nobody/nothing", "nobody/nothing")]
)
def test_what_is_not_on_this_machine_is_named_with_the_way_to_get_it(hub_cache, name, hub_id):
    with pytest.raises(RerankerError) as told:
        load_reranker(name)

    assert f"The re-ranker {name} ({hub_id}) is not on this machine" in str(told.value)
    assert f"mmsearch rerankers download {name}" in str(told.value)
    assert "--reranker /path/to/folder" in str(told.value)


def test_a_name_of_nothing_is_answered_with_what_could_be_given():
    with pytest.raises(RerankerError, match=r"no re-ranker 'blip-kokko': give a name that `mmsearch rerankers` lists"):
        load_reranker("blip-kokko")


def test_the_name_of_a_folder_comes_before_a_hub_id(hub_cache, tmp_path, monkeypatch):
    save_blip(tmp_path / "some" / "blip")
    monkeypatch.chdir(tmp_path)

    assert load_reranker("some/blip", device="cpu").name == "some/blip"


def test_a_folder_that_is_called_like_a_preset_is_meant_where_it_is_written_as_a_path(hub_cache, tmp_path, monkeypatch):
    save_minilm(tmp_path / "minilm")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert load_reranker("./minilm", device="cpu").name == "./minilm"
    assert load_reranker("~/minilm", device="cpu").name == "~/minilm"
    with pytest.raises(RerankerError, match="not on this machine"):
        load_reranker("minilm")
    for nowhere in ("./bge-m3", "~/bge-m3"):
        with pytest.raises(RerankerError, match="There is no re-ranker"):
            load_reranker(nowhere)


@pytest.mark.parametrize("said", [{"architectures": ["GPT2LMHeadModel"]}, {"architectures": []}, {}, []])
def test_a_folder_of_something_else_is_refused(tmp_path, said):
    (tmp_path / "config.json").write_text(json.dumps(said))

    with pytest.raises(RerankerError, match="There is no re-ranker in"):
        load_reranker(str(tmp_path))
