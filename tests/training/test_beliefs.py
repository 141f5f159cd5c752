import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.errors import BadInput, TrainingError
from mmsearch.nets.efficientnet_lite import FEATURES, VARIANTS, EfficientNetLite
from mmsearch.nets.pictures import normalised, squares
from mmsearch.training.beliefs import classified
from mmsearch.training.captions import CaptionedPicture, ClassBeliefSettings
from mmsearch.training.classifier import Classifier

COLOURS = ("red", "green", "blue")
SETTINGS = ClassBeliefSettings("classes.jsonl", "CC0", "made up", classifier="lite0", count=2)


@pytest.fixture(scope="module")
def classifier():
    """Return a classifier of three classes with random weights."""
    torch.manual_seed(0)
    tower = EfficientNetLite(VARIANTS["lite0"].width, VARIANTS["lite0"].depth).state_dict()
    return Classifier(tower, 5 * torch.randn(len(COLOURS), FEATURES), torch.tensor([0.0, 1.0, 2.0]))


@pytest.fixture
def data(tmp_path):
    (tmp_path / "classes.jsonl").write_text('{"names": ["one", "uno"]}\n{"names": ["two"]}\n{"names": ["three"]}\n')
    return tmp_path


@pytest.fixture
def pictures(data):
    found = [CaptionedPicture(data / f"{colour}.png", {}) for colour in COLOURS]
    for colour, picture in zip(COLOURS, found, strict=True):
        Image.new("RGB", (30, 20), colour).save(picture.path)
    return found


def look(pictures, data, classifier, settings=SETTINGS, progress=lambda *_: None):
    return classified(pictures, data, settings, data / "run", progress, lambda _: classifier)


def by_hand(path, classifier):
    """The definition, one class at a time: the softmax of each row's product with the picture's features."""
    tower = EfficientNetLite(VARIANTS["lite0"].width, VARIANTS["lite0"].depth)
    tower.load_state_dict(classifier.tower)
    with Image.open(path) as image, torch.no_grad():
        features = tower(normalised(squares([image], VARIANTS["lite0"].side), torch.float32))[0]
    odds = [float(torch.exp(row @ features + bias)) for row, bias in zip(classifier.rows, classifier.bias, strict=True)]
    return [each / sum(odds) for each in odds]


def test_beliefs_are_the_probabilities_of_the_classifier(pictures, data, classifier):
    found = look(pictures, data, classifier)

    assert found.names == [("one", "uno"), ("two",), ("three",)]
    assert found.count == 2
    for picture, row in zip(pictures, found.beliefs, strict=True):
        assert row.tolist() == pytest.approx(by_hand(picture.path, classifier), abs=2e-3)  # kept in 16 bits


def test_pictures_are_looked_at_once(pictures, data, classifier):
    told = []
    first = look(pictures, data, classifier, progress=lambda *done: told.append(done))
    for picture in pictures:
        picture.path.unlink()

    second = look(pictures, data, classifier)

    assert told == [(3, 3)]
    assert np.array_equal(first.beliefs, second.beliefs)


def test_other_pictures_are_not_taken_for_those_that_were_seen(pictures, data, classifier):
    both = look(pictures, data, classifier)

    alone = look(pictures[1:], data, classifier)

    assert np.allclose(alone.beliefs, both.beliefs[1:], atol=2e-3)


def test_names_must_fit_the_classes(pictures, data, classifier):
    (data / "classes.jsonl").write_text('{"names": ["one"]}\n', encoding="utf8")

    with pytest.raises(TrainingError, match="names 1 classes, but lite0 knows 3"):
        look(pictures, data, classifier)


def test_names_that_are_not_there_are_missed(pictures, data, classifier):
    (data / "classes.jsonl").unlink()

    with pytest.raises(TrainingError, match="classes is not there"):
        look(pictures, data, classifier)


def test_a_classifier_that_does_not_exist_is_named_before_anything_is_read(pictures, data):
    settings = ClassBeliefSettings("nowhere.jsonl", "CC0", "made up", classifier="lite7")

    with pytest.raises(BadInput, match=r"'lite7'; there are lite0"):
        look(pictures, data, None, settings)
