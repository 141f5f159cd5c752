from dataclasses import replace
from pathlib import Path

import pytest

from mmsearch.collection import content_hash
from mmsearch.types import Credit
from tests.ui.fakes import HOSTILE, FakeEngine, draw, picture_item


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    red = draw(tmp_path / "photos", "red.png", "red")
    blue = draw(tmp_path / "photos", "blue.png", "blue")
    credit = Credit("A. Painter", "CC BY 4.0", "https://example.org/by", "https://example.org/red")
    bad = Credit(HOSTILE, HOSTILE, "javascript:alert(1)", "javascript:alert(2)")
    return FakeEngine(
        tmp_path / "home",
        [
            picture_item(1, red, "a red square", "一个红色方块", title="Red", credit=credit),
            picture_item(2, blue, HOSTILE, "a blue square", title=HOSTILE, credit=bad),
            picture_item(3, tmp_path / "gone.png", "a lost picture"),
        ],
    )


@pytest.fixture
def real_hash(engine):
    """Return a function that gives an item of the engine the hash of its file."""

    def give(index: int):
        item = engine.all[index]
        engine.all[index] = replace(item, content_hash=content_hash(item.path.read_bytes()))
        return engine.all[index]

    return give
