from pathlib import Path

import pytest

from mmsearch.ui.hosting import Rights, has_desktop, is_shared, on_space, rights

SPACE = {"SPACE_ID": "someone/mmsearch"}


def test_a_space_is_known_by_its_id():
    assert on_space(SPACE)
    assert not on_space({})


@pytest.mark.parametrize(
    ("host", "environ", "expected"),
    [
        (None, {}, False),
        ("127.0.0.1", {}, False),
        ("localhost", {}, False),
        ("::1", {}, False),
        ("0.0.0.0", {}, True),  # noqa: S104 - only looked at
        ("192.168.1.7", {}, True),
        (None, {"GRADIO_SERVER_NAME": "0.0.0.0"}, True),  # noqa: S104
        ("127.0.0.1", {"GRADIO_SERVER_NAME": "0.0.0.0"}, False),  # noqa: S104
        (None, SPACE, True),
    ],
)
def test_an_app_that_others_can_reach_is_shared(host, environ, expected):
    assert is_shared(host, environ) is expected


def test_on_a_machine_of_ones_own_everything_is_open():
    assert rights(None, environ={}) == Rights(True, (), True, True, True, "")


def test_an_app_that_others_can_reach_reads_no_folder_and_removes_nothing():
    assert rights(None, "0.0.0.0", {}) == Rights(False, (), True, False, False, "closed_shared")  # noqa: S104


def test_on_a_space_everything_but_searching_is_closed():
    assert rights(None, environ=SPACE) == Rights(False, (), False, False, False, "closed_space")


@pytest.mark.parametrize(("host", "environ"), [(None, {}), ("0.0.0.0", {}), (None, SPACE)])  # noqa: S104
def test_named_folders_are_the_only_ones_and_only_they_are_open_to_strangers(host, environ):
    own = not is_shared(host, environ)
    expected = Rights(True, ("/photos",), False, own, own, "closed_uploads")

    assert rights([Path("/photos")], host, environ) == expected


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
