"""Every word of the page, in English and in Chinese: `words/en.json` and `words/zh.json`.

`words/zh_elsewhere.json` says in Chinese what comes in English from elsewhere in the package: why a file was skipped
(`reason_…`, a name of `Reason`) and what an encoder is good at (`good_at_…`).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final


def _read(name: str) -> Mapping[str, str]:
    words: dict[str, str] = json.loads((Path(__file__).parent / "words" / f"{name}.json").read_text("utf8"))
    return words


ENGLISH: Final = _read("en")
CHINESE: Final = _read("zh")
CHINESE_ELSEWHERE: Final = _read("zh_elsewhere")

STRINGS: Final[Mapping[str, Mapping[str, str]]] = {"en": ENGLISH, "zh": {**CHINESE, **CHINESE_ELSEWHERE}}
