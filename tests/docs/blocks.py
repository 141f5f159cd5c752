"""Parts of documents that are written by a program, between `<!-- NAME: begin -->` and `<!-- NAME: end -->`."""

import re


def block(document: str, name: str) -> str:
    """Return what stands in the block called `name`."""
    found = _pattern(name).search(document)
    assert found, f"there is no block called {name}"
    return found[2]


def with_block(document: str, name: str, text: str) -> str:
    """Return the document with `text` in the block called `name`."""
    return _pattern(name).sub(lambda found: f"{found[1]}{text}{found[3]}", document)


def code_blocks(document: str, language: str) -> list[str]:
    """Return the fenced code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document, re.DOTALL | re.MULTILINE)


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name}: begin -->\n)(.*?)(<!-- {name}: end -->)", re.DOTALL)
