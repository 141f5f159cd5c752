import ast
import inspect
from pathlib import Path

import pytest

import mmsearch.collection
from mmsearch.collection import Reason, parse_reason

MODULES = sorted(Path(inspect.getfile(mmsearch.collection)).parent.glob("*.py"))


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_recognised_with_the_words_that_fill_it(reason):
    words = tuple(f"word {number}" for number in range(reason.count("{}")))

    assert parse_reason(reason.format(*words)) == (reason, words)


def test_words_of_any_kind_may_fill_a_reason():
    assert parse_reason(Reason.DAMAGED.format("a (b)\n{}")) == (Reason.DAMAGED, ("a (b)\n{}",))


def test_what_is_no_reason_is_not_taken_for_one():
    assert parse_reason("something else") is None


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_nothing_is_left_out_with_words_of_its_own(module):
    """Errors and skips of this package are made of `Reason`, except where a run cannot start."""
    made = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    told = [call.args[-1] for call in made if ast.unparse(call.func) in {"BadPicture", "SourceError", "Skip"}]

    own = [ast.unparse(words) for words in told if isinstance(words, ast.Constant | ast.JoinedStr)]

    assert [words for words in own if "_ADVICE" not in words and "The folder" not in words] == []
