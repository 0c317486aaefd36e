"""`cpor doctor` finds what is wrong with an installation, each thing by its own name, and says what to do."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Engine, make_url, text, update
from sqlalchemy.orm import Session

from cpor_web import clock, queue
from cpor_web.config import Settings
from cpor_web.doctor import front, machinery, places
from cpor_web.doctor.findings import Finding, Mark
from cpor_web.doctor.installation import as_json, examine_all, exit_code
from cpor_web.doctor.standing import database
from cpor_web.history import checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import Document, Heartbeat, Mail, MailState
from cpor_web.monitoring.figures import TICKER
from cpor_web.programme import Programme
from cpor_web.silence.unread import EMPTIED
from tests.support import claims, clamd
from tests.support.full_redis import full
from tests.support.servers import free_port


def about(findings: list[Finding], what: str) -> Finding:
    (finding,) = (finding for finding in findings if finding.about == what)
    return finding


# PostgreSQL


def test_a_database_in_order_has_its_version_its_time_and_its_tables(settings: Settings, app: Flask) -> None:
    findings = database(settings, clock.utcnow)
    assert {each.about: each.mark for each in findings} == {
        "database": Mark.OK,
        "connections": Mark.OK,
        "clocks": Mark.OK,
        "tables": Mark.OK,
        "role": Mark.LOOK,  # the tests' role is a superuser
    }


def test_an_index_that_was_not_made_to_its_end_is_told(settings: Settings, app: Flask, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE INDEX broken_off ON heartbeats (at)"))
        connection.execute(text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken_off'::regclass"))
    try:
        found = about(database(settings, clock.utcnow), "indexes")
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP INDEX broken_off"))
    assert found.mark is Mark.LOOK
    assert "REINDEX INDEX CONCURRENTLY broken_off" in found.do


def test_a_database_that_is_away_is_the_one_finding_and_no_password_is_told(settings: Settings) -> None:
    url = f"postgresql+psycopg://cpor:hunter2@127.0.0.1:{free_port()}/cpor"
    (found,) = database(replace(settings, database_url=url), clock.utcnow)
    assert found.mark is Mark.WRONG
    assert "hunter2" not in found.words + found.do


def test_a_database_that_takes_no_changes_is_told(settings: Settings, app: Flask, engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = on"))
        try:
            found = about(database(settings, clock.utcnow), "database")
        finally:
            connection.execute(text(f"ALTER DATABASE {engine.url.database} RESET default_transaction_read_only"))
    assert found.mark is Mark.WRONG
    assert "takes no changes" in found.words


def test_a_database_that_lets_nobody_in_any_more_is_not_said_to_be_stopped(
    settings: Settings, engine: Engine, worker_number: int
) -> None:
    name = f"doctor_{worker_number}_last"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'doctor' CONNECTION LIMIT 0"))
    try:
        url = make_url(settings.database_url).set(username=name, password="doctor")
        (found,) = database(replace(settings, database_url=url.render_as_string(hide_password=False)), clock.utcnow)
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP ROLE {name}"))
    assert found.mark is Mark.WRONG
    assert "max_connections" in found.do


@pytest.mark.parametrize(("seconds", "mark"), [(0, Mark.OK), (-5, Mark.LOOK), (5, Mark.LOOK), (300, Mark.WRONG)])
def test_a_clock_that_is_off_is_told(settings: Settings, app: Flask, seconds: int, mark: Mark) -> None:
    findings = database(settings, lambda: clock.utcnow() + timedelta(seconds=seconds))
    assert about(findings, "clocks").mark is mark


@pytest.mark.parametrize(("revision", "mark"), [("0002", Mark.WRONG), ("9999", Mark.LOOK)])
def test_tables_of_another_version_are_told(settings: Settings, engine: Engine, revision: str, mark: Mark) -> None:
    with engine.begin() as connection:
        before = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    try:
        assert about(database(settings, clock.utcnow), "tables").mark is mark
    finally:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": before})


@pytest.mark.parametrize(("processes", "mark"), [(1, Mark.OK), (64, Mark.LOOK)])
def test_fewer_connections_than_this_machine_may_take_are_told(
    settings: Settings, app: Flask, processes: int, mark: Mark
) -> None:
    found = about(database(replace(settings, web_processes=processes), clock.utcnow), "connections")
    assert found.mark is mark
    assert f" {2 * 8 * processes + 2 * settings.workers + 1} " in found.words


@contextmanager
def role(engine: Engine, *grants: str) -> Iterator[str]:
    """A role with these rights on all tables, and nothing else."""
    name = f"doctor_of_{engine.url.database}"  # a role is of all databases, those of other workers too
    with engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'doctor'"))
        for grant in grants:
            connection.execute(text(f"GRANT {grant} ON ALL TABLES IN SCHEMA public TO {name}"))
    try:
        yield name
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {name}"))
            connection.execute(text(f"DROP ROLE {name}"))


@pytest.mark.parametrize(("grant", "mark"), [("SELECT, INSERT, UPDATE, DELETE", Mark.OK), ("SELECT", Mark.WRONG)])
def test_a_role_may_work_and_owns_nothing(settings: Settings, engine: Engine, grant: str, mark: Mark) -> None:
    with role(engine, grant) as name:
        url = make_url(settings.database_url).set(username=name, password="doctor")
        other = replace(settings, database_url=url.render_as_string(hide_password=False))
        assert about(database(other, clock.utcnow), "role").mark is mark


# Redis, and what works behind it


def test_redis_is_asked_for_its_policy_and_its_file(settings: Settings) -> None:
    with Redis.from_url(settings.redis_url) as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            findings = machinery.behind_redis(settings)
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
    assert about(findings, "redis").mark is Mark.OK
    assert about(findings, "redis memory").mark is Mark.LOOK
    assert about(findings, "workers").mark is Mark.WRONG
    assert "redis memory" not in {each.about for each in machinery.behind_redis(settings)}


def test_jobs_that_nobody_works_off_are_told_before_rings_add_no_more(settings: Settings) -> None:
    with Redis.from_url(settings.redis_url) as redis:
        try:
            for _ in range(2 * queue.ENOUGH_WAITING):
                queue._enqueue(queue.SEND_MAIL, redis)
            findings = machinery.behind_redis(settings)
        finally:
            redis.flushdb()
    assert about(findings, "queue").mark is Mark.LOOK
    assert about(findings, "queue").words == f"{queue.ENOUGH_WAITING} jobs wait"


def test_a_redis_that_is_away_is_the_one_finding(settings: Settings) -> None:
    (found,) = machinery.behind_redis(replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    assert (found.about, found.mark) == ("redis", Mark.WRONG)


def test_a_redis_that_takes_no_writes_is_told_with_its_own_words(settings: Settings) -> None:
    with full(settings.redis_url):
        (found,) = machinery.behind_redis(settings)
    assert (found.about, found.mark) == ("redis", Mark.WRONG)
    assert found.words.startswith("takes no writes: ")
    assert "maxmemory" in found.words


def test_what_waits_too_long_is_told(settings: Settings, committed: Session) -> None:
    now = datetime.now(UTC)
    committed.add(Heartbeat(name=TICKER, at=now - timedelta(minutes=20)))
    committed.add(Heartbeat(name=EMPTIED, at=now - timedelta(hours=3)))
    mail = Mail(kind="invitation", to_address="x@adatum.example.org", language="en", state=MailState.QUEUED)
    mail.queued_at = mail.due_at = now - timedelta(hours=5)
    committed.add(mail)
    committed.commit()
    findings = machinery.what_waits(replace(settings, imap_server="imap.example.com"), now)
    assert about(findings, "ticker").words == "has been silent for 20 minutes"
    assert about(findings, "mail queue").words == "1 due, the first for 5 hours"
    assert about(findings, "mailbox read").words == "to its end 3 hours ago"
    assert {each.about for each in findings if each.mark is Mark.OK} == {"windows", "mails"}


def test_mail_that_the_server_puts_off_is_told(settings: Settings, committed: Session) -> None:
    now = datetime.now(UTC)
    mail = Mail(kind="invitation", to_address="x@adatum.example.org", language="en", state=MailState.DEFERRED)
    mail.queued_at = mail.first_tried_at = now - timedelta(hours=5)
    mail.due_at = now + timedelta(minutes=50)
    committed.add(mail)
    committed.commit()
    found = about(machinery.what_waits(settings, now), "mail queue")
    assert (found.mark, found.words) == (Mark.WRONG, "0 due; all that was tried is put off, for 5 hours")


def test_what_a_clock_noted_that_was_ahead_is_told(settings: Settings, committed: Session) -> None:
    now = datetime.now(UTC)
    for name in (TICKER, EMPTIED):
        committed.add(Heartbeat(name=name, at=now + timedelta(hours=2)))
    committed.commit()
    findings = machinery.what_waits(replace(settings, imap_server="imap.example.com"), now)
    for what in ("ticker", "mailbox read"):
        assert about(findings, what).mark is Mark.WRONG
        assert "2 hours ahead of this machine's clock" in about(findings, what).words


def test_a_machine_room_in_order_has_nothing_to_mend(settings: Settings, committed: Session) -> None:
    committed.add(Heartbeat(name=TICKER, at=datetime.now(UTC)))
    committed.commit()
    assert {each.mark for each in machinery.what_waits(settings, datetime.now(UTC))} == {Mark.OK}


# What is kept and read


def test_a_document_is_stored_and_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    found = places.documents(replace(settings, documents_url=str(tmp_path / "documents")))
    assert found.mark is Mark.OK
    assert not [each for each in (tmp_path / "documents").rglob("*") if each.is_file()]


def test_documents_that_are_named_and_not_there_are_told_as_of_a_disk_that_is_not_mounted(
    settings: Settings, committed: Session, programme: Programme, tmp_path: Path
) -> None:
    here = replace(settings, documents_url=str(tmp_path / "documents"))
    assert about(places.what_is_kept(here, datetime.now(UTC)), "known documents").mark is Mark.OK, "there is none"
    claim = claims.submitted(committed, programme)
    committed.commit()
    found = about(places.what_is_kept(here, datetime.now(UTC)), "known documents")
    assert found.mark is Mark.WRONG
    assert found.words == "1 of the newest 1 is not there"
    stored = places.DocumentStore(here.documents).store(BytesIO(b"signed"), filename="x", media_type="text/plain")
    committed.execute(update(Document).where(Document.claim_id == claim.id).values(sha256=stored.sha256))
    committed.commit()
    assert about(places.what_is_kept(here, datetime.now(UTC)), "known documents").mark is Mark.OK


def test_checkpoints_that_are_not_kept_outside_the_database_are_told(
    settings: Settings, committed: Session, programme: Programme, tmp_path: Path
) -> None:
    there, now, signing = replace(settings, data_dir=tmp_path), datetime.now(UTC), SigningKeys(settings.signing_keys)
    claims.submitted(committed, programme)
    checkpoints.take_due(committed, keys=signing, now=now, every=timedelta())
    committed.commit()
    assert about(places.what_is_kept(there, now), "newest checkpoint").mark is Mark.OK, "it was taken just now"
    later = now + timedelta(hours=1)
    found = about(places.what_is_kept(there, later), "newest checkpoint")
    assert (found.mark, found.words) == (Mark.LOOK, f"number 1 is not in {there.checkpoints}")
    checkpoints.put_outside(committed, there.checkpoints, public=signing.public)
    assert about(places.what_is_kept(there, later), "newest checkpoint").mark is Mark.OK


def test_documents_that_cannot_be_stored_are_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert places.documents(replace(settings, documents_url=str(tmp_path / "file" / "documents"))).mark is Mark.WRONG


def test_a_folder_that_may_not_be_entered_is_told(settings: Settings, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    there = replace(settings, data_dir=closed / "data", documents_url=str(closed / "documents"))
    with an_ordinary_user():
        findings = [places.documents(there), *places.disks(there)]
    for what in ("documents", "data folder", "documents' disk"):
        assert about(findings, what).mark is Mark.WRONG
        assert about(findings, what).do == "Give it to the service's user."


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Be one, as whom rights are asked of; root enters everywhere."""
    before = os.geteuid()
    os.seteuid(before or 65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize(("free", "mark"), [(3 * 2**30, Mark.OK), (2**30, Mark.LOOK), (2**20, Mark.WRONG)])
def test_a_disk_that_fills_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, mark: Mark
) -> None:
    monkeypatch.setattr(places.shutil, "disk_usage", lambda _folder: type("Usage", (), {"free": free}))
    assert {each.mark for each in places.disks(settings)} == {mark}


def test_a_temporary_folder_that_takes_no_byte_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(places.tempfile, "gettempdir", full)
    assert about(places.disks(settings), "temporary folder").mark is Mark.WRONG


def test_a_scanner_that_is_away_is_told_and_none_is_to_be_looked_at(settings: Settings) -> None:
    assert places.scanner(replace(settings, clamd=f"127.0.0.1:{free_port()}")).mark is Mark.WRONG
    assert places.scanner(settings).mark is Mark.LOOK


@pytest.mark.skipif(not clamd.is_there(), reason="no clamd here")
def test_a_scanner_that_finds_the_test_file_is_well(settings: Settings) -> None:
    with clamd.Clamd() as scanner:
        assert places.scanner(replace(settings, clamd=scanner.address)).mark is Mark.OK


def test_a_mailbox_that_does_not_answer_is_told(settings: Settings) -> None:
    away = replace(settings, imap_server="127.0.0.1", imap_port=free_port(), imap_security="none", mail_timeout=5)
    assert places.mailbox(away).mark is Mark.WRONG
    assert places.mailbox(settings).mark is Mark.LOOK


def test_keys_are_told_by_their_ids(settings: Settings, committed: Session) -> None:
    findings = places.keys(settings, datetime.now(UTC))
    assert [each.about for each in findings] == ["consent key", "signing key"]
    told = " ".join(each.words for each in findings)
    assert not [key for key in (*settings.consent_keys, *settings.signing_keys) if key in told]


# The way in


@contextmanager
def site(answer: Callable[[bytes], bytes | None], times: int = 2) -> Iterator[str]:
    """A site that answers to what has come so far, as soon as `answer` returns something."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for _ in range(times):
                connection, _where = listening.accept()
                with connection:
                    came = b""
                    while more := connection.recv(65536):
                        came += more
                        if said := answer(came):
                            connection.sendall(said)
                            break

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


def _said(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)


KEYS = b'{"algorithm":"Ed25519","keys":{}}\n'


def _patient(came: bytes) -> bytes | None:
    return _said(KEYS) if came.startswith(b"GET") else None


def _hasty(came: bytes) -> bytes | None:
    return _said(KEYS)


def _by_another_name(came: bytes) -> bytes | None:
    """Answer as the web does whose proxy tells it a name that is not its own: what machines ask, and nothing else."""
    if came.startswith(b"GET /healthz"):
        return _said(b'{"status":"ok"}\n')
    return b"HTTP/1.1 400 BAD REQUEST\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(("answer", "mark"), [(_patient, Mark.OK), (_hasty, Mark.LOOK)])
def test_who_works_on_half_a_request_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, answer: Callable[[bytes], bytes | None], mark: Mark
) -> None:
    monkeypatch.setattr(front, "STALLED_SECONDS", 0.3)
    with site(answer) as url:
        findings = front.public_address(replace(settings, public_url=url))
    assert about(findings, "public address").mark is Mark.OK
    assert about(findings, "stalled uploads").mark is mark


def test_a_site_that_is_asked_for_by_another_name_than_its_own_is_told(settings: Settings) -> None:
    with site(_by_another_name, times=1) as url:
        (found,) = front.public_address(replace(settings, public_url=url))
    assert (found.about, found.mark) == ("public address", Mark.WRONG)
    assert "CPOR_TRUSTED_HOSTS" in found.do


def test_an_address_where_nobody_answers_is_told(settings: Settings) -> None:
    (found,) = front.public_address(replace(settings, public_url=f"http://127.0.0.1:{free_port()}"))
    assert (found.about, found.mark) == ("public address", Mark.WRONG)


def test_production_without_a_proxy_is_to_be_looked_at(settings: Settings) -> None:
    in_production = replace(settings, environment="production")
    assert about(front.settings_of_front(in_production), "proxy").mark is Mark.LOOK
    behind = front.settings_of_front(replace(in_production, trusted_proxies=1))
    assert {each.mark for each in behind} == {Mark.OK}


# All of it


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CPOR_REDIS_URL", "redis://:Zq/9abc@127.0.0.1:6379/0"),
        ("CPOR_DATABASE_URL", "postgresql+psycopg://cpor:Zq@127.0.0.1:Zq/cpor"),
        ("CPOR_PUBLIC_URL", "http://127.0.0.1:Zq"),
        ("CPOR_REPLY_TO", "Zq <claims@vendor.example.com>"),
    ],
)
def test_an_address_that_cannot_be_one_is_the_one_finding_and_is_not_quoted(
    environ: dict[str, str], name: str, text: str
) -> None:
    (found,) = examine_all({**environ, name: text}, clock.utcnow)
    assert found.words.startswith(f"{name} must be")
    assert "Zq" not in found.words + found.do


@pytest.fixture
def environ(settings: Settings, app: Flask, tmp_path: Path) -> dict[str, str]:
    """What an installation is told whose mail server, site and Redis are away."""
    return {
        "CPOR_ENVIRONMENT": "development",
        "CPOR_DATABASE_URL": settings.database_url,
        "CPOR_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "CPOR_DATA_DIR": str(tmp_path),
        "CPOR_PUBLIC_URL": f"http://127.0.0.1:{free_port()}",
        "CPOR_SECRET_KEYS": "s" * 32,
        "CPOR_CONSENT_KEYS": "c" * 32,
        "CPOR_SIGNING_KEYS": "A" * 43,
        "CPOR_MAIL_PORT": str(free_port()),
    }


def test_settings_that_cannot_be_used_are_the_findings() -> None:
    findings = examine_all({"CPOR_PORT": "many"}, clock.utcnow)
    assert {each.about for each in findings} == {"settings"}
    assert any("CPOR_PORT" in each.words for each in findings)
    assert exit_code(findings) == 2
    told = json.loads(as_json(findings))
    assert told["exit"] == 2
    assert {each["mark"] for each in told["findings"]} == {"wrong"}


@pytest.mark.parametrize(
    ("marks", "code"), [([], 0), ([Mark.OK], 0), ([Mark.OK, Mark.LOOK], 1), ([Mark.WRONG, Mark.LOOK], 2)]
)
def test_the_exit_code_is_that_of_the_worst(marks: list[Mark], code: int) -> None:
    assert exit_code([Finding(mark, "x", "y") for mark in marks]) == code
