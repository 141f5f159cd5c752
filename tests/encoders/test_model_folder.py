import json
import os
import subprocess
import sys
from shutil import copytree

import pytest

from mmsearch.encoders.model_folder import check_folder, describe, fingerprint, image_side
from mmsearch.encoders.pair import pair_encoders
from mmsearch.encoders.registry import load_encoder
from mmsearch.encoders.sentence_transformer import open_model
from mmsearch.errors import EncoderError

DUAL = ["clip", "siglip", "siglip2", "chinese_clip", "clip_of_sentence_transformers"]


@pytest.mark.parametrize("kind", DUAL)
def test_a_folder_says_without_loading_what_loading_finds(tiny, kind):
    said, loaded = describe(tiny(kind)), open_model(tiny(kind), name="tiny", device="cpu")

    assert said is not None
    assert (said.fingerprint, said.dim, said.side) == (loaded.fingerprint, loaded.dim, loaded.image_side)


def test_a_pair_says_it_too(tiny, tmp_path):
    pair_encoders(str(tiny("clip")), str(tiny("multilingual_texts")), tmp_path / "pair")

    said = describe(tmp_path / "pair")

    assert said is not None
    assert (said.dim, said.side) == (12, 32)


def test_a_folder_of_an_unknown_kind_says_nothing(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "something_new"}))

    assert describe(tmp_path) is None


@pytest.mark.parametrize(
    ("told", "side"),
    [
        ({"size": 224}, 224),
        ({"size": {"shortest_edge": 336}, "crop_size": {"height": 300, "width": 300}}, 336),
        ({"size": {"height": 384, "width": 256}}, 256),
        ({"max_num_patches": 256, "patch_size": 16}, 256),
        ({}, 0),
    ],
)
def test_the_side_is_what_the_processor_makes_pictures_of(tmp_path, told, side):
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(told))

    assert image_side(tmp_path) == side


def test_a_moved_folder_keeps_its_fingerprint(tiny, tmp_path, hub_cache):
    cached = hub_cache("some/clip", tiny("clip"))
    copy = copytree(cached, tmp_path / "copy")
    os.utime(copy / "model.safetensors", (1, 1))

    assert fingerprint(copy) == fingerprint(cached) == fingerprint(tiny("clip"))


def test_files_that_are_not_used_do_not_matter(tiny, tmp_path):
    copy = copytree(tiny("clip"), tmp_path / "copy")
    (copy / "README.md").write_text("hello")
    (copy / "pytorch_model.bin").write_bytes(b"the same weights again")
    for folder in ("onnx", ".cache"):
        (copy / folder).mkdir()
        (copy / folder / "config.json").write_text("{}")

    assert fingerprint(copy) == fingerprint(tiny("clip"))


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "preprocessor_config.json"])
def test_another_file_gives_another_fingerprint(tiny, tmp_path, name):
    copy = copytree(tiny("clip"), tmp_path / "copy")
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-4] + b"    ")

    assert fingerprint(copy) != fingerprint(tiny("clip"))


def test_a_change_all_through_a_large_file_is_seen(tmp_path):
    for name, middle in (("a", b"\0"), ("b", b"\1")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(b"\0" * 3_000_000 + middle * 1_000_000 + b"\0" * 3_000_000)

    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "b")


def test_other_rules_give_another_fingerprint(tiny, monkeypatch):
    before = fingerprint(tiny("siglip"))

    monkeypatch.setattr("mmsearch.encoders.model_folder.RULES", 99)

    assert fingerprint(tiny("siglip")) != before


@pytest.mark.parametrize("name", ["modules.json", "config.json", "preprocessor_config.json"])
def test_a_description_that_is_no_json_is_refused_by_its_path(tiny, tmp_path, name):
    copy = copytree(tiny("clip"), tmp_path / "copy")
    (copy / name).write_text("{half")

    with pytest.raises(EncoderError, match=name.replace(".", r"\.")):
        load_encoder(str(copy), device="cpu")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(EncoderError, match="no model folder"):
        check_folder(tmp_path)


def test_opening_a_folder_imports_no_torch(tiny):
    code = (
        "import sys; from mmsearch.encoders.registry import load_encoder, list_encoders;"
        f"list_encoders(); load_encoder({str(tiny('clip'))!r});"
        "print({'torch', 'transformers', 'sentence_transformers'} & sys.modules.keys() or 'none')"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "none"
