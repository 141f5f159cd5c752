from pathlib import Path

import pytest

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
