import subprocess
import sys
import threading

import numpy as np
import pytest

from mmsearch.encoders.lazy import LazyEncoder
from mmsearch.encoders.registry import load_encoder
from mmsearch.errors import EncoderError
from mmsearch.nets.folder import save_folder
from tests.encoders.contract import EncoderContract
from tests.encoders.fakes import KeywordEncoder
from tests.nets.tiny import tiny_network


def lazy(load):
    return LazyEncoder(load, name="keywords", fingerprint="0123456789abcdef", dim=7, image_side=16)


class TestLazyEncoder(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls):
        return lazy(KeywordEncoder)


def test_is_loaded_once_when_many_ask_at_once():
    loaded = []
    encoder = lazy(lambda: loaded.append(1) or KeywordEncoder())
    assert loaded == []

    threads = [threading.Thread(target=encoder.encode_texts, args=(["red"],)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert loaded == [1]


def test_a_failure_to_load_is_told_each_time_and_may_be_mended():
    answers = iter([EncoderError("no weights"), EncoderError("no weights"), KeywordEncoder()])

    def load():
        answer = next(answers)
        if isinstance(answer, EncoderError):
            raise answer
        return answer

    encoder = lazy(load)

    for _ in range(2):
        with pytest.raises(EncoderError, match="no weights"):
            encoder.encode_texts(["red"])
    assert encoder.encode_texts(["red"]).shape == (1, 7)


def test_a_folder_of_ours_is_known_before_it_is_loaded(tmp_path):
    network = tiny_network()
    save_folder(network, tmp_path / "tiny")

    encoder = load_encoder(str(tmp_path / "tiny"), device="cpu")

    assert (encoder.dim, encoder.image_side) == (network.shape.dim, network.shape.side)
    assert np.allclose(np.linalg.norm(encoder.encode_texts(["words"]), axis=1), 1, atol=1e-5)


def test_opening_the_bundled_encoder_imports_no_torch():
    code = (
        "import sys; from mmsearch.encoders.registry import load_encoder;"
        "load_encoder('bundled'); print('torch' in sys.modules)"
    )

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"
