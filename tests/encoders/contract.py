"""What every encoder owes; each implementation subclasses it and hands in an `encoder`."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from tests.encoders.fakes import colour_picture

TEXTS = ["red", "a picture of something blue, seen from far away on a cloudy day", "绿色的图片", "black"]


class EncoderContract:
    tolerance = 1e-5  # between the same input in batches of other sizes

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls):
        raise NotImplementedError

    @pytest.fixture
    def pictures(self):
        return [
            colour_picture(name, size) for name, size in (("red", (64, 64)), ("blue", (80, 40)), ("white", (9, 70)))
        ]

    def test_says_what_it_is(self, encoder):
        assert encoder.name
        assert int(encoder.fingerprint, 16) >= 0
        assert encoder.dim > 0
        assert encoder.image_side > 0

    def test_vectors_are_float32_rows_of_unit_length(self, encoder, pictures):
        for vectors, n in ((encoder.encode_texts(TEXTS), len(TEXTS)), (encoder.encode_images(pictures), len(pictures))):
            assert vectors.dtype == np.float32
            assert vectors.shape == (n, encoder.dim)
            assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_nothing_gives_no_rows(self, encoder):
        assert encoder.encode_texts([]).shape == (0, encoder.dim)
        assert encoder.encode_images([]).shape == (0, encoder.dim)

    def test_the_order_of_the_inputs_is_kept(self, encoder, pictures):
        backwards = encoder.encode_texts(TEXTS[::-1])[::-1]

        assert np.allclose(encoder.encode_texts(TEXTS), backwards, atol=self.tolerance)
        assert np.allclose(
            encoder.encode_images(pictures), encoder.encode_images(pictures[::-1])[::-1], atol=self.tolerance
        )

    def test_a_batch_gives_what_single_inputs_give(self, encoder, pictures):
        texts = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
        images = np.concatenate([encoder.encode_images([picture]) for picture in pictures])

        assert np.allclose(encoder.encode_texts(TEXTS), texts, atol=self.tolerance)
        assert np.allclose(encoder.encode_images(pictures), images, atol=self.tolerance)

    def test_more_inputs_than_a_batch_holds_are_all_encoded(self, encoder):
        texts = [f"{TEXTS[i % 4]} {i}" for i in range(encoder.batch_size + 3)]

        assert encoder.encode_texts(texts).shape == (len(texts), encoder.dim)

    def test_different_texts_have_different_vectors(self, encoder):
        vectors = encoder.encode_texts(["red", "blue"])

        assert vectors[0] @ vectors[1] < 1 - 1e-6

    @pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1"])
    def test_takes_pictures_of_any_mode(self, encoder, mode):
        assert encoder.encode_images([Image.new(mode, (30, 20))]).shape == (1, encoder.dim)

    @pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 2)])
    def test_takes_pictures_of_any_size(self, encoder, size):
        assert encoder.encode_images([Image.new("RGB", size)]).shape == (1, encoder.dim)

    @pytest.mark.parametrize(
        "text", ["", " ", "\n", "🦓", "x" * 5000, "слово 단어", "a\u0000b", "\ud800".encode("utf8", "replace").decode()]
    )
    def test_takes_any_text(self, encoder, text):
        assert encoder.encode_texts([text]).shape == (1, encoder.dim)

    def test_leaves_the_picture_as_it_was(self, encoder):
        picture = colour_picture("red", (50, 30))

        encoder.encode_images([picture])

        assert picture.tobytes() == colour_picture("red", (50, 30)).tobytes()

    def test_several_threads_get_what_one_gets(self, encoder, pictures):
        expected = encoder.encode_texts(TEXTS), encoder.encode_images(pictures)

        with ThreadPoolExecutor(4) as pool:
            texts = list(pool.map(lambda _: encoder.encode_texts(TEXTS), range(8)))
            images = list(pool.map(lambda _: encoder.encode_images(pictures), range(8)))

        assert all(np.allclose(each, expected[0], atol=self.tolerance) for each in texts)
        assert all(np.allclose(each, expected[1], atol=self.tolerance) for each in images)
