import json

import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.errors import TrainingError
from mmsearch.grammar import words_in
from mmsearch.scenes import Allow, FoilKind, SceneGenerator, standard_held_out
from mmsearch.training.batches import (
    ClassifiedPictures,
    Lesson,
    LikeGroups,
    PhotoBatches,
    SceneBatches,
    text_id,
)
from mmsearch.training.captions import CaptionedPicture


@pytest.fixture
def pictures(tmp_path):
    found = []
    for number in range(5):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (20, 10), (number * 40, 0, 0)).save(path)
        texts = {"en": (f"number {number}", f"no. {number}"), "zh": ("红",) if number % 2 else ()}
        found.append(CaptionedPicture(path, texts))
    return found


def test_the_pictures_take_turns_each_time_in_another_order(pictures, tmp_path):
    photos = PhotoBatches(pictures, 16, 2, seed=0, folder=tmp_path)

    rounds = [[photos.batch(2 * n + place).picture_ids.tolist() for place in range(2)] for n in range(4)]

    assert all(len({row for rows in batches for row in rows}) == 4 for batches in rounds)
    assert len({str(batches) for batches in rounds}) > 1


def test_equal_steps_give_equal_batches_also_from_the_kept_pixels(pictures, tmp_path):
    first = PhotoBatches(pictures, 16, 3, seed=0, folder=tmp_path).batch(7)
    for picture in pictures:
        picture.path.unlink()
    second = PhotoBatches(pictures, 16, 3, seed=0, folder=tmp_path).batch(7)

    assert torch.equal(first.pixels, second.pixels)
    assert first.captions == second.captions


def test_a_photograph_comes_with_one_caption_of_each_of_its_languages(pictures, tmp_path):
    batch = PhotoBatches(pictures, 16, 5, seed=0, folder=tmp_path).batch(0)

    assert batch.pixels.shape == (5, 3, 16, 16)
    for row, number in enumerate(batch.picture_ids.tolist()):
        texts = [caption.text for caption in batch.captions if caption.owner == row]
        assert len(texts) == 1 + number % 2
        assert texts[0] in pictures[number].texts["en"]
        assert int(batch.pixels[row, 0].float().mean().round()) == number * 40


def test_phrases_stand_in_for_captions_and_tell_of_which_pictures_they_are_true(tmp_path):
    said = [("a dog on grass", "the dog"), ("a cat on a sofa", "the cat sits"), ("two dogs", "dogs and a cat")]
    pictures = []
    for number, texts in enumerate(said):
        Image.new("RGB", (8, 8), (number * 40, 0, 0)).save(tmp_path / f"{number}.png")
        pictures.append(CaptionedPicture(tmp_path / f"{number}.png", {"en": texts}))
    plain = PhotoBatches(pictures, 16, 3, seed=0, folder=tmp_path)
    short = PhotoBatches(pictures, 16, 3, seed=0, folder=tmp_path, phrases=1.0)
    seen = set()

    for step in range(20):
        batch, rows = short.batch(step), short.batch(step).picture_ids.tolist()
        assert torch.equal(batch.pixels, plain.batch(step).pixels)
        for caption in batch.captions:
            number, others = rows[caption.owner], {rows[other] for other in caption.others}
            seen.add((number, caption.text, frozenset(others)))
    assert {(0, "dog", frozenset({2})), (1, "a cat", frozenset({2})), (2, "dogs", frozenset({0}))} <= seen
    assert not {text for _, text, _ in seen} & {text for texts in said for text in texts if len(text) > 8}


def test_pictures_that_resemble_each_other_share_a_batch(pictures, tmp_path):
    angles = np.deg2rad([0, 90, 5, 95, 180])
    groups = LikeGroups(np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32), 2)

    for seed in range(4):
        photos = PhotoBatches(pictures, 16, 5, seed=seed, folder=tmp_path, groups=groups)
        order = photos.batch(0).picture_ids.tolist()

        assert sorted(order) == list(range(5))
        assert abs(order.index(0) - order.index(2)) == 1
    assert len({tuple(groups.order(np.random.default_rng(seed))) for seed in range(9)}) > 1


def test_a_picture_that_cannot_be_read_is_named(pictures, tmp_path):
    pictures[3].path.write_bytes(b"no picture")

    with pytest.raises(TrainingError, match=r"3\.png"):
        PhotoBatches(pictures, 16, 2, seed=0, folder=tmp_path)

    assert not list(tmp_path.glob("*.npy"))


def scenes_of(side):
    return SceneGenerator(side, seed=3, held_out=standard_held_out(), allow=Allow.SEEN)


def test_scenes_come_in_every_size_by_turns():
    scenes = SceneBatches([scenes_of(32), scenes_of(64)], 2, foils=1)

    assert [scenes.batch(step).pixels.shape[-1] for step in range(4)] == [32, 64, 32, 64]


def test_a_batch_draws_the_classes_that_the_classifier_believes_in(pictures, tmp_path):
    beliefs = np.eye(5, 6, dtype=np.float16)
    classes = ClassifiedPictures([(f"class {n}",) for n in range(6)], beliefs, count=4)

    batch = PhotoBatches(pictures, 16, 2, seed=0, folder=tmp_path, classes=classes).batch(3)

    assert batch.classes.beliefs.shape == (2, 4)
    for row, number in enumerate(batch.picture_ids.tolist()):
        assert batch.classes.names[batch.classes.beliefs[row].argmax()] == f"class {number}"
    assert batch.classes.beliefs.sum(1).tolist() == pytest.approx([1, 1])


def test_every_scene_is_new_and_comes_with_a_foil_and_marked_words():
    scenes = SceneBatches([scenes_of(64)], 7, foils=1)

    batch, next_batch = scenes.batch(0), scenes.batch(1)

    assert batch.pixels.shape == (7, 3, 64, 64)
    assert not set(batch.picture_ids.tolist()) & set(next_batch.picture_ids.tolist())
    assert np.bincount([caption.owner for caption in batch.captions]).tolist() == [3] * 7
    assert sum(not caption.true for caption in batch.captions) == 7
    assert any(caption.marks for caption in batch.captions)
    assert all(caption.places for caption in batch.captions if caption.true)
    assert torch.equal(batch.pixels, scenes.batch(0).pixels)


def test_scenes_may_be_told_about_as_briefly_as_one_would_type():
    short = SceneBatches([scenes_of(64)], 20, foils=0, queries=1.0).batch(0)
    long = SceneBatches([scenes_of(64)], 20, foils=0).batch(0)

    assert torch.equal(short.pixels, long.pixels)
    lengths = [[words_in(caption.text) for caption in batch.captions] for batch in (short, long)]
    assert sum(lengths[0]) < sum(lengths[1]) * 0.8
    assert not any(start in caption.text for caption in short.captions for start in ("picture", "image", "图", "画"))
    assert all(caption.places and caption.marks for caption in short.captions)


def test_a_lesson_shows_its_kinds_of_foils_alone():
    lessons = Lesson((FoilKind.OBJECT, FoilKind.COLOUR), batches=2), Lesson()
    scenes = SceneBatches([scenes_of(64)], 7, foils=1, lessons=lessons)
    usual = SceneBatches([scenes_of(64)], 7, foils=1)

    def foils(batch):
        """How many words differ between each foil and the true caption before it."""
        pairs = zip(batch.captions[1::3], batch.captions[2::3], strict=True)
        return [len(set(true.text.split()) ^ set(false.text.split())) for true, false in pairs]

    assert max(foils(scenes.batch(1))) <= 4  # a noun in one or two words, or a colour, instead of another
    assert scenes.batch(2).captions == usual.batch(2).captions


def test_batches_of_the_last_lesson_come_again():
    lessons = Lesson((FoilKind.OBJECT,), batches=1), Lesson((FoilKind.COUNT,), batches=1), Lesson()
    scenes = SceneBatches([scenes_of(32)], 2, foils=1, repeat=3, lessons=lessons)

    assert [scenes.again(step) for step in range(8)] == [None, None, 2, 3, 4, 2, 3, 4]
    assert SceneBatches([scenes_of(32)], 2, foils=1).again(9) is None


def test_photographs_come_again_as_they_were(pictures, tmp_path):
    assert [PhotoBatches(pictures, 16, 2, seed=0, folder=tmp_path, repeat=3).again(step) for step in (2, 3)] == [2, 0]
    assert PhotoBatches(pictures, 16, 2, seed=0, folder=tmp_path).again(9) is None


def test_words_of_a_relation_are_told_where_the_other_thing_is():
    relation = list(FoilKind).index(FoilKind.RELATION)
    captions = SceneBatches([scenes_of(64)], 7, foils=1).batch(0).captions
    related = [
        caption for caption in captions if caption.owner == relation and len({p.boxes for p in caption.places}) == 2
    ]

    assert any(place.related for caption in related for place in caption.places)
    for caption in related:
        one, other = dict.fromkeys(place.boxes for place in caption.places)
        assert all(place.related in ((), other if place.boxes == one else one) for place in caption.places)


def test_equal_texts_have_equal_numbers():
    assert text_id("a dog") == text_id("a dog")
    assert text_id("a dog") != text_id("a cat")
    assert json.loads(json.dumps(text_id("一只狗"))) < 2**63
