"""The vectors that ship with the bundled collection are those of the encoder that ships with them."""

import json

import pytest

from mmsearch.collection import content_hash, read_notes, scan
from mmsearch.encoders.registry import load_encoder
from mmsearch.engine.samples import Samples
from mmsearch.indexing import VectorPack

SAMPLES = Samples()


@pytest.fixture(scope="module")
def pack():
    return VectorPack.load(SAMPLES.pack_file)


def test_is_of_the_bundled_encoder(pack):
    assert pack.fingerprint == load_encoder("bundled").fingerprint


def test_has_a_vector_of_every_picture_and_nothing_else(pack):
    pictures = SAMPLES.folder.rglob("*.webp")

    assert pack.pictures.keys() == {content_hash(path.read_bytes()) for path in pictures}


def test_has_a_vector_of_every_caption_and_nothing_else(pack):
    scanned = scan(SAMPLES.folder)
    captions = {text.text for found in scanned.files for text in read_notes(scanned.base, found).texts}

    assert pack.texts.keys() == captions


def test_is_small_enough_to_ship():
    assert SAMPLES.pack_file.stat().st_size < 3_000_000


def test_holds_what_the_encoder_gives(pack):
    encoder = load_encoder("bundled")
    row = json.loads((SAMPLES.folder / "captions.jsonl").read_text(encoding="utf8").splitlines()[0])
    captions = [*row["en"], *row["zh"]][:2] or list(pack.texts)[:2]
    stored = [pack.texts[caption] for caption in captions]

    cosines = [float(a @ b) for a, b in zip(encoder.encode_texts(captions), stored, strict=True)]

    assert min(cosines) > 0.99  # bfloat16 here and float32 there differ a little
