import pytest

from mmsearch.cli.terminal import columns, duration, printable


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a dog", "a dog"),
        ("海滩上的狗", "海滩上的狗"),
        ("two\nlines\r\n", r"two\nlines\r\n"),
        ("\x1b[31mred\x9b0m", r"\x1b[31mred\x9b0m"),
        ("gpj\u202eexe", r"gpj\u202eexe"),
        ("a\u2028b", r"a\u2028b"),
        ("not utf-8: \udcff", r"not utf-8: \udcff"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
    ],
)
def test_escapes_what_could_drive_a_terminal_and_nothing_else(text: str, safe: str) -> None:
    assert printable(text) == safe


def test_columns_line_up_with_chinese_in_them() -> None:
    assert columns([("name", "n"), ("照片", "10"), ("a", "7")], right=[1]) == ["name   n", "照片  10", "a      7"]


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (7, "0:07"), (750, "12:30"), (3723, "1:02:03")])
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert duration(seconds) == text
