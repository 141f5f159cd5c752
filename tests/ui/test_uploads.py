import pytest

from mmsearch.errors import BadInput
from mmsearch.ui import uploads
from mmsearch.ui.uploads import Sent, keep, safe_name
from tests.ui.fakes import draw


@pytest.fixture
def arrivals(tmp_path):
    return tmp_path / "arrivals"


def _sent(arrivals, name, content=b"x"):
    arrivals.mkdir(exist_ok=True)
    path = arrivals / f"{len(list(arrivals.iterdir()))}.bin"
    path.write_bytes(content)
    return Sent(path, name)


def test_a_picture_and_its_captions_still_belong_together(arrivals, tmp_path):
    folder = keep([_sent(arrivals, "猫 1.JPG"), _sent(arrivals, "猫 1.txt")], arrivals, tmp_path / "kept")

    assert sorted(file.name for file in folder.rglob("*.*")) == ["猫 1.jpg", "猫 1.txt"]
    assert list(arrivals.iterdir()) == []


def test_equal_names_are_told_apart_even_where_case_does_not_count(arrivals, tmp_path):
    folder = keep([_sent(arrivals, name) for name in ("a.png", "A.png", "a.PNG")], arrivals, tmp_path / "kept")

    assert sorted(file.name for file in folder.rglob("*.*")) == ["A-2.png", "a-3.png", "a.png"]


def test_a_second_upload_leaves_the_first_alone(arrivals, tmp_path):
    for _ in range(2):
        folder = keep([_sent(arrivals, "a.png")], arrivals, tmp_path / "kept")

    assert len(list(folder.rglob("a.png"))) == 2


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\x\\y.jpg", "y.jpg"),
        ("<img src=x onerror=1>.png", "img src_x onerror_1.png"),
        (".htaccess.png", "htaccess.png"),
        ("\u202egpj.exe.png", "gpj_exe.png"),
        ("a" * 300 + ".png", "a" * uploads.STEM_KEPT + ".png"),
        ("….png", "picture.png"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


def test_a_file_that_no_visitor_sent_is_not_taken(arrivals, tmp_path):
    arrivals.mkdir()
    secret = draw(tmp_path, "secret.png", "red")
    (arrivals / "link.png").symlink_to(secret)

    for path in (secret, arrivals / ".." / "secret.png", arrivals / "link.png", arrivals / "gone.png"):
        with pytest.raises(BadInput, match="did not arrive"):
            keep([Sent(path, "a.png")], arrivals, tmp_path / "kept")

    assert secret.exists()


@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.py", "a", "a.png.exe"])
def test_other_kinds_of_files_are_refused(arrivals, tmp_path, name):
    with pytest.raises(BadInput, match="neither a picture nor captions"):
        keep([_sent(arrivals, name)], arrivals, tmp_path / "kept")


def test_nothing_and_too_much_are_refused(arrivals, tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_FILES", 2)
    monkeypatch.setattr(uploads, "MAX_BYTES", 5)

    with pytest.raises(BadInput, match="No file"):
        keep([], arrivals, tmp_path / "kept")
    with pytest.raises(BadInput, match="3 files were sent; at most 2"):
        keep([_sent(arrivals, "a.png")] * 3, arrivals, tmp_path / "kept")
    with pytest.raises(BadInput, match="GB were sent"):
        keep([_sent(arrivals, "a.png", b"123456")], arrivals, tmp_path / "kept")

    assert not (tmp_path / "kept").exists()
