import json
import subprocess
import sys

import pytest
import torch

from mmsearch.encoders.folder import damaged_files, fingerprint, open_folder
from mmsearch.encoders.threads import threads
from mmsearch.errors import EncoderError
from mmsearch.nets.folder import save_folder
from tests.encoders.contract import EncoderContract
from tests.nets.tiny import tiny_network


@pytest.fixture
def folder(tmp_path):
    save_folder(tiny_network(), tmp_path / "tiny")
    return tmp_path / "tiny"


class TestFolderEncoder(EncoderContract):
    tolerance = 0.02  # bfloat16, where the CPU has it

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("encoder") / "tiny"
        save_folder(tiny_network(), folder)
        return open_folder(folder, device="cpu")


def test_goes_by_the_name_of_its_folder(folder):
    assert open_folder(folder).name == "tiny"
    assert open_folder(folder, name="mine").name == "mine"


def test_other_weights_have_another_fingerprint(folder, tmp_path):
    save_folder(tiny_network(seed=1), tmp_path / "other")

    assert fingerprint(folder) != fingerprint(tmp_path / "other")


def test_the_same_weights_have_the_same_fingerprint(folder, tmp_path):
    save_folder(tiny_network(), tmp_path / "again")

    assert fingerprint(folder) == fingerprint(tmp_path / "again")


def test_finds_the_file_that_was_damaged(folder):
    assert damaged_files(folder) == ()
    weights = folder / "weights-00.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)

    assert damaged_files(folder) == ("weights-00.safetensors",)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "weights-00.safetensors", "checksums.json"])
@pytest.mark.parametrize("harm", ["missing", "empty", "truncated"])
def test_a_damaged_folder_is_refused_with_its_path(folder, name, harm):
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    if harm != "missing":
        (folder / name).write_bytes(b"" if harm == "empty" else content[: len(content) // 2])
    if name == "checksums.json" and harm != "missing":
        return  # only `damaged_files` reads it

    with pytest.raises(EncoderError, match=str(folder)):
        open_folder(folder)


def test_names_the_damaged_files_when_it_cannot_be_loaded(folder):
    (folder / "weights-00.safetensors").write_bytes(b"half a file")

    with pytest.raises(EncoderError, match=r"Damaged files: weights-00\.safetensors\."):
        open_folder(folder)
    (folder / "checksums.json").write_bytes(b"")
    assert damaged_files(folder) == ("checksums.json",)


def test_weights_of_another_shape_are_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    config["dim"] = 99
    (folder / "config.json").write_text(json.dumps(config))

    with pytest.raises(EncoderError, match="Cannot load"):
        open_folder(folder)


def test_an_unknown_device_is_refused(folder):
    with pytest.raises(EncoderError, match="nonsense"):
        open_folder(folder, device="nonsense")


def test_loads_without_sentence_transformers_and_transformers(folder):
    code = (
        "import sys; from pathlib import Path; from mmsearch.encoders.registry import load_encoder;"
        f"load_encoder({str(folder)!r}).encode_texts(['a dog']);"
        "print({'transformers', 'sentence_transformers', 'scipy'} & sys.modules.keys() or 'none')"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "none"


def test_leaves_torch_as_many_threads_as_before(folder):
    with threads(2, torch.get_num_threads()):
        encoder = open_folder(folder, device="cpu")

        encoder.encode_texts(["one"])
        after_one = torch.get_num_threads()
        encoder.encode_texts(["one", "two"])

        assert after_one == torch.get_num_threads() == 2
