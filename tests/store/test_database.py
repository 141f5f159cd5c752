import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import mmsearch.store
from mmsearch.errors import StoreBusy, StoreError, StoreReadOnly, StoreTooNew
from mmsearch.store import Store
from mmsearch.store.database import HEAD, KNOWN
from mmsearch.store.models import Base

MIGRATIONS = Path(mmsearch.store.__file__).with_name("migrations")
OLD_DATABASES = sorted(Path(__file__).with_name("golden").glob("*.sql"))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "home" / "mmsearch.db"
    Store(path).close()
    return path


def content(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    lines = list(connection.iterdump())
    connection.close()
    return lines


def test_the_migrations_make_the_tables_of_the_models(path):
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()

    assert differences == []


def test_knows_all_migrations_and_which_is_the_newest():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    assert scripts.get_current_head() == HEAD
    assert {script.revision for script in scripts.walk_revisions()} == KNOWN


def test_there_is_an_old_database_for_every_migration():
    assert {file.stem for file in OLD_DATABASES} == KNOWN


@pytest.mark.parametrize("dump", OLD_DATABASES, ids=lambda file: file.stem)
def test_an_old_database_is_brought_up_to_date_and_answers(tmp_path, dump):
    connection = sqlite3.connect(tmp_path / "old.db")
    connection.executescript(dump.read_text(encoding="utf8"))
    connection.close()

    store = Store(tmp_path / "old.db")

    (info,) = store.directory.collections()
    (item,) = store.read.items([1]).values()
    store.close()
    assert (info.name, info.pictures, info.texts, info.vectors) == ("pets", 1, 2, {"tiny": (1, 2)})
    assert [text.text for text in item.texts] == ["a cat", "一只猫"]


def test_keeps_its_unique_id(path):
    first, second = Store(path), Store(path)

    assert first.uid == second.uid != ""
    first.close()
    second.close()


def test_refuses_a_database_of_a_newer_version_and_leaves_it_alone(path):
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = content(path)

    with pytest.raises(StoreTooNew, match=r"9999.*Upgrade mmsearch"):
        Store(path)

    assert content(path) == before


def test_refuses_a_database_of_somebody_else_and_leaves_it_alone(tmp_path):
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    before = content(path)

    with pytest.raises(StoreError, match="not one of mmsearch's"):
        Store(path)

    assert content(path) == before


def test_refuses_a_file_that_is_no_database_and_leaves_it_alone(tmp_path):
    path = tmp_path / "mmsearch.db"
    path.write_text("a letter, " * 1000)

    with pytest.raises(StoreError, match="damaged or not a metadata store"):
        Store(path)

    assert path.read_text() == "a letter, " * 1000


def test_says_when_another_process_holds_it(path):
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    store = Store(path, busy_seconds=0.1)

    assert store.directory.collections() == ()
    with pytest.raises(StoreBusy, match="held by another process"):
        store.catalogue.open_collection("pets")

    holder.execute("ROLLBACK")
    assert store.catalogue.open_collection("pets") == 1
    store.close()
    holder.close()


def test_says_when_another_process_holds_it_for_itself_alone(path):
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(StoreBusy, match="held by another process"):
        Store(path, busy_seconds=0.1)
    holder.close()


def test_says_that_its_folder_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreReadOnly, match="Cannot make the folder"):
        Store(tmp_path / "file" / "mmsearch.db")


OPEN_AS_NOBODY = """
import os, sys
from pathlib import Path
from mmsearch.errors import StoreReadOnly
from mmsearch.store import Store
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    store = Store(Path(sys.argv[1]))
    store.catalogue.open_collection("pets")
except StoreReadOnly as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work otherwise there")
def test_says_when_it_may_not_be_written_to(path, tmp_path):
    before = content(path)
    for folder in (tmp_path, *tmp_path.parents):
        if not os.access(folder, os.X_OK) or folder.stat().st_mode & 0o005 == 0:
            folder.chmod(0o755)
    path.chmod(0o444)
    path.parent.chmod(0o555)

    answer = subprocess.run(
        [sys.executable, "-c", OPEN_AS_NOBODY, str(path)], capture_output=True, text=True, check=True
    )

    path.parent.chmod(0o755)
    assert "cannot be written to" in answer.stdout
    assert "MMSEARCH_HOME" in answer.stdout
    assert content(path) == before


def test_several_threads_may_write_at_once(path):
    store = Store(path)
    threads = [threading.Thread(target=store.catalogue.open_collection, args=(f"c{i % 5}",)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [info.name for info in store.directory.collections()] == ["c0", "c1", "c2", "c3", "c4"]
    store.close()


def test_several_processes_may_make_it_at_once(tmp_path):
    command = [
        sys.executable,
        "-c",
        "import sys; from pathlib import Path; from mmsearch.store import Store; print(Store(Path(sys.argv[1])).uid)",
        str(tmp_path / "new" / "mmsearch.db"),
    ]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    uids = {process.communicate()[0].strip() for process in processes}

    assert [process.returncode for process in processes] == [0] * 4
    assert len(uids) == 1


def test_a_copy_is_a_whole_store(path, tmp_path):
    store = Store(path)
    store.catalogue.open_collection("pets")
    store.close()
    shutil.copy(path, tmp_path / "copy.db")

    copy = Store(tmp_path / "copy.db")

    assert [info.name for info in copy.directory.collections()] == ["pets"]
    copy.close()
