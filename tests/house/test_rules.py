import pytest

from tests.house.rules import Module, violations

LONG_BODY = "def f() -> None:\n" + "    x = 1\n" * 51


@pytest.mark.parametrize(
    ("path", "source", "problem"),
    [
        ("engine/a.py", "x = 1\n" * 501, "engine/a.py: 501 lines; the limit is 500"),
        ("engine/a.py", LONG_BODY, "engine/a.py:1 f has 51 lines; the limit is 50"),
        ("engine/a.py", "def f():\n    pass\n", "engine/a.py:1 f does not say what it returns"),
        ("engine/a.py", "print('x')\n", "engine/a.py:1 calls print; only cli/ may print or exit"),
        ("engine/a.py", "import sys\nsys.exit(1)\n", "engine/a.py:2 calls sys.exit; only cli/ may print or exit"),
        (
            "engine/a.py",
            "from sqlalchemy.orm import Session\n",
            "engine/a.py:1 imports sqlalchemy, whose home is store/",
        ),
        ("ui/a.py", "import faiss, json\n", "ui/a.py:1 imports faiss, whose home is ann/"),
    ],
)
def test_names_what_is_out_of_order(path: str, source: str, problem: str) -> None:
    assert list(violations(Module(path, source))) == [problem]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("cli/a.py", "import click\nprint('x')\n"),
        ("store/a.py", "import sqlalchemy as sa\n"),
        ("engine/a.py", 'def f() -> None:\n    """' + "long\n" * 60 + '"""\n    return None\n'),
        ("engine/a.py", LONG_BODY.replace("    x = 1\n", "", 1)),
        ("engine/a.py", "x = 1\n" * 500),
    ],
)
def test_lets_pass_what_is_in_order(path: str, source: str) -> None:
    assert list(violations(Module(path, source))) == []
