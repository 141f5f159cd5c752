from pathlib import Path

import numpy as np
import pytest

import mmsearch.encoders
import mmsearch.nets
from mmsearch.encoders.folder import damaged_files
from mmsearch.encoders.registry import ENCODERS, load_encoder
from mmsearch.nets.folder import CODE
from tests.encoders.contract import EncoderContract

FOLDER = Path(mmsearch.encoders.__file__).parent / "bundled"


class TestBundled(EncoderContract):
    tolerance = 0.03  # bfloat16, where the CPU has it

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls):
        return load_encoder("bundled", device="cpu")

    def test_is_what_the_registry_says(self, encoder):
        weights = sum(path.stat().st_size for path in FOLDER.glob("*.safetensors")) / 1e6

        assert encoder.dim == ENCODERS["bundled"].dim
        assert round(weights) == ENCODERS["bundled"].size_mb

    @pytest.mark.parametrize(
        ("english", "chinese", "other"),
        [
            ("a dog running on the beach", "一只狗在海滩上奔跑", "一盘披萨"),
            ("a bowl of soup", "一碗汤", "一架飞机"),
            ("a boy playing football", "踢足球的男孩", "一只猫睡在床上"),
        ],
    )
    def test_the_same_said_in_both_languages_lies_close(self, encoder, english, chinese, other):
        vectors = encoder.encode_texts([english, chinese, other])

        assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1


def test_no_file_is_damaged():
    assert damaged_files(FOLDER) == ()


def test_files_and_weights_keep_their_limits():
    assert all(path.stat().st_size <= 10e6 for path in FOLDER.iterdir())
    assert sum(path.stat().st_size for path in FOLDER.glob("*.safetensors")) <= 56e6


def test_its_code_is_a_copy_of_ours():
    home = Path(mmsearch.nets.__file__).parent

    assert all((FOLDER / name).read_bytes() == (home / name).read_bytes() for name in CODE)


def test_has_a_card_and_the_notices_of_its_sources():
    card = (FOLDER / "README.md").read_text(encoding="utf8")

    assert all(part in card for part in ("## Data", "## What it reaches", "## What it gets wrong", "Apache-2.0", "MIT"))
    assert "ML Illustrated" in (FOLDER / "NOTICE.md").read_text(encoding="utf8")


def test_is_the_same_on_every_call():
    encoder = load_encoder("bundled", device="cpu")

    assert np.array_equal(encoder.encode_texts(["a dog"]), encoder.encode_texts(["a dog"]))
