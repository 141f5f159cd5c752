"""Phrases under a hit, and heat maps in a folder."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mmsearch.cli.heat_pictures import COLD, WARM, overlaid
from mmsearch.collection import content_hash
from mmsearch.types import HeatMap, MadeBy
from tests.cli.conftest import Run


@pytest.fixture
def photo(engine, tmp_path):
    """Give the first item of the engine a picture, and return its path."""
    path = tmp_path / "a dog; rm -rf.png"
    Image.new("RGB", (60, 40), "white").save(path)
    first, *others = engine.items
    engine.items = (replace(first, path=path, content_hash=content_hash(path.read_bytes())), *others)
    return path


def test_phrases_follow_each_hit_with_what_there_is_of_them_and_where(run: Run) -> None:
    done = run("search", "--explain", "--rerank", "dog leash", "-k", "2")

    hit, dog, leash, *others = done.stdout.splitlines()
    assert hit.startswith("1    90 %")
    assert dog == "      50 %  dog  upper left"
    assert leash == "      25 %  not leash  upper"
    assert len(others) == 3


def test_without_a_re_ranker_the_cosine_stands_there(run: Run, engine) -> None:
    done = run("search", "--explain", "dog", "-k", "1")

    assert done.stdout.splitlines()[1] == "     0.250  dog  upper left"
    assert engine.calls[-1] == {"explained": "dog", "item": 1, "image": None, "reranker": "none"}


def test_only_shown_hits_are_explained_and_none_unasked(run: Run, engine) -> None:
    run("search", "dog", "-k", "2")
    assert not [call for call in engine.calls if "explained" in call]

    run("search", "--explain", "dog", "-k", "2")
    assert len([call for call in engine.calls if "explained" in call]) == 2


def test_json_holds_the_grids(run: Run) -> None:
    (line,) = run("search", "--explain", "--rerank", "--json", "dog leash", "-k", "2").stdout.splitlines()[:1]

    why = json.loads(line)["why"]
    assert why["probability"] == 0.5
    assert [each["kind"] for each in why["phrases"]] == ["thing", "excluded"]
    assert why["phrases"][1]["span"] == [4, 9]
    assert why["phrases"][1]["heat"][0] == [0, 1, 0, 0]
    assert why["phrases"][1]["made_by"] == "attention"


def test_heat_maps_are_saved_under_names_that_do_no_harm(run: Run, photo, tmp_path) -> None:
    done = run("search", "--heat", str(tmp_path / "maps" / "new"), "dog leash", "-k", "2")

    names = sorted(path.name for path in (tmp_path / "maps" / "new").iterdir())
    assert names == ["01-a-dog-rm--rf-1-dog.png", "01-a-dog-rm--rf-2-leash.png"]
    assert "No heat maps of hit 2" in done.stderr
    with Image.open(tmp_path / "maps" / "new" / names[0]) as saved:
        pixels = np.asarray(saved).astype(int)
    assert saved.size == (60, 40)
    assert pixels[2, 5].sum() > pixels[35, 55].sum() + 150


def test_queries_of_stdin_do_not_overwrite_each_other(run: Run, photo, tmp_path) -> None:
    run("search", "--heat", str(tmp_path / "maps"), "-", "-k", "1", stdin="dog\ndog\n")

    assert len(list((tmp_path / "maps").iterdir())) == 2


def test_texts_are_explained_on_the_picture_that_found_them(run: Run, engine, photo, tmp_path) -> None:
    run("search", "--image", str(photo), "--target", "text", "-k", "1", "--heat", str(tmp_path / "maps"))

    assert engine.calls[-1]["explained"] == engine.items[0].texts[0].text
    assert engine.calls[-1]["image"] == photo
    assert len(list((tmp_path / "maps").iterdir())) == 4


def test_other_queries_cannot_be_explained(run: Run) -> None:
    done = run("search", "--explain", "dog", "--target", "text")

    assert done.exit_code == 1
    assert "can be explained" in done.stderr


def test_a_folder_that_cannot_be_written_is_an_error(run: Run, photo, tmp_path) -> None:
    (tmp_path / "file").write_text("")

    done = run("search", "--heat", str(tmp_path / "file"), "dog", "-k", "1")

    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize(("cold", "ramp"), [(False, WARM), (True, COLD)])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_even_map_mixes_one_colour_into_the_picture(cold, ramp, value):
    heat = HeatMap(np.full((3, 5), value, np.float32), MadeBy.PATCHES)

    found = np.asarray(overlaid(Image.new("RGB", (20, 30), (200, 100, 0)), heat, cold=cold))

    *colour, cover = ramp[0] if value == 0 else ramp[-1]
    by_hand = np.array([200, 100, 0]) * (1 - cover) + np.array(colour) * cover
    assert found.shape == (30, 20, 3)
    assert np.abs(found - by_hand).max() <= 1
