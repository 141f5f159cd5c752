import numpy as np
import pytest

from mmsearch.errors import RerankerError
from mmsearch.rerankers.scale import Curve, ScoreScale

SCALE = ScoreScale(
    {
        "en": Curve("platt", 2.0, -1.0),
        "en phrase": Curve("platt", 4.0, 0.0),
        "zh phrase": Curve("isotonic", scores=(0.0, 1.0), log_odds=(-3.0, 3.0)),
    },
    {"en": 0.25},
)
CAPTION = "a dog runs along the beach"


def test_each_language_and_length_has_its_curve():
    said = SCALE.log_odds([CAPTION, "狗", CAPTION, "a cat"], np.array([1.0, 0.75, -1.0, 0.5], np.float32))

    assert said.tolist() == pytest.approx([1.0, 1.5, -3.0, 2.0])


def test_texts_of_any_length_can_be_taken_for_captions():
    said = SCALE.log_odds([CAPTION, "a cat"], np.array([1.0, 1.0], np.float32), captions=True)

    assert said.tolist() == pytest.approx([1.0, 1.0])


def test_an_isotonic_curve_is_flat_outside_what_was_seen():
    assert SCALE.log_odds(["狗", "狗"], np.array([-9, 9], np.float32)).tolist() == [-3, 3]


def test_a_language_that_was_not_fitted_is_taken_as_it_is():
    english = ScoreScale({"en": Curve("platt", 2.0, -1.0)}, {"en": 0.25})

    assert english.log_odds(["狗"], np.array([0.7], np.float32)).tolist() == pytest.approx([0.7])
    assert [english.nothing_below(text) for text in (CAPTION, "a dog", "狗")] == [0.25, None, None]


def test_is_read_as_it_was_written(tmp_path):
    SCALE.save(tmp_path / "new" / "scale.json")

    assert ScoreScale.load(tmp_path / "new" / "scale.json") == SCALE


@pytest.mark.parametrize("damaged", ["", "[]", '{"curves": {"en": {"kind": "platt"}}}', '{"curves": 3, "nothing": {}}'])
def test_a_damaged_file_says_what_to_do(tmp_path, damaged):
    file = tmp_path / "scale.json"
    file.write_text(damaged)

    with pytest.raises(RerankerError, match="mmsearch calibrate"):
        ScoreScale.load(file)
