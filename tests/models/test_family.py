import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmsearch.encoders.presets import ENCODER_FAMILY
from mmsearch.errors import EncoderError, UnknownName
from mmsearch.models.hub import needed_files

download = ENCODER_FAMILY.download


class FakeHub:
    def __init__(self, files, error=None):
        self.listed, self.error, self.fetched = files, error, []

    def files(self, hub_id):
        if self.error:
            raise self.error
        return self.listed

    def fetch(self, hub_id, files):
        self.fetched.append((hub_id, tuple(files)))
        return Path("cache") / hub_id


def test_fetches_what_loading_needs_and_tells_of_it():
    hub, told = FakeHub(["config.json", "model.safetensors", "pytorch_model.bin", "README.md"]), []

    folder = download("clip-vit-b32", progress=told.append, hub=hub)

    assert folder == Path("cache/openai/clip-vit-base-patch32")
    assert hub.fetched == [("openai/clip-vit-base-patch32", ("config.json", "model.safetensors"))]
    assert told[-1] == "openai/clip-vit-base-patch32: fetching 2 files"


def test_a_pair_is_fetched_whole():
    hub = FakeHub(["config.json"])

    folder = download("multilingual-clip", hub=hub)

    assert [hub_id for hub_id, _ in hub.fetched] == [
        "sentence-transformers/clip-ViT-B-32",
        "sentence-transformers/clip-ViT-B-32-multilingual-v1",
    ]
    assert folder == Path("cache/sentence-transformers/clip-ViT-B-32")


def test_leaves_out_the_same_weights_in_other_formats_and_what_is_not_read():
    files = [
        "0_CLIPModel/model.safetensors",
        "0_CLIPModel/pytorch_model.bin",
        "2_Dense/pytorch_model.bin",
        "config.json",
        "flax_model.msgpack",
        "merges.txt",
        "modules.json",
        "onnx/model.onnx",
        "onnx/config.json",
        "openvino/openvino_model.bin",
        "spiece.model",
        "tf_model.h5",
        "chat_template.jinja",
        "training_args.bin",
        "evil.py",
        "README.md",
    ]

    assert needed_files(files) == [
        "0_CLIPModel/model.safetensors",
        "2_Dense/pytorch_model.bin",
        "config.json",
        "merges.txt",
        "modules.json",
        "spiece.model",
        "chat_template.jinja",
    ]


def test_a_hub_id_of_no_preset_will_do():
    assert download("some/model", hub=FakeHub(["config.json"])) == Path("cache/some/model")


def test_a_name_of_nothing_is_refused():
    with pytest.raises(UnknownName, match="Did you mean clip-vit-b32"):
        download("clip-vit-b33", hub=FakeHub([]))


def test_the_bundled_encoder_need_not_be_fetched():
    with pytest.raises(EncoderError, match="nothing to download"):
        download("bundled", hub=FakeHub([]))


def test_a_hub_out_of_reach_is_told_with_the_hub_id_and_the_way_round(hub_cache):
    hub = FakeHub([], OSError("no route to host\nand much more"))

    with pytest.raises(EncoderError) as told:
        download("siglip2-base", hub=hub)

    message = str(told.value)
    assert "google/siglip2-base-patch16-256 could not be fetched (OSError: no route to host)" in message
    assert "mmsearch encoders download siglip2-base" in message
    assert "--encoder /path/to/folder" in message
    assert "much more" not in message


def test_what_is_here_already_is_enough_without_a_hub(tiny, hub_cache):
    folder = hub_cache("openai/clip-vit-base-patch32", tiny("clip"))

    assert download("clip-vit-b32", hub=FakeHub([], OSError("down"))) == folder


def test_without_network_it_fails_at_once_in_plain_words(tmp_path):
    nobody = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
    code = (
        "from mmsearch.encoders.presets import ENCODER_FAMILY; from mmsearch.errors import EncoderError\n"
        "try: ENCODER_FAMILY.download('clip-vit-b32')\n"
        "except EncoderError as error: print(error)"
    )
    began = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | nobody, capture_output=True, text=True, timeout=60, check=True
    )

    assert "openai/clip-vit-base-patch32 could not be fetched" in done.stdout
    assert "mmsearch encoders download clip-vit-b32" in done.stdout
    assert time.monotonic() - began < 30
