import numpy as np
import pytest

from mmsearch.encoders.base import DualEncoder
from mmsearch.errors import EncoderError
from tests.encoders.contract import EncoderContract
from tests.encoders.fakes import KeywordEncoder, colour_picture


class TestKeywordEncoder(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls):
        return KeywordEncoder()

    def test_words_meet_their_colours(self, encoder):
        words = encoder.encode_texts(["a red ball", "红色和蓝色", "no colour"])
        pictures = encoder.encode_images([colour_picture("red"), colour_picture("blue")])

        assert np.allclose(words @ pictures.T, [[1, 0], [0.5**0.5, 0.5**0.5], [0, 0]], atol=1e-6)


class BrokenEncoder(DualEncoder):
    name, fingerprint, dim, image_side = "broken", "00", 2, 8

    def __init__(self, vectors):
        self.vectors = np.array(vectors, np.float32)

    def _encode_images(self, images):
        return self.vectors

    _encode_texts = _encode_images


@pytest.mark.parametrize("vectors", [[[np.nan, 1]], [[np.inf, 1]], [[1, 2, 3]], [[1, 2], [3, 4]]])
def test_refuses_what_is_no_finite_row_of_its_width(vectors):
    with pytest.raises(EncoderError, match="broken"):
        BrokenEncoder(vectors).encode_texts(["a"])


def test_a_row_of_zeros_stays_zero():
    assert BrokenEncoder([[0, 0]]).encode_texts(["a"]).tolist() == [[0, 0]]
