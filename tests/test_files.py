"""Files are whole or not there, whoever writes, reads or fails meanwhile."""

import errno
import os
import stat
import subprocess
import sys
import threading

import pytest

from minitransfer import files
from minitransfer.files import check_writable, write_atomically


@pytest.fixture
def path(tmp_path):
    return tmp_path / "result.json"


def test_bytes_text_and_a_function_that_writes(path):
    assert write_atomically(path, b"\xff\x00").read_bytes() == b"\xff\x00"
    assert write_atomically(path, "Größe").read_bytes() == "Größe".encode()
    assert write_atomically(path, lambda file: file.write(b"mine")).read_bytes() == b"mine"
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
def test_permission_bits_are_kept_and_a_new_file_gets_the_usual_ones(path):
    write_atomically(path, b"new")
    (path.parent / "usual").write_bytes(b"")
    assert path.stat().st_mode == (path.parent / "usual").stat().st_mode
    path.chmod(0o600)
    seen = []

    def write(file):
        seen.append(stat.S_IMODE(os.stat(file.name).st_mode))
        file.write(b"private")

    write_atomically(path, write)
    assert seen == [0o600], "nobody else can read it while it is written"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("error", [OSError(28, "No space left"), ValueError(), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_no_other(path, error):
    write_atomically(path, b"old")

    def fail(file):
        file.write(b"half of the ne")
        raise error

    with pytest.raises(type(error)):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == [path.name]


def test_a_name_as_long_as_the_system_allows(tmp_path):
    path = tmp_path / ("x" * 250)
    assert write_atomically(path, b"1").read_bytes() == b"1"


def test_a_folder_that_cannot_be_synced_does_not_undo_the_writing(path, monkeypatch):
    def refuse(*_):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "open", refuse)
    assert write_atomically(path, b"there").read_bytes() == b"there"


WRITE = """
import sys
from minitransfer import files
from minitransfer.files import check_writable, write_atomically
for _ in range(100):
    write_atomically(sys.argv[1], sys.argv[2].encode() * 50_000)
"""


def test_threads_and_processes_save_one_file_and_readers_never_see_half(path):
    write_atomically(path, b"a" * 50_000)
    failed, done = [], threading.Event()

    def write(letter):
        try:
            for _ in range(200):
                write_atomically(path, letter * 50_000)
        except BaseException as error:
            failed.append(error)

    def read():
        while not done.is_set():
            content = path.read_bytes()
            if len(content) != 50_000 or len(set(content)) != 1:
                failed.append((len(content), set(content)))

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(letter,)) for letter in (b"b", b"c")]
    reader.start()
    other = subprocess.Popen([sys.executable, "-c", WRITE, str(path), "d"])
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert other.wait() == 0
    done.set()
    reader.join()
    assert failed == []
    assert os.listdir(path.parent) == [path.name]


KILLED = """
import os, signal, sys
from minitransfer.files import write_atomically

def half(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

write_atomically(sys.argv[1], half)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills")
def test_what_a_killed_writer_left_goes_with_the_next_writing(path):
    others = path.with_name(".notes.txt.0123456789ab.tmp")
    others.write_bytes(b"of another file")
    write_atomically(path, b"old")
    for _ in range(2):
        subprocess.run([sys.executable, "-c", KILLED, str(path)])
    assert path.read_bytes() == b"old"
    left = set(os.listdir(path.parent)) - {path.name, others.name}
    assert len(left) == 1, "the second has removed what the first left"
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert set(os.listdir(path.parent)) == {path.name, others.name}


def test_what_is_being_written_is_no_leftover(path):
    def write_another(file):
        file.write(b"outer")
        write_atomically(path, b"inner")

    write_atomically(path, write_another)
    assert path.read_bytes() == b"outer"
    assert os.listdir(path.parent) == [path.name]


def test_whether_a_file_can_be_written_is_found_out_before(tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.csv").mkdir()
    check_writable(tmp_path / "deep" / "down" / "a.csv", tmp_path / "file")
    assert os.listdir(tmp_path / "deep" / "down") == []
    assert (tmp_path / "file").read_text() == "in the way"
    with pytest.raises(OSError, match="choose another place") as caught:
        check_writable(tmp_path / "fine.csv", tmp_path / "file" / "a.csv")
    assert caught.value.filename == str(tmp_path / "file" / "a.csv")
    with pytest.raises(IsADirectoryError, match=r"folder.csv is a folder"):
        check_writable(tmp_path / "folder.csv")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="a folder that nobody can write to")
def test_a_folder_that_nobody_can_write_to():
    with pytest.raises(OSError, match="choose another place"):
        check_writable("/proc/self/a.csv")


def test_where_nothing_can_be_locked_files_are_written_whole_all_the_same(path, monkeypatch):
    """As on Windows, whose Python has no fcntl."""
    left = path.with_name(f".{path.name}.0123456789ab.tmp")
    left.write_text("of a killed writer")
    monkeypatch.setattr(files, "fcntl", None)
    assert files.write_atomically(path, "new").read_text() == "new"
    assert not left.exists()
    with files.alone(path.parent / ".lock"), files.alone(path.parent / ".lock"):
        pass
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_system_without_locks_keeps_nobody_out(tmp_path, monkeypatch):
    def flock(file, how):
        raise OSError(errno.ENOTSUP, "no locks here")

    monkeypatch.setattr(files.fcntl, "flock", flock)
    with files.alone(tmp_path / ".lock"):
        assert (tmp_path / ".lock").exists()
    assert not (tmp_path / ".lock").exists()
    assert files.write_atomically(tmp_path / "file", "whole").read_text() == "whole"


def test_only_one_holds_a_lock(tmp_path):
    with files.alone(tmp_path / ".lock"):
        with pytest.raises(BlockingIOError), files.alone(tmp_path / ".lock"):
            pytest.fail("two hold it")
        assert (tmp_path / ".lock").exists()
    with files.alone(tmp_path / ".lock"):
        pass


def test_a_lock_on_a_file_that_is_gone_is_no_lock(tmp_path, monkeypatch):
    """The one before removed the file between its being opened and its being locked."""
    original, removed = files.fcntl.flock, []

    def flock(file, how):
        if not removed:
            removed.append(file.name)
            os.unlink(file.name)
        original(file, how)

    monkeypatch.setattr(files.fcntl, "flock", flock)
    with (
        files.alone(tmp_path / ".lock"),
        pytest.raises(BlockingIOError),
        files.alone(tmp_path / ".lock"),
    ):
        pytest.fail("two hold it")
    removed.clear()
    assert files.write_atomically(tmp_path / "file", "whole").read_text() == "whole"
    assert removed
