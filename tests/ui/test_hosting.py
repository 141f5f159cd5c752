import pytest

from mmsearch.ui.hosting import has_desktop, on_space


def test_a_space_is_known_by_its_id():
    assert on_space({"SPACE_ID": "someone/mmsearch"})
    assert not on_space({})


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({}, "darwin", True),
        ({}, "win32", True),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "darwin", False),
        ({"DISPLAY": ":0", "CI": "true"}, "linux", False),
        ({"DISPLAY": ":0", "SPACE_ID": "someone/mmsearch"}, "linux", False),
    ],
)
def test_a_browser_opens_only_where_somebody_sees_it(environ, platform, expected):
    assert has_desktop(environ, platform) is expected
