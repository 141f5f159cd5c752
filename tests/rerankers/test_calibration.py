import json

import numpy as np
import pytest

from mmsearch.errors import RerankerError
from mmsearch.rerankers.calibration import Calibration, Weights

VECTORS = np.array([[1, 0], [0, 1]], np.float16)  # a photograph and a drawn picture


def log_odds(calibration, texts, judgements=(1.0, 1.0), cosines=(0.5, 0.5)):
    given = (np.array(each, np.float32) for each in (judgements, cosines))
    return calibration.log_odds(texts, *given, VECTORS)


def test_adds_both_opinions_as_the_language_and_the_kind_of_picture_want():
    weights = {"en photo": Weights(1, 2, 3), "en drawn": Weights(10, 20, 30), "zh drawn": Weights(-1, 0, 0)}
    calibration = Calibration(weights, (-100, 100), 0)

    assert log_odds(calibration, ["a dog", "a dog"]) == pytest.approx([1 + 1 + 3, 10 + 10 + 30])
    assert log_odds(calibration, ["一只狗", "一只狗"]) == pytest.approx([1 + 5 - 3, -1])  # first the usual ones


def test_between_photograph_and_drawing_it_takes_of_both():
    calibration = Calibration({"en photo": Weights(0, 0, 0), "en drawn": Weights(0, 0, 8)}, (0, 0), np.log(3))

    assert log_odds(calibration, ["a", "a"]) == pytest.approx([6, 6])


def test_without_a_way_to_tell_all_are_photographs():
    assert Calibration().share_drawn(VECTORS).tolist() == [0, 0]


def test_comes_back_as_it_was_saved(tmp_path):
    calibration = Calibration({"en photo": Weights(1.5, 2.5, -3.5)}, (0.25, 0.5), -1.0)

    calibration.save(tmp_path)

    assert Calibration.load(tmp_path) == calibration
    assert Calibration.load(tmp_path / "without") == Calibration()


@pytest.mark.parametrize("broken", ["{", "{}", "[]", json.dumps({"weights": {"en photo": {"x": 1}}, "drawn": []})])
def test_says_which_file_is_broken(tmp_path, broken):
    (tmp_path / "calibration.json").write_text(broken)

    with pytest.raises(RerankerError, match=r"calibration\.json cannot be read"):
        Calibration.load(tmp_path)


def test_a_phrase_has_weights_of_its_own():
    weights = {"en photo": Weights(1, 0, 0), "en photo phrase": Weights(0, 0, 5), "zh photo": Weights(2, 0, 0)}
    calibration = Calibration(weights, nothing={"en": 0.1})
    caption = "a dog runs along the beach"

    assert log_odds(calibration, [caption, "a dog"]) == pytest.approx([1, 5])
    assert log_odds(calibration, ["狗", "一只狗在沙滩上奔跑"]) == pytest.approx([2, 2])  # none of their own
    assert log_odds(calibration.of_captions(), [caption, "a dog"]) == pytest.approx([1, 1])
    assert [calibration.nothing_below(text) for text in (caption, "a dog", "狗")] == [0.1, None, None]
