"""What the commands print, word for word. `pytest --regenerate-golden` writes the files anew."""

import json
from pathlib import Path

import pytest

from mmsearch.types import Skip
from tests.cli.conftest import Run
from tests.conftest import GoldenCheck

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    "help": ("--help",),
    "search": ("search", "a dog on the beach"),
    "search_json": ("search", "a dog on the beach", "-k", "1", "--json"),
    "search_text": ("search", "a dog", "--target", "text", "-k", "2"),
    "index": ("index", "/photos"),
    "index_verbose": ("index", "/photos", "--verbose"),
    "info": ("info",),
    "info_json": ("info", "--json"),
    "eval": ("eval", "photos", "--split", "dev", "--language", "en"),
    "encoders": ("encoders",),
    "encoders_json": ("encoders", "--json"),
    "unknown_collection": ("search", "dog", "--collection", "libary"),
    "nothing_to_search": ("search",),
}


@pytest.mark.parametrize("name", CASES)
def test_prints_what_it_printed_before(name: str, run: Run, engine, same_as_golden: GoldenCheck) -> None:
    engine.skips = (Skip("zero.jpg", "the file is empty"), Skip("cut.jpg", "truncated"), Skip("half.jpg", "truncated"))

    done = run(*CASES[name])

    command = " ".join(arg if arg.replace("-", "").isalnum() else json.dumps(arg) for arg in CASES[name])
    text = f"$ mmsearch {command}\n{done.stdout}--- stderr\n{done.stderr}--- exit {done.exit_code}\n"
    same_as_golden(GOLDEN / f"{name}.txt", text)
