import pytest

from mmsearch.collection.patterns import PathFilter
from mmsearch.errors import BadInput


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("images/dev", "images/dev/a.jpg", True),
        ("images/dev/", "images/dev/a.jpg", True),
        ("images/dev/**", "images/dev/a.jpg", True),
        ("images/dev/**", "images/dev/deep/a.jpg", True),
        ("images/dev/*", "images/dev/a.jpg", True),
        ("images/dev", "images/development/a.jpg", False),
        ("images/dev", "old/images/dev/a.jpg", False),
        ("**/dev", "old/images/dev/a.jpg", True),
        ("**/dev", "dev/a.jpg", True),
        ("images/**/a.jpg", "images/a.jpg", True),
        ("images/**/a.jpg", "images/1/2/a.jpg", True),
        ("*.png", "a.png", True),
        ("*.png", "deep/down/a.PNG", True),
        ("/*.png", "a.png", True),
        ("/*.png", "deep/a.png", False),
        ("raw", "2019/raw/a.jpg", True),
        ("raw", "2019/raw.jpg", False),
        ("a?.jpg", "a1.jpg", True),
        ("a?.jpg", "a12.jpg", False),
        ("a[0-9].jpg", "a1.jpg", True),
        ("a[!0-9].jpg", "a1.jpg", False),
        ("a[[&&].jpg", "a[.jpg", True),
        ("a[+--].jpg", "a,.jpg", True),
        ("a[b.jpg", "a[b.jpg", True),
        ("a.jpg", "abjpg", False),
        ("(a|b)+.jpg", "a.jpg", False),
        ("(a|b)+.jpg", "(a|b)+.jpg", True),
        ("images\\dev", "images/dev/a.jpg", True),
        ("./images", "images/a.jpg", True),
        ("ÉTÉ", "été/a.jpg", True),
    ],
)
def test_matches_as_documented(pattern, path, expected):
    assert PathFilter(include=[pattern]).wants(path) is expected


def test_wants_everything_without_patterns():
    assert PathFilter().wants("any/thing.jpg")


def test_exclude_wins_over_include():
    paths = PathFilter(include=["images"], exclude=["images/raw"])

    assert paths.wants("images/a.jpg")
    assert not paths.wants("images/raw/a.jpg")


@pytest.mark.parametrize("pattern", ["", "  ", "/", "/**", "a[z-a]b"])
def test_refuses_what_is_no_pattern(pattern):
    with pytest.raises(BadInput, match="The pattern"):
        PathFilter(include=[pattern])
