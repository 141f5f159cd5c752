import threading
import time

import numpy as np

from mmsearch.engine.right_of_way import PATIENCE, SMALL_BATCH, CourteousEncoder, RightOfWay
from tests.encoders.fakes import KeywordEncoder, colour_picture

PICTURES = [colour_picture("red")] * 40


class CountingEncoder(KeywordEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def _encode_images(self, images):
        self.batches.append(len(images))
        return super()._encode_images(images)


def test_encodes_as_the_other_encoder_does():
    plain, courteous = KeywordEncoder(), CourteousEncoder(KeywordEncoder(), RightOfWay())

    np.testing.assert_array_equal(courteous.encode_images(PICTURES), plain.encode_images(PICTURES))
    np.testing.assert_array_equal(courteous.encode_texts(["red", "blue"]), plain.encode_texts(["red", "blue"]))
    assert (courteous.name, courteous.fingerprint, courteous.dim) == (plain.name, plain.fingerprint, plain.dim)


def test_takes_full_batches_where_nobody_searches():
    encoder = CountingEncoder()

    CourteousEncoder(encoder, RightOfWay()).encode_images(PICTURES)

    assert encoder.batches == [32, 8]


def test_takes_small_batches_where_somebody_searched_a_moment_ago():
    encoder, way = CountingEncoder(), RightOfWay()
    with way.searching():
        pass

    CourteousEncoder(encoder, way).encode_images(PICTURES)

    assert encoder.batches == [SMALL_BATCH] * 5


def test_waits_for_a_search_under_way():
    way, order = RightOfWay(), []

    def encode():
        way.give()
        order.append("batch")

    with way.searching():
        thread = threading.Thread(target=encode)
        thread.start()
        time.sleep(0.02)
        order.append("search")
    thread.join()

    assert order == ["search", "batch"]


def test_waits_no_longer_than_a_moment():
    way = RightOfWay()
    with way.searching():
        began = time.monotonic()
        way.give()

    assert PATIENCE * 0.9 < time.monotonic() - began < PATIENCE + 1


def test_a_search_that_fails_ends_too():
    way = RightOfWay()
    try:
        with way.searching():
            raise ValueError
    except ValueError:
        pass
    began = time.monotonic()

    way.give()

    assert time.monotonic() - began < PATIENCE


def test_pieces_of_work_end_when_they_are_stopped():
    stop, done = threading.Event(), []
    for piece in RightOfWay().between(range(10), stop):
        done.append(piece)
        if piece == 2:
            stop.set()

    assert done == [0, 1, 2]
