from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from mmsearch.encoders.registry import load_encoder
from mmsearch.engine import Engine
from mmsearch.engine.aligning import ALIGNED, captioned
from mmsearch.errors import EncoderError, TrainingError, UnknownName
from mmsearch.nets.folder import save_folder
from mmsearch.types import StoredText
from tests.encoders.fakes import KeywordEncoder
from tests.nets.tiny import tiny_network

COLOURS = ("red", "green", "blue", "white")
SHADES = 6  # pictures of each colour
QUICK = {"method": "cca", "seeds": 2}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return the folders of two encoders that were never trained, so they have nothing in common."""
    place = tmp_path_factory.mktemp("encoders")
    for seed, name in enumerate(("pictures", "texts")):
        save_folder(tiny_network(seed), place / name)
    return {"image_encoder": str(place / "pictures"), "text_encoder": str(place / "texts")}


def _load(name):
    return KeywordEncoder(name, "0123456789abcdef") if name == "bundled" else load_encoder(name, device="cpu")


@pytest.fixture
def engine(settings, no_samples):
    with Engine(replace(settings, device="cpu"), no_samples, _load) as engine:
        yield engine


@pytest.fixture
def pictures(engine, folder):
    """Index pictures of colours with captions; one has none, and one whose caption is only a keyword."""
    for colour in COLOURS:
        for shade in range(SHADES):
            picture = Image.new("RGB", (40, 40), colour)
            picture.paste((40 * shade, 0, 40 * shade), (0, 0, 8 + 4 * shade, 40))
            picture.save(folder / f"{colour}{shade}.png")
            (folder / f"{colour}{shade}.txt").write_text(f"{colour}, and {shade} of it")
    Image.new("RGB", (40, 40), "yellow").save(folder / "silent.png")
    engine.index(folder)
    return folder


def test_two_encoders_become_one_that_reads_and_searches_the_collection(engine, pictures, tiny):
    heard = []
    report = engine.align(**tiny, **QUICK, progress=heard.append)

    assert (report.state, report.pairs, report.pictures) == ("done", "library", len(COLOURS) * SHADES)
    assert not report.aligned
    assert report.recommended.is_relative_to(engine.settings.home / ALIGNED)
    assert any(now.phase == "cca, split 2 of 2" for now in heard)
    engine.build("library", str(report.recommended))
    engine.use_encoder("library", str(report.recommended))
    assert engine.search("red, and 3 of it").encoder == str(report.recommended)
    assert len(engine.search("red, and 3 of it", k=100)) == len(COLOURS) * SHADES + 1


def test_the_drawing_holds_the_pairs_that_were_held_out_from_the_first_split(engine, pictures, tiny):
    report = engine.align(**tiny, **QUICK)

    (image, text), (image_after, text_after) = report.drawing.before, report.drawing.after
    assert len(image) == len(text) == len(image_after) == len(text_after) == report.held_out
    assert all(len(point) == 2 for point in (*image, *text, *image_after, *text_after))
    assert list(report.drawing.spectra) == ["cca"]
    assert list(report.drawing.spectra["cca"]) == sorted(report.drawing.spectra["cca"], reverse=True)


def test_what_nothing_was_built_with_goes_once_the_next_run_is_done(engine, pictures, tiny):
    idle = engine.align(**tiny, **QUICK).recommended
    with pytest.raises(UnknownName):
        engine.align(**tiny, method="magic")
    assert idle.is_dir()  # the last that there is to use

    used = engine.align(**tiny, **QUICK).recommended
    engine.build("library", str(used))
    last = engine.align(**tiny, **QUICK).recommended

    assert {path.name for path in (engine.settings.home / ALIGNED).iterdir()} == {used.parent.name, last.parent.name}


def test_a_cancelled_run_leaves_no_folder(engine, pictures, tiny):
    cancel = Event()

    report = engine.align(**tiny, **QUICK, progress=lambda now: cancel.set(), cancel=cancel)

    assert (report.state, report.recommended, report.drawing) == ("cancelled", None, None)
    assert list((engine.settings.home / ALIGNED).iterdir()) == []


def test_too_few_captioned_pictures_are_counted_and_nothing_is_left(engine, pictures, tiny):
    for path in pictures.glob("[rgb]*.png"):
        path.unlink()  # gone since they were indexed

    with pytest.raises(TrainingError, match="library holds 6 pictures with texts; at least 20"):
        engine.align(**tiny, **QUICK)

    assert list((engine.settings.home / ALIGNED).iterdir()) == []


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"text_encoder": "clip-vit-b32"}, EncoderError),
        ({"image_encoder": "nobody"}, UnknownName),
        ({"method": "magic"}, UnknownName),
        ({"collection": "nowhere"}, UnknownName),
    ],
)
def test_what_is_not_there_is_said(engine, pictures, tiny, monkeypatch, tmp_path, wanted, error):
    monkeypatch.setattr("mmsearch.models.family.cached_folder", lambda *_: None)

    with pytest.raises(error):
        engine.align(**tiny | QUICK | wanted)


def test_texts_that_do_not_describe_a_picture_are_no_captions(engine, pictures, monkeypatch):
    store, collection_id = engine._store, engine._store.directory.collection_id("library")
    before = list(captioned(store, collection_id))
    items = store.read.of_collection(collection_id, 0, 2)
    words = StoredText("red; round", "en", "keywords", 1), StoredText("a ball", None, "description", 2)
    changed = (replace(items[0], texts=words[:1]), replace(items[1], texts=words))
    monkeypatch.setattr(store.read, "of_collection", lambda *_: changed)

    after = list(captioned(store, collection_id))

    assert len(before) == len(COLOURS) * SHADES
    assert [(each.path, each.texts) for each in after] == [(Path(items[1].path), {"und": ("a ball",)})]
