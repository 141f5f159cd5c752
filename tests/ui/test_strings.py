import json
import re
import string
from pathlib import Path

import pytest

from mmsearch.alignment.adaptation import METHODS
from mmsearch.collection import Reason
from mmsearch.encoders.registry import ENCODERS
from mmsearch.ui import page
from mmsearch.ui.hosting import rights
from mmsearch.ui.strings import CHINESE, CHINESE_ELSEWHERE, ENGLISH, STRINGS

SCRIPTS = "\n".join(file.read_text("utf8") for file in sorted(page.FOLDER.glob("*.js")))
NAMED = set(re.findall(r'"([a-z]\w*)"', SCRIPTS))  # whatever a script might say
PREFIXES = {prefix for prefix in re.findall(r"`([a-z_]+)\$\{", SCRIPTS) if prefix.endswith("_")}

CLOSING = [(None, "x", {}), (None, None, {"SPACE_ID": "x"}), ([Path("/x")], None, {})]


def _fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys():
    assert ENGLISH.keys() == CHINESE.keys()
    assert set(STRINGS) == {"en", "zh"}


@pytest.mark.parametrize("key", ENGLISH)
def test_both_languages_fill_in_the_same_values(key):
    assert _fields(ENGLISH[key]) == _fields(CHINESE[key])


def test_only_names_and_examples_are_the_same_in_both():
    same = {key for key in ENGLISH if ENGLISH[key] == CHINESE[key]}

    assert same == {"folder_hint", "include_hint", "exclude_hint"}


def test_every_string_is_said_somewhere():
    by_the_server = {"starting", *(rights(*given).closed_by for given in CLOSING)}

    assert {key for key in ENGLISH if key not in NAMED and not key.startswith(tuple(PREFIXES))} == by_the_server


@pytest.mark.parametrize("key", sorted(set(re.findall(r'\bsay\("(\w+)"', SCRIPTS))))
def test_whatever_the_scripts_say_there_are_words_for(key):
    assert key in ENGLISH


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_said_in_chinese_with_all_its_parts(reason):
    expected = {f"p{n}" for n in range(reason.count("{}"))}

    assert _fields(CHINESE_ELSEWHERE[f"reason_{reason.name}"]) == expected


@pytest.mark.parametrize("encoder", ENCODERS)
def test_what_each_encoder_is_good_at_is_said_in_chinese(encoder):
    assert CHINESE_ELSEWHERE[f"good_at_{encoder}"]


def test_every_method_of_the_laboratory_is_offered_and_explained():
    offered = re.search(r"const METHODS = (\[.*\]);", SCRIPTS)[1]

    assert set(json.loads(offered)) == {*METHODS, "all"}
    assert {key for key in ENGLISH if key.startswith("method_")} == {f"method_{name}" for name in (*METHODS, "all")}
