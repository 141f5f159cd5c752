import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mmsearch.nets
from mmsearch.alignment.adaptation import METHODS, Adaptation
from mmsearch.encoders.aligned import TOGETHER, open_sides, write_aligned
from mmsearch.encoders.pair import pair_encoders
from mmsearch.encoders.registry import load_encoder
from mmsearch.encoders.trainable import open_trainable
from mmsearch.errors import BadInput, EncoderError
from mmsearch.nets.aligned_saving import CODE
from mmsearch.nets.folder import save_folder
from tests.encoders.contract import EncoderContract
from tests.nets.tiny import tiny_network

# What a stranger does: nothing of mmsearch can be imported in that process.
STRANGER = """
import json, sys
from PIL import Image
from sentence_transformers import SentenceTransformer

pictures = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue", "green")]
told = {}
for folder in sys.argv[2:]:
    model = SentenceTransformer(folder, trust_remote_code=True, device="cpu")
    texts, images = model.encode(["a dog", "cats"]), model.encode(pictures)
    told[folder] = {"texts": texts.tolist(), "images": images.tolist(), "dim": model.get_embedding_dimension()}
model.save(sys.argv[1])
again = SentenceTransformer(sys.argv[1], trust_remote_code=True, device="cpu").encode(["a dog", "cats"])
assert abs(again - texts).max() < 1e-5
assert "mmsearch" not in sys.modules
print(json.dumps(told))
"""
PICTURES = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue", "green")]
TEXTS = ["a dog", "cats"]
QUICK = {"epochs": 2, "hidden": 8, "dim": 4, "validation": 0.0}


@pytest.fixture(autouse=True)
def exact(monkeypatch):
    """Compare in float32; rounding to bfloat16 differs from one batch to another."""
    import torch

    import mmsearch.nets.dual_network as module

    monkeypatch.setattr(module, "towers_dtype", lambda device: torch.float32)


@pytest.fixture(scope="session")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "own"
    save_folder(tiny_network(), folder)
    return folder


def letters(n):
    return [f"{chr(97 + i % 26)} {chr(97 + i * 7 % 26) * (1 + i % 5)}" for i in range(n)]


def colours(n):
    return [Image.new("RGB", (40, 30), (i * 9 % 256, i * 37 % 256, i * 77 % 256)) for i in range(n)]


def quick(method):
    """Return a learner that takes no time."""
    if method == "ensemble":
        return METHODS[method]((("cca", {"components": 4}), ("contrastive", QUICK)))
    known = METHODS[method]().get_params()
    return METHODS[method](**{name: value for name, value in (QUICK | {"frequencies": 30}).items() if name in known})


def aligned(folder, image, text, learner):
    """Fit a learner on vectors of two folders, write what it gives, and return the vectors it was fitted on."""
    sides = open_sides(image, text, names=(image.name, text.name), device="cpu")
    rows = sides["image"].encode(colours(40)), sides["text"].encode(letters(40))
    learner.fit(*rows)
    write_aligned(folder, sides, {"image": learner.projection(0), "text": learner.projection(1)}, learner.dim_)
    return sides


class TestAlignedEncoder(EncoderContract):
    tolerance = 0.05  # bfloat16, where the CPU has it

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, own, tiny, tmp_path_factory):
        folder = tmp_path_factory.mktemp("aligned") / "made"
        aligned(folder, own, tiny("clip"), METHODS["cca"](components=4, image_ridge=1.0, text_ridge=1.0))
        return load_encoder(str(folder), device="cpu")


@pytest.mark.parametrize("method", METHODS)
def test_a_folder_of_each_method_gives_what_the_learner_gives(method, own, tiny, tmp_path):
    learner = quick(method)
    sides = aligned(tmp_path / method, own, tiny("multilingual_texts"), learner)

    encoder = load_encoder(str(tmp_path / method), device="cpu")

    assert encoder.dim == learner.dim_
    assert encoder.image_side == 33
    images = learner.transform_image(sides["image"].encode(PICTURES))
    texts = learner.transform_text(sides["text"].encode(TEXTS))
    assert encoder.encode_images(PICTURES) == pytest.approx(images, abs=1e-3)
    assert encoder.encode_texts(TEXTS) == pytest.approx(texts, abs=1e-3)


def test_a_stranger_loads_them_with_sentence_transformers_alone(own, tiny, tmp_path):
    made = {
        "clip": (tiny("clip"), tiny("clip"), Adaptation("cca", {"components": 4})),
        "siglip": (tiny("siglip"), tiny("multilingual_texts"), quick("graph")),
        "own": (own, own, quick("ensemble")),
    }
    for name, (image, text, learner) in made.items():
        aligned(tmp_path / name, image, text, learner)

    done = subprocess.run(
        [sys.executable, "-I", "-c", STRANGER, str(tmp_path / "copy"), *(str(tmp_path / name) for name in made)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"HF_MODULES_CACHE": str(tmp_path / "modules"), "HF_HUB_OFFLINE": "1"},
        check=False,
    )

    assert done.returncode == 0, done.stderr
    for folder, told in json.loads(done.stdout.splitlines()[-1]).items():
        ours = load_encoder(folder, device="cpu")
        rounding = 0.2 if folder.endswith("own") else 1e-3  # its own code runs in bfloat16, which a tiny network shows
        assert told["dim"] == ours.dim
        assert np.allclose(told["texts"], ours.encode_texts(TEXTS), atol=rounding)
        assert np.allclose(told["images"], ours.encode_images(PICTURES), atol=rounding)


def test_one_encoder_of_both_lies_in_the_folder_once(own, tiny, tmp_path):
    aligned(tmp_path / "one", own, own, quick("cca"))
    aligned(tmp_path / "two", own, tiny("clip"), quick("cca"))

    assert (tmp_path / "one" / TOGETHER / "checksums.json").is_file()
    assert {path.name for path in (tmp_path / "two").iterdir() if path.is_dir()} == {"image", "text"}


def test_the_code_in_the_folder_is_a_copy_of_ours(own, tmp_path):
    aligned(tmp_path / "made", own, own, quick("cca"))
    home = Path(mmsearch.nets.__file__).parent

    assert all((tmp_path / "made" / name).read_bytes() == (home / name).read_bytes() for name in CODE)


def test_can_be_aligned_once_more(own, tmp_path):
    aligned(tmp_path / "first", own, own, Adaptation("cca", {"components": 3}))
    sides = aligned(tmp_path / "second", tmp_path / "first", tmp_path / "first", learner := quick("cca"))

    encoder = load_encoder(str(tmp_path / "second"), device="cpu")

    assert encoder.encode_texts(TEXTS) == pytest.approx(learner.transform_text(sides["text"].encode(TEXTS)), abs=1e-4)


def test_knows_the_parts_of_a_picture(tiny, tmp_path):
    aligned(tmp_path / "made", tiny("clip"), tiny("clip"), learner := quick("cca"))

    patches = load_encoder(str(tmp_path / "made"), device="cpu").encode_patches(PICTURES[0])

    assert patches.shape == (4, 4, learner.dim_)
    assert np.linalg.norm(patches, axis=2) == pytest.approx(np.ones((4, 4)), abs=1e-5)


def test_another_fit_is_another_encoder(own, tmp_path):
    aligned(tmp_path / "a", own, own, METHODS["cca"](components=3))
    aligned(tmp_path / "b", own, own, METHODS["cca"](components=3, image_ridge=0.5))

    prints = [load_encoder(str(tmp_path / name), device="cpu").fingerprint for name in "ab"]

    assert prints[0] != prints[1]


def test_an_encoder_of_texts_alone_cannot_read_pictures(tiny):
    texts = tiny("multilingual_texts")

    with pytest.raises(EncoderError, match="cannot encode pictures; it takes text"):
        open_sides(texts, texts, names=("words", "words"), device="cpu")


@pytest.mark.parametrize("damage", ["aligned.json", "weights-00.safetensors", "encoder/config.json"])
def test_a_damaged_folder_is_refused(own, tmp_path, damage):
    aligned(tmp_path / "made", own, own, quick("cca"))
    (tmp_path / "made" / damage).write_text("{}")

    with pytest.raises(EncoderError, match="Cannot load the encoder in"):
        load_encoder(str(tmp_path / "made"), device="cpu").encode_texts(TEXTS)


def test_a_folder_that_could_not_be_written_leaves_the_old_one(own, tmp_path, monkeypatch):
    aligned(tmp_path / "made", own, own, quick("cca"))
    before = load_encoder(str(tmp_path / "made"), device="cpu").encode_texts(TEXTS)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mmsearch.encoders.aligned.write_projections", full)
    with pytest.raises(OSError, match="No space left"):
        aligned(tmp_path / "made", own, own, METHODS["cca"](components=2))

    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    assert np.array_equal(load_encoder(str(tmp_path / "made"), device="cpu").encode_texts(TEXTS), before)


def test_it_is_neither_trained_nor_joined(own, tmp_path):
    aligned(tmp_path / "made", own, own, quick("cca"))

    with pytest.raises(EncoderError, match="Train the encoder that it stands on"):
        open_trainable(str(tmp_path / "made"), device="cpu")
    with pytest.raises(BadInput, match="cannot be joined"):
        pair_encoders(str(tmp_path / "made"), str(tmp_path / "made"), tmp_path / "out")
