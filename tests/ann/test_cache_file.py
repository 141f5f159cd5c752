from dataclasses import replace

import pytest

from mmsearch.ann.cache_file import IndexIdentity, read_index_file, write_index_file
from mmsearch.errors import VectorIndexError

IDENTITY = IndexIdentity(store="s", collection=1, encoder="e", modality="image", kind="FaissFlatIndex", dim=4)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "made" / "1.index"
    write_index_file(path, IDENTITY, position=17, payload=b"vectors")
    return path


def test_gives_back_what_was_written(path):
    assert read_index_file(path, IDENTITY) == (17, b"vectors")


def test_replaces_an_older_file_and_leaves_nothing_beside_it(path):
    write_index_file(path, IDENTITY, position=18, payload=b"newer")

    assert read_index_file(path, IDENTITY) == (18, b"newer")
    assert [file.name for file in path.parent.iterdir()] == ["1.index"]


@pytest.mark.parametrize("field", ["store", "collection", "encoder", "modality", "kind", "dim"])
def test_refuses_the_vectors_of_another_space(path, field):
    other = replace(IDENTITY, **{field: "x" if isinstance(getattr(IDENTITY, field), str) else 99})

    with pytest.raises(VectorIndexError, match="other vectors"):
        read_index_file(path, other)


def test_refuses_every_truncation(path):
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(VectorIndexError):
            read_index_file(path, IDENTITY)


def test_refuses_every_changed_byte(path):
    content = path.read_bytes()
    for position in range(len(content)):
        broken = bytearray(content)
        broken[position] ^= 0x41
        path.write_bytes(broken)
        with pytest.raises(VectorIndexError):
            read_index_file(path, IDENTITY)


def test_says_where_it_could_not_write(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(VectorIndexError, match="Cannot write"):
        write_index_file(tmp_path / "file" / "1.index", IDENTITY, 1, b"")


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(VectorIndexError, match="Cannot read"):
        read_index_file(tmp_path / "none", IDENTITY)
