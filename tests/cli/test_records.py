import json
from datetime import datetime
from pathlib import Path

import pytest

from mmsearch.cli.records import json_line
from tests.cli.fakes import ITEMS


@pytest.mark.parametrize(
    "text", ["plain", "海", 'quote " and \\', "a\nb\x1b[31m\x9b\u2028\u202e", "half a pair \udcff"]
)
def test_json_is_exact_yet_one_printable_line(text: str) -> None:
    line = json_line({"path": Path(text), "text": text})

    assert json.loads(line) == {"path": text, "text": text}
    assert "\n" not in line
    assert "\x1b" not in line
    assert "\x9b" not in line
    line.encode("utf-8")


def test_dataclasses_paths_and_dates_become_plain() -> None:
    loaded = json.loads(json_line([ITEMS[0], datetime(2024, 5, 1, 12, 30)]))

    assert loaded[0]["path"] == "/photos/dog.jpg"
    assert loaded[0]["texts"] == [
        {"text": "a dog on the beach", "language": "en", "kind": "caption", "id": 10},
    ]
    assert loaded[1] == "2024-05-01T12:30:00"


def test_refuses_what_json_cannot_say() -> None:
    with pytest.raises(TypeError, match="No JSON for set"):
        json_line({1, 2})
