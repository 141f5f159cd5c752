import json
from pathlib import Path

import pytest

from tests.collection.drawing import encoded, quarters


class Source:
    """A folder to scan, filled by the test."""

    def __init__(self, root: Path):
        self.root = root

    def picture(self, path: str) -> Path:
        return self.write(path, encoded(quarters(8, 6)))

    def write(self, path: str, content: bytes | str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def rows(self, path: str, *rows: object) -> Path:
        return self.write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


@pytest.fixture
def source(tmp_path):
    root = tmp_path / "source"
    root.mkdir()
    return Source(root)
