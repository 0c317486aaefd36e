"""The embedded PostgreSQL, with the binaries that this machine has."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from cpor_web.embedded.exc import InUseError, NotInstalledError, OtherVersionError, StartError
from cpor_web.embedded.postgres import EmbeddedPostgres, find_binaries


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("data"), fsync=False) as server:
        server.create_database("kept")
        yield server


def ask(server: EmbeddedPostgres, question: str, dbname: str = "kept") -> list[tuple[object, ...]]:
    engine = create_engine(server.url(dbname))
    try:
        with engine.begin() as connection:
            answer = connection.execute(text(question))
            return [tuple(row) for row in answer] if answer.returns_rows else []
    finally:
        engine.dispose()


def test_it_listens_on_a_private_socket_and_on_no_port(postgres: EmbeddedPostgres) -> None:
    assert ask(postgres, "SHOW listen_addresses") == [("",)]
    assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700


def test_its_log_does_not_quote_a_row_that_is_refused(postgres: EmbeddedPostgres) -> None:
    ask(postgres, "CREATE TABLE people AS SELECT lower('CARLA') AS email")
    with pytest.raises(IntegrityError, match="carla"):
        ask(postgres, "CREATE UNIQUE INDEX once ON people (email); INSERT INTO people SELECT * FROM people")
    log = postgres.log.read_text()
    assert "duplicate key value" in log
    assert "carla" not in log


def test_a_database_is_created_once(postgres: EmbeddedPostgres) -> None:
    assert postgres.create_database("Twice with space") is True
    assert postgres.create_database("Twice with space") is False
    assert ask(postgres, "SELECT current_database()", "Twice with space") == [("Twice with space",)]


def test_text_sorts_by_code_point_and_case_covers_all_letters(postgres: EmbeddedPostgres) -> None:
    assert ask(postgres, "SELECT 'Ä' > 'z', lower('ÄPFEL'), to_tsvector('simple', 'Ősz')::text") == [
        (True, "äpfel", "'ősz':1")
    ]


def test_variables_of_another_server_do_not_lead_the_url_astray(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "db.example.org")
    monkeypatch.setenv("PGUSER", "stranger")
    assert ask(postgres, "SELECT current_user") == [("postgres",)]


def test_a_second_server_on_the_same_data_is_refused_and_the_first_goes_on(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cpor_web.embedded.server.PREDECESSOR_GONE_WITHIN", 0.0)
    with pytest.raises(InUseError, match="is in use by another process"):
        EmbeddedPostgres(postgres.folder.parent).start()
    assert ask(postgres, "SELECT 1") == [(1,)]


def test_what_was_committed_survives_kill_9_and_the_address_stays(postgres: EmbeddedPostgres) -> None:
    ask(postgres, "CREATE TABLE survivor AS SELECT 7 AS answer")
    url, pid = postgres.url("kept"), postgres.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert postgres._child is not None
    postgres._child.wait()
    assert (postgres.pid, postgres.exit_code) == (None, -signal.SIGKILL)
    assert (postgres.folder / "postmaster.pid").exists()
    postgres.start()
    assert postgres.url("kept") == url
    assert ask(postgres, "SELECT answer FROM survivor") == [(7,)]


def test_a_stale_number_of_a_living_stranger_is_ignored(postgres: EmbeddedPostgres) -> None:
    sockets = postgres.sockets
    postgres.stop()
    assert not sockets.exists()
    (postgres.folder / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.folder}\n1\n5432\n\n\n\nready\n")
    postgres.start()
    assert ask(postgres, "SELECT 1") == [(1,)]


def test_it_never_runs_as_root(postgres: EmbeddedPostgres) -> None:
    assert Path(f"/proc/{postgres.pid}").stat().st_uid != 0


def test_before_the_start_there_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="has not been started"):
        EmbeddedPostgres(tmp_path).url("any")


def test_a_long_path_of_the_data_makes_no_long_path_of_the_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    with EmbeddedPostgres(deep, fsync=False) as server:
        assert ask(server, "SELECT 1", "postgres") == [(1,)]


def test_data_of_another_major_version_are_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("9\n")
    with pytest.raises(OtherVersionError, match="written by PostgreSQL 9; this is PostgreSQL") as refusal:
        EmbeddedPostgres(tmp_path).start()
    assert "CPOR_DATA_DIR" in str(refusal.value)


def test_a_server_that_cannot_start_tells_its_last_words(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, fsync=False)
    with server:
        pass
    (server.folder / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(StartError, match="no_such_setting"):
        server.start()
    assert server.pid is None


def test_a_killed_initdb_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("")
    with EmbeddedPostgres(tmp_path, fsync=False) as server:
        assert ask(server, "SELECT 1", "postgres") == [(1,)]


def test_the_named_binaries_win_over_the_wheels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CPOR_TEST_PG_BIN", str(tmp_path))
    assert find_binaries() == tmp_path


def test_a_machine_without_postgresql_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CPOR_TEST_PG_BIN", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(NotInstalledError, match=r"cpor-web\[embedded\]"):
        find_binaries()
