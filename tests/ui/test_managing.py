from pathlib import Path
from threading import Event

import pytest

from mmsearch.errors import BadInput, NotIndexed
from mmsearch.ui.hosting import Rights
from mmsearch.ui.managing import Manager, patterns
from mmsearch.ui.uploads import Sent
from tests.ui.fakes import draw

CLOSED = Rights(folders=False, uploads=False, manage=False, closed_by="closed_space")


@pytest.fixture
def manager(engine, tmp_path):
    return Manager(engine, Rights(), tmp_path / "arrivals")


def _wait(manager):
    manager._jobs.wait(10)
    return manager.progress()


def test_a_folder_is_indexed_with_the_patterns_given(manager, engine, tmp_path):
    manager.index_folder(f" {tmp_path} ", " mine ", "*.png, a/**", "")
    told = _wait(manager)

    assert engine.indexed == [(str(tmp_path), "mine", ("*.png", "a/**"), ())]
    assert told["state"] == "over"
    assert told["report"]["skipped"] == 1
    assert manager.history()["runs"][0]["collection"] == "mine"


@pytest.mark.parametrize(("folder", "collection"), [("", "library"), ("  ", "library"), ("/x", " ")])
def test_what_is_missing_is_said(manager, folder, collection):
    with pytest.raises(BadInput, match="first"):
        manager.index_folder(folder, collection, "", "")

    assert manager.progress()["state"] == "idle"


def test_a_second_run_is_told_to_wait(manager, engine, tmp_path):
    engine.gate = Event()
    manager.index_folder(str(tmp_path), "library", "", "")

    with pytest.raises(BadInput, match="already"):
        manager.index_uploads([], "library")
    with pytest.raises(BadInput, match="already"):
        manager.build("samples", "other")

    engine.gate.set()
    _wait(manager)


def test_a_run_can_be_cancelled(manager, engine, tmp_path):
    engine.gate = Event()
    manager.index_folder(str(tmp_path), "library", "", "")

    assert manager.cancel()["state"] == "stopping"

    engine.gate.set()
    assert _wait(manager)["report"]["state"] == "cancelled"


def test_uploads_are_kept_in_the_home_and_indexed(manager, engine, tmp_path):
    arrived = draw(tmp_path / "arrivals" / "f00", "red.png", "red")

    manager.index_uploads([Sent(arrived, "my cat.PNG")], "../../x")
    _wait(manager)

    source = Path(engine.indexed[0][0])
    assert source.parent == engine.settings.home / "uploads"
    assert [file.name for file in source.rglob("*.*")] == ["my cat.png"]
    assert not arrived.exists()


def test_an_encoder_is_built_beside_the_other_used_and_the_other_removed(manager, engine):
    manager.build("samples", "other")
    _wait(manager)

    manager.use("samples", "other")
    removed = manager.remove_encoder("samples", "fake")

    assert engine.in_use == "other"
    assert list(engine.vectors) == ["other"]
    assert removed["bytes_freed"] == 4096


def test_encoders_are_aligned_and_the_result_is_used(manager, engine):
    assert manager.alignment() == {"found": None}

    manager.align(" samples ", " fake ", " ", "contrastive")
    told = _wait(manager)

    assert (told["work"], told["collection"], told["report"]) == ("align", "samples", {"state": "done"})
    assert engine.aligned == [("samples", "fake", None, "contrastive")]
    found = manager.alignment()["found"]
    manager.build("samples", str(found["recommended"]), use=True)
    _wait(manager)
    assert engine.in_use == str(found["recommended"])
    assert manager.alignment()["found"] == found


def test_an_alignment_needs_an_encoder_and_a_collection(manager, engine):
    for asked in (("samples", " ", "", "cca"), (" ", "fake", "", "cca")):
        with pytest.raises(BadInput, match="first"):
            manager.align(*asked)

    assert engine.aligned == []


def test_an_encoder_without_vectors_cannot_be_used(manager):
    with pytest.raises(NotIndexed):
        manager.use("samples", "other")


def test_removing_a_collection_removes_its_uploads_and_no_other(manager, engine, tmp_path):
    manager.index_uploads([Sent(draw(tmp_path / "arrivals", "a.png", "red"), "a.png")], "mine")
    _wait(manager)
    manager.index_uploads([Sent(draw(tmp_path / "arrivals", "b.png", "red"), "b.png")], "Mine!")
    _wait(manager)

    manager.remove_collection("mine")

    assert engine.removed == ["mine"]
    assert [file.name for file in (engine.settings.home / "uploads").rglob("*.png")] == ["b.png"]


def test_what_is_closed_is_refused_whoever_asks(engine, tmp_path):
    closed = Manager(engine, CLOSED, tmp_path)

    for ask in (
        lambda: closed.index_folder(str(tmp_path), "library", "", ""),
        lambda: closed.index_uploads([Sent(tmp_path, "a.png")], "library"),
        lambda: closed.build("samples", "other"),
        lambda: closed.use("samples", "other"),
        lambda: closed.align("samples", "fake", "", "cca"),
        closed.alignment,
        lambda: closed.remove_encoder("samples", "fake"),
        lambda: closed.remove_collection("mine"),
    ):
        with pytest.raises(BadInput, match="The page says why"):
            ask()

    assert engine.indexed == engine.removed == engine.aligned == []


def test_strangers_do_not_learn_from_runs_where_files_lie(engine, tmp_path):
    manager = Manager(engine, Rights(paths=False), tmp_path)

    assert all("/" not in run["source"] for run in manager.history()["runs"])
    assert manager.progress()["source"] == ""


def test_patterns_are_split_at_commas_and_lines():
    assert patterns(" *.jpg, ,a b/**\n\nc ") == ("*.jpg", "a b/**", "c")
