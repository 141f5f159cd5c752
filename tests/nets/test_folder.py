import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mmsearch.nets
from mmsearch.encoders.folder import open_folder
from mmsearch.nets.folder import CODE, save_folder
from tests.nets.tiny import tiny_network

# What a stranger does: nothing of mmsearch can be imported in that process.
STRANGER = """
import json, sys
from PIL import Image
from sentence_transformers import SentenceTransformer

folder, copy = sys.argv[1:]
model = SentenceTransformer(folder, trust_remote_code=True, device="cpu")
texts = model.encode(["a dog", "红"])
images = model.encode([Image.new("RGB", (9, 5), "red"), Image.new("RGBA", (5, 9), "blue")])
model.save(copy)
again = SentenceTransformer(copy, trust_remote_code=True, device="cpu").encode(["a dog"])
assert "mmsearch" not in sys.modules
told = {"texts": texts.tolist(), "images": images.tolist(), "again": again.tolist()}
print(json.dumps(told | {"dim": model.get_embedding_dimension()}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "tiny"
    save_folder(tiny_network(), path)
    return path


def test_the_code_in_the_folder_is_a_copy_of_ours(folder):
    home = Path(mmsearch.nets.__file__).parent

    assert {path.name for path in folder.glob("*.py")} == set(CODE)
    assert all((folder / name).read_bytes() == (home / name).read_bytes() for name in CODE)


def test_the_code_imports_nothing_of_ours_but_its_neighbours():
    home = Path(mmsearch.nets.__file__).parent

    assert not [
        name
        for name in CODE
        if "mmsearch"
        in "".join(line for line in (home / name).read_text().splitlines() if line.startswith(("import ", "from ")))
    ]


def test_a_stranger_loads_it_with_sentence_transformers_alone(folder, tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", "-c", STRANGER, str(folder), str(tmp_path / "copy")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"HF_MODULES_CACHE": str(tmp_path / "modules"), "HF_HUB_OFFLINE": "1"},
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    ours = open_folder(folder, device="cpu")
    texts = ours.encode_texts(["a dog", "红"])
    images = ours.encode_images([Image.new("RGB", (9, 5), "red"), Image.new("RGBA", (5, 9), "blue")])
    assert told["dim"] == ours.dim
    assert np.allclose(told["texts"], texts, atol=0.02)  # batches may differ, and so the rounding of bfloat16
    assert np.allclose(told["images"], images, atol=0.02)
    assert np.allclose(told["again"], texts[:1], atol=0.02)
