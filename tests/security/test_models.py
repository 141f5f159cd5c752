"""Models of strangers, and the network."""

import pickle
import socket
from shutil import copytree

import pytest
from PIL import Image

from mmsearch.encoders.registry import load_encoder
from mmsearch.errors import EncoderError, VectorIndexError
from mmsearch.indexing import VectorPack
from tests.encoders import tiny_models


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (open, (str(self.mark), "w"))


def test_weights_that_are_a_pickle_run_no_code(tmp_path):
    folder, mark = tmp_path / "model", tmp_path / "ran"
    tiny_models.save_clip(folder)
    for weights in folder.rglob("*.safetensors"):
        weights.unlink()
        weights.with_name("pytorch_model.bin").write_bytes(pickle.dumps(Trap(mark)))

    with pytest.raises(EncoderError):
        load_encoder(str(folder), device="cpu").load()

    assert not mark.exists()


def test_vectors_that_are_a_pickle_run_no_code(tmp_path):
    mark = tmp_path / "ran"
    (tmp_path / "pack.npz").write_bytes(pickle.dumps(Trap(mark)))

    with pytest.raises(VectorIndexError):
        VectorPack.load(tmp_path / "pack.npz")

    assert not mark.exists()


def test_loading_and_using_an_encoder_opens_no_connection(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError(f"asked the network for {args}")

    folder = copytree(_saved(tmp_path), tmp_path / "copy")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert load_encoder(str(folder), device="cpu").encode_texts(["a dog"]).shape[0] == 1


@pytest.mark.parametrize("text", ["https://example.org/a.png", "a.png"])
def test_a_query_that_looks_like_an_address_or_a_path_is_not_opened(tmp_path, monkeypatch, text):
    def refuse(*args, **kwargs):
        raise AssertionError(f"opened {args}")

    encoder = load_encoder(str(_saved(tmp_path)), device="cpu")
    encoder.load()
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(Image, "open", refuse)

    assert encoder.encode_texts([text]).shape[0] == 1


def _saved(tmp_path):
    tiny_models.save_clip(tmp_path / "model")
    return tmp_path / "model"
