import json

import pytest
import torch
from PIL import Image, ImageDraw

from mmsearch.training import calibration_pairs, checkpoint
from mmsearch.training.config import TrainConfig
from mmsearch.training.towers import Towers
from tests.nets.tiny import tiny_network

COLOURS = {"red": "红", "green": "绿", "blue": "蓝", "yellow": "黄", "black": "黑", "white": "白"}

CONFIG = """
name = "tiny"

[towers]
image = "lite0"
side = 33
views = ["as it is", "flipped"]

[training]
epochs = 6
batch = 8
temperature = 0.2
learning_rate = 0.01

[[datasets]]
name = "drawn"
captions = "drawn/captions.jsonl"
splits = ["train"]
dev = "dev"
licence = "CC0"
source = "drawn by the test"

[classes]
names = "classes.jsonl"
licence = "CC0"
source = "made up"
"""


def draw(folder, split, number):
    """Draw a square of each colour at a place of its own, and return their caption lines."""
    lines = []
    for i, (english, chinese) in enumerate(COLOURS.items()):
        image = Image.new("RGB", (40, 30), "grey")
        ImageDraw.Draw(image).rectangle((4 + i, 4 + number, 25 + i, 22 + number), fill=english)
        name = f"{split}-{english}-{number}.png"
        image.save(folder / name)
        texts = {"en": [f"{english} {number}", english], "zh": [f"{chinese}色"] if number else []}
        lines.append({"image": name, "split": split} | texts)
    return lines


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data" / "drawn"
    folder.mkdir(parents=True)
    lines = [line for n in range(2) for line in draw(folder, "train", n)] + draw(folder, "dev", 1)
    (folder / "captions.jsonl").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf8")
    names = [{"names": [english, f"the {english}"]} for english in COLOURS]
    (tmp_path / "data" / "classes.jsonl").write_text("\n".join(map(json.dumps, names)), encoding="utf8")
    return tmp_path / "data"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(CONFIG, encoding="utf8")
    return path


def tiny_towers(config: TrainConfig, texts: list[str]) -> Towers:
    """Stand in for the towers of the packages."""
    network = tiny_network(config.training.seed).requires_grad_(True)
    return Towers(network, torch.rand(6, 1280, generator=torch.Generator().manual_seed(1)))


@pytest.fixture(autouse=True)
def quick_calibration(monkeypatch):
    """Hundreds of scenes say nothing about a tiny network."""
    monkeypatch.setattr(calibration_pairs, "SCENES", 12)
    monkeypatch.setattr(calibration_pairs, "FOILS", 1)
    monkeypatch.setattr(calibration_pairs, "SIDE", 48)


@pytest.fixture(autouse=True)
def quick_curves(monkeypatch):
    """To draw them takes longer than to train a tiny network."""
    monkeypatch.setattr(checkpoint, "can_draw", lambda: False)
