"""Files named by their content: verified before use, and never half there."""

import errno
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.errors import SnapshotDamaged, SnapshotMissing
from catalog.store import SnapshotStore
from core.errors import LumbungError
from core.storage_errors import StorageFull, StorageReadOnly, storage_errors

ROOT = Path(__file__).parents[2]


def put(store: SnapshotStore, tmp_path: Path, content: bytes = b"rows" * 1000) -> tuple[str, Path]:
    source = tmp_path / "source"
    source.write_bytes(content)
    stored = store.put(source)
    return stored.sha256, stored.path


def restarted(store: SnapshotStore) -> SnapshotStore:
    return SnapshotStore(store.folder)


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "snapshots")


def test_a_kept_file_is_read_only_and_the_same_bytes_are_kept_once(store: SnapshotStore, tmp_path: Path) -> None:
    sha256, path = put(store, tmp_path)
    assert path == store.folder / sha256[:2] / f"{sha256}.parquet"
    assert path.stat().st_mode & 0o777 == 0o444
    assert put(store, tmp_path) == (sha256, path)
    assert list(store.names()) == [sha256]
    assert (tmp_path / "source").read_bytes() == b"rows" * 1000
    assert list(store.leftovers()) == []


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    overwrite(path, bytes(content))


def overwrite(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage", [flip, lambda p: overwrite(p, p.read_bytes()[:-7])], ids=["D06_flipped_byte", "D05_truncated"]
)
def test_D05_D06_a_damaged_file_is_an_error_and_is_set_aside(store: SnapshotStore, tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]  # a lambda
    sha256, path = put(store, tmp_path)
    damage(path)
    with pytest.raises(SnapshotDamaged):
        restarted(store).verify(sha256)
    with pytest.raises(SnapshotMissing):  # nobody can read it any more
        restarted(store).verify(sha256)
    assert len(list((store.folder / ".damaged").iterdir())) == 1
    assert put(store, tmp_path) == (sha256, path)  # and it can be made again
    restarted(store).verify(sha256)


def test_D06_a_file_that_was_verified_and_then_changed_is_verified_again(store: SnapshotStore, tmp_path: Path) -> None:
    sha256, path = put(store, tmp_path)
    store.verify(sha256)
    stat = path.stat()
    flip(path)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    with pytest.raises(SnapshotDamaged):
        store.verify(sha256)


def test_D06_the_daily_scrub_trusts_nothing_that_was_verified_before(store: SnapshotStore, tmp_path: Path) -> None:
    good, _ = put(store, tmp_path, b"good")
    sha256, path = put(store, tmp_path)
    stat = path.stat()
    flip(path)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # the disk changed it, so its time says nothing
    store.verify(sha256)
    assert [type(fault) for fault in store.scrub([good, sha256])] == [SnapshotDamaged]


def test_D07_a_deleted_file_is_an_error(store: SnapshotStore, tmp_path: Path) -> None:
    sha256, path = put(store, tmp_path)
    path.unlink()
    with pytest.raises(SnapshotMissing):
        store.verify(sha256)
    assert not store.has(sha256)


def test_D08_a_write_that_was_interrupted_before_its_rename_is_no_file(store: SnapshotStore, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), store.draft() as path:
        path.write_bytes(b"half")
        raise KeyboardInterrupt
    assert list(store.leftovers()) == []
    (store.folder / ".new" / "killed.parquet").write_bytes(b"half")  # kill -9 leaves it there
    assert list(store.names()) == []
    assert [p.name for p in store.leftovers()] == ["killed.parquet"]


def test_D03_a_full_disk_is_a_typed_error_and_leaves_nothing(store: SnapshotStore, tmp_path: Path) -> None:
    """The limit on a process's file size stands in for the disk: the kernel refuses the write in the same way."""
    script = """
import resource, signal, sys
from pathlib import Path
from catalog.store import SnapshotStore
from core.storage_errors import StorageFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
store = SnapshotStore(Path(sys.argv[1]))
try:
    store.put(Path(sys.argv[2]))
except StorageFull as error:
    sys.exit(40 if not list(store.names()) and not list(store.leftovers()) else 41)
"""
    source = tmp_path / "large"
    source.write_bytes(b"x" * 10_000)
    done = subprocess.run([sys.executable, "-c", script, store.folder, source], cwd=ROOT, check=False)
    assert done.returncode == 40
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


def test_D04_a_folder_without_write_permission_is_a_typed_error() -> None:
    with tempfile.TemporaryDirectory(prefix="lumbung-", dir="/tmp") as name:  # one that another user can reach
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "source").write_bytes(b"rows")
        store = SnapshotStore(folder / "snapshots")
        store.folder.mkdir(mode=0o555)
        if os.getuid() == 0:
            assert _as_nobody(lambda: store.put(folder / "source")) == "StorageReadOnly"
        else:
            with pytest.raises(StorageReadOnly):
                store.put(folder / "source")
        assert list(store.folder.iterdir()) == []


def _as_nobody(act: Callable[[], object]) -> str:
    """What an act raises for a user without rights; root may write anywhere, so a child gives its rights up first."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setgid(65534)
        os.setuid(65534)
        try:
            act()
        except LumbungError as error:
            os.write(writer, type(error).__name__.encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        os.wait()
        return answer.read()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_D03_every_way_of_being_full_is_the_same_error(code: int, tmp_path: Path) -> None:
    with pytest.raises(StorageFull), storage_errors(tmp_path):
        raise OSError(code, os.strerror(code))
