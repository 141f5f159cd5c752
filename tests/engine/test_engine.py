import json
import threading

import pytest
from filelock import FileLock
from PIL import Image

from mmsearch.engine import Engine
from mmsearch.engine.samples import SAMPLES, Samples
from mmsearch.errors import BadInput, BadPicture, NotIndexed, SourceError, UnknownName
from mmsearch.types import Modality
from tests.encoders.fakes import colour_picture
from tests.engine.conftest import load_fake
from tests.pictures import save_picture


@pytest.fixture
def three(engine, folder):
    """A red, a green and a blue picture, each with its caption, indexed."""
    for name in ("red", "green", "blue"):
        save_picture(folder / f"{name}.png", name)
        (folder / f"{name}.txt").write_text(f"something {name}")
    engine.index(folder)
    return engine


def names(results):
    return [hit.item.path.stem for hit in results]


class TestSearch:
    def test_words_find_a_picture(self, three):
        results = three.search("a green thing", k=1)

        assert names(results) == ["green"]
        assert (results.collection, results.encoder, results.measure) == ("library", "bundled", "cosine")
        assert results.hits[0].score == pytest.approx(1)

    def test_chinese_words_find_a_picture(self, three):
        assert names(three.search("蓝色的东西", k=1)) == ["blue"]

    def test_a_picture_finds_words(self, three):
        (hit,) = three.search(image=colour_picture("red"), target=Modality.TEXT, k=1)

        assert hit.text.text == "something red"
        assert hit.item.path.stem == "red"

    def test_a_picture_finds_pictures(self, three, folder):
        assert names(three.search(image=folder / "blue.png", k=1)) == ["blue"]

    def test_words_find_words(self, three):
        (hit,) = three.search("red", target=Modality.TEXT, k=1)

        assert hit.text.text == "something red"

    def test_words_and_a_picture_together(self, three):
        found = three.search("blue", image=colour_picture("red"), k=2)

        assert sorted(names(found)) == ["blue", "red"]
        assert [hit.score for hit in found] == pytest.approx([2**-0.5] * 2, abs=1e-3)

    def test_a_picture_lying_on_its_side_is_put_upright(self, three):
        picture = Image.new("RGB", (40, 20), "red")
        picture.getexif()[0x0112] = 6

        assert names(three.search(image=picture, k=1)) == ["red"]

    @pytest.mark.parametrize("text", [None, "", "  \n"])
    def test_nothing_to_search_for_is_an_error(self, three, text):
        with pytest.raises(BadInput, match="nothing to search for"):
            three.search(text)

    @pytest.mark.parametrize("k", [0, -3, 1001])
    def test_k_has_limits(self, three, k):
        with pytest.raises(BadInput, match=f"between 1 and 1000; got {k}"):
            three.search("red", k=k)

    def test_an_unreadable_picture_is_an_error(self, three, tmp_path):
        (tmp_path / "x.png").write_text("no picture")

        with pytest.raises(BadPicture, match=r"x\.png is not a picture"):
            three.search(image=tmp_path / "x.png")
        with pytest.raises(BadPicture, match="cannot be read"):
            three.search(image=tmp_path / "missing.png")

    def test_unknown_names_are_errors(self, three):
        with pytest.raises(UnknownName, match="Did you mean library"):
            three.search("red", collection="librari")
        with pytest.raises(UnknownName, match="Did you mean bundled"):
            three.search("red", encoder="bundle")

    def test_an_encoder_that_has_not_read_the_collection_is_an_error(self, three):
        with pytest.raises(NotIndexed, match="mmsearch encoders build other --collection library"):
            three.search("red", encoder="other")

    def test_long_and_odd_words_are_answered(self, three):
        for text in ("red " * 100_000, "\x00\x1b[31m", "';DROP TABLE items;--", "🦄" * 50):
            assert len(three.search(text, k=3)) == 3

    def test_what_is_new_is_found_at_once(self, three, folder):
        save_picture(folder / "late.png", "yellow")
        three.index(folder)

        assert names(three.search("yellow", k=1)) == ["late"]

    def test_many_threads_may_ask_while_a_folder_is_indexed(self, three, tmp_path):
        for i in range(60):
            save_picture(tmp_path / "more" / f"{i}.png", "white", i)
        errors = []

        def ask():
            try:
                for _ in range(20):
                    assert names(three.search("green", k=1)) == ["green"]
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        three.index(tmp_path / "more")
        for thread in threads:
            thread.join()

        assert errors == []
        assert len(three.search("white", k=100)) == 63


class TestSimilar:
    def test_leaves_out_the_item_itself(self, three, folder):
        save_picture(folder / "red2.png", "red", 3)
        three.index(folder)
        item = three.search("red", k=1).hits[0].item

        found = names(three.similar(item.id, k=5))

        assert len(found) == 3
        assert {found[0], item.path.stem} == {"red", "red2"}

    def test_of_a_text_finds_texts(self, engine, folder):
        (folder / "lines.csv").write_text("text\nred wine\nred rose\nblue sky\n")
        engine.index(folder)
        item = next(hit.item for hit in engine.search("red", target=Modality.TEXT, k=3) if hit.text.text == "red wine")

        assert engine.similar(item.id, k=1).hits[0].text.text == "red rose"

    def test_an_item_that_is_gone_is_an_error(self, three):
        with pytest.raises(UnknownName, match="No item is called '99'"):
            three.similar(99)


class TestIndex:
    def test_collections_are_kept_apart(self, three, tmp_path):
        save_picture(tmp_path / "else" / "green2.png", "green", 5)
        three.index(tmp_path / "else", collection="work")

        assert names(three.search("green", k=5, collection="work")) == ["green2"]
        assert "green2" not in names(three.search("green", k=5))

    @pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, SAMPLES])
    def test_refuses_names_that_cannot_be_used(self, engine, folder, name):
        with pytest.raises(BadInput):
            engine.index(folder, collection=name)

    def test_a_missing_folder_is_an_error_and_leaves_no_trace(self, engine, tmp_path):
        with pytest.raises(SourceError, match="does not exist"):
            engine.index(tmp_path / "none")

        assert engine.collections() == ()

    def test_lists_runs(self, three, folder):
        three.index(folder)

        assert [(run.added, run.unchanged) for run in three.runs()] == [(0, 3), (3, 0)]

    def test_a_relative_path_is_the_same_source(self, three, folder, monkeypatch):
        monkeypatch.chdir(folder.parent)

        assert three.index(folder.name).unchanged == 3


class TestThumbnail:
    def test_is_made_once(self, three):
        item = three.search("red", k=1).hits[0].item

        path = three.thumbnail(item)
        made = path.stat().st_mtime_ns

        with Image.open(path) as picture:
            assert picture.format == "JPEG"
        assert three.thumbnail(item) == path
        assert path.stat().st_mtime_ns == made

    def test_there_is_none_of_a_text_or_a_lost_picture(self, three, folder):
        (folder / "poem.txt").write_text("red")
        three.index(folder)
        lost = three.search("blue", k=1).hits[0].item
        lost.path.unlink()
        text = three.search("red", target=Modality.TEXT, k=5)

        assert three.thumbnail(lost) is None
        assert [three.thumbnail(hit.item) for hit in text if hit.item.kind is Modality.TEXT] == [None]


class TestEvaluate:
    def test_a_folder_and_its_collection_agree(self, three, folder):
        stored = three.evaluate_collection("library")
        direct = three.evaluate_source(folder)

        assert (stored.text_to_image, stored.image_to_text) == (direct.text_to_image, direct.image_to_text)
        assert stored.text_to_image.recall_at_1 == 1.0

    def test_takes_one_split_and_one_language(self, engine, folder):
        rows = [
            {"image": "r.png", "split": "dev", "en": ["red"], "zh": ["红", "红的"]},
            {"image": "g.png", "split": "train", "en": ["green"]},
        ]
        save_picture(folder / "r.png", "red")
        save_picture(folder / "g.png", "green")
        (folder / "captions.jsonl").write_text("\n".join(json.dumps(row) for row in rows))

        report = engine.evaluate_source(folder / "captions.jsonl", split="dev", language="zh")

        assert (report.pictures, report.texts) == (1, 2)

    def test_no_captions_is_an_error(self, three, folder):
        with pytest.raises(BadInput, match="no captioned pictures of split 'test', language 'zh'"):
            three.evaluate_source(folder, split="test", language="zh")
        with pytest.raises(BadInput, match="no captioned pictures of language 'zh'"):
            three.evaluate_collection("library", language="zh")


class TestSamples:
    @pytest.fixture
    def samples(self, tmp_path):
        save_picture(tmp_path / "data" / "photos" / "sky.png", "blue")
        row = {"image": "photos/sky.png", "en": ["blue sky"], "licence": "CC0 1.0", "author": "Ann"}
        (tmp_path / "data" / "captions.jsonl").write_text(json.dumps(row))
        return Samples(tmp_path / "data", tmp_path / "pack.npz")

    @pytest.fixture
    def fresh(self, settings, samples):
        with Engine(settings, samples, load_fake) as engine:
            yield engine

    def test_answer_the_first_search(self, fresh):
        results = fresh.search("blue", k=1)

        assert results.collection == SAMPLES
        assert results.hits[0].item.credit.author == "Ann"

    def test_give_way_to_ones_own_pictures(self, fresh, folder):
        save_picture(folder / "a.png", "red")
        assert fresh.default_collection() == SAMPLES
        fresh.index(folder)

        assert fresh.default_collection() == "library"
        assert names(fresh.search("blue", collection=SAMPLES, k=1)) == ["sky"]

    def test_have_small_pictures_before_anybody_looks(self, fresh, settings):
        (sky,) = fresh.items(SAMPLES)
        small = settings.home / "thumbnails" / sky.content_hash[:2] / f"{sky.content_hash}.jpg"
        assert not small.exists()
        fresh.look_ahead()

        assert small.exists()

    def test_are_read_once(self, fresh, settings, samples):
        fresh.search("blue")
        fresh.search("blue")
        with Engine(settings, samples, load_fake) as again:
            again.search("blue")

            assert len(again.runs()) == 1

    def test_are_read_again_when_the_encoder_changes(self, fresh, settings, samples):
        from tests.encoders.fakes import KeywordEncoder

        fresh.search("blue")
        with Engine(settings, samples, lambda name: KeywordEncoder(name, "newnewnewnewnew1")) as upgraded:
            assert names(upgraded.search("blue", k=1)) == ["sky"]
            assert upgraded.runs()[0].pictures_encoded == 1

    def test_need_no_encoding_with_the_pack(self, fresh, samples, tmp_path):
        from mmsearch.engine import Settings

        fresh.pack_samples(samples.pack_file)
        with Engine(Settings(home=tmp_path / "other"), samples, load_fake) as second:
            assert names(second.search("blue", k=1)) == ["sky"]
            assert (second.runs()[0].pictures_encoded, second.runs()[0].texts_encoded) == (0, 0)

    def test_are_read_again_into_a_new_database(self, fresh, settings, samples):
        fresh.search("blue")
        fresh.close()
        for file in settings.home.glob("mmsearch.db*"):
            file.unlink()

        with Engine(settings, samples, load_fake) as again:
            assert names(again.search("blue", k=1)) == ["sky"]

    def test_are_waited_for_while_another_process_prepares_them(self, fresh, settings):
        (settings.home / "locks").mkdir(parents=True)
        lock = FileLock(settings.home / "locks" / "collection-1.lock", thread_local=False)
        lock.acquire()
        threading.Timer(0.4, lock.release).start()

        assert names(fresh.search("blue", k=1)) == ["sky"]

    def test_are_among_the_collections(self, fresh):
        assert [info.name for info in fresh.collections()] == [SAMPLES]


def test_where_nothing_is_indexed_a_search_says_what_to_do(engine):
    engine.warm_up()

    with pytest.raises(NotIndexed, match="mmsearch index FOLDER"):
        engine.search("red")


def test_warming_up_makes_it_ready(three):
    assert not three.ready

    three.warm_up()

    assert three.ready


def test_opening_an_engine_imports_no_heavy_library(tmp_path):
    import subprocess
    import sys

    code = (
        "import sys; from mmsearch import open_engine; from mmsearch.engine import Settings; from pathlib import Path;"
        "open_engine(Settings(home=Path(sys.argv[1]))).close();"
        "print([name for name in ('torch', 'transformers', 'gradio', 'sentence_transformers') if name in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
