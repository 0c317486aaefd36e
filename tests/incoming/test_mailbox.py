"""A real Dovecot's mailbox is read for what comes back, and nothing of it is lost or counted twice.

Without Dovecot, or not as root, these tests are skipped; CPOR_TEST_DOVECOT=required makes them fail instead.
"""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

import jobs.due
import jobs.incoming
import jobs.turn
import jobs.windows
from cpor_web.clock import utcnow
from cpor_web.config import Settings
from cpor_web.emails.returns import ReturnAddresses
from cpor_web.extensions import db
from cpor_web.incoming import keeping, queries, receiving
from cpor_web.incoming.diagnoses import NOT_STORED
from cpor_web.incoming.mailbox import Mailbox, NotGiven
from cpor_web.models import Breaker, Claim, Heartbeat, Mail, ReceivedKind, ReceivedMail, RoundState
from cpor_web.programme import Programme
from cpor_web.silence import unread
from jobs.turn import Turn
from tests.support import claims, dovecot
from tests.support.claims import invitations_of, mail_of
from tests.support.dovecot import PASSWORD, Dovecot
from tests.support.returned_mail import reply, report
from tests.support.smtp_fixtures import authority as authority
from tests.support.smtp_fixtures import authority_file as authority_file

pytestmark = pytest.mark.skipif(
    not dovecot.is_there() and os.environ.get("CPOR_TEST_DOVECOT") != "required", reason="Dovecot is not installed"
)

OLD = {"prefix": "INBOX.", "capabilities": "IMAP4rev1 UIDPLUS NAMESPACE"}
_numbers = count(1)


@pytest.fixture(scope="module", params=[{}, OLD], ids=["as it is", "without MOVE, with a prefix"])
def server(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[Dovecot]:
    with Dovecot(authority, **request.param) as started:
        started.read = f"{request.param.get('prefix', '')}Processed"  # type: ignore[attr-defined]
        yield started


@pytest.fixture
def told(app: Flask, server: Dovecot, authority_file: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a house that reads a mailbox of its own there, in the application that the jobs run in."""
    settings = replace(
        app.extensions["settings"],
        imap_server=server.host,
        imap_port=server.port,
        imap_username=f"returns{next(_numbers)}@vendor.example.com",
        imap_password=PASSWORD,
        mail_ca_file=str(authority_file),
        mail_timeout=60.0,
    )
    use(settings, app, monkeypatch)
    return settings


def use(settings: Settings, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "settings", settings)
    monkeypatch.setitem(app.extensions, "programme", Programme.from_settings(settings))
    returns = ReturnAddresses(settings.consent_keys, "returns@vendor.example.com")
    monkeypatch.setitem(app.extensions, "return_addresses", returns)
    for module in (jobs.due, jobs.incoming):
        monkeypatch.setattr(module, "app", lambda: app)


@pytest.fixture
def notice(told: Settings, committed: Session, programme: Programme) -> Mail:
    """A notice that is out, of a claim whose customer's days have begun."""
    claim = claims.running(committed, programme, now=utcnow())
    committed.commit()
    return mail_of(committed, claim, "consent-notice")


@pytest.fixture
def bounce(app: Flask, notice: Mail) -> bytes:
    returns: ReturnAddresses = app.extensions["return_addresses"]
    return report(returns.address(notice.id), notice.to_address)


def look(session: Session) -> None:
    """Look into the mailbox, however short ago that was."""
    session.execute(delete(Heartbeat))
    session.execute(delete(Breaker))
    session.commit()
    jobs.incoming.poll()


def kept(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(ReceivedMail)) or 0


def test_what_is_in_the_mailbox_is_kept_and_put_away(
    server: Dovecot, told: Settings, committed: Session, notice: Mail, bounce: bytes
) -> None:
    for raw in (bounce, reply("sales@adatum.example.org", "Buy now."), b"\0 no mail \xff\r\n"):
        server.put(told.imap_username, raw)
    look(committed)
    assert kept(committed) == 3
    assert (server.count(told.imap_username), server.count(told.imap_username, server.read)) == (0, 3)  # type: ignore[attr-defined]
    jobs.incoming.settle()
    committed.expire_all()
    claim = committed.get_one(Claim, notice.claim_id)
    assert invitations_of(committed, claim)[0].round.state is RoundState.STOPPED
    server.put(told.imap_username, reply("sales@adatum.example.org", "Buy more."))
    look(committed)
    assert kept(committed) == 4
    assert server.count(told.imap_username) == 0


def test_it_is_not_looked_at_more_often_than_it_bears(
    server: Dovecot, told: Settings, committed: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(committed)
    server.put(told.imap_username, reply("sales@adatum.example.org", "Buy now."))
    jobs.incoming.poll()
    assert kept(committed) == 0
    later = utcnow() + jobs.incoming.POLL_EVERY + timedelta(seconds=1)
    monkeypatch.setattr(jobs.incoming.clock, "utcnow", lambda: later)
    jobs.incoming.poll()
    assert kept(committed) == 1


def test_once_a_clock_that_was_ahead_is_right_again_the_mailbox_is_read_before_anything_closes(
    server: Dovecot, told: Settings, committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = utcnow()
    with monkeypatch.context() as ahead:
        ahead.setattr(jobs.incoming.clock, "utcnow", lambda: now + timedelta(hours=2))
        look(committed)
    server.put(told.imap_username, reply("sales@adatum.example.org", "Buy now."))
    has_mailbox = replace(programme, has_mailbox=True)
    assert unread.read_until(committed, now=now, programme=has_mailbox) is None
    jobs.incoming.poll()
    assert kept(committed) == 1
    assert unread.read_until(committed, now=now + timedelta(days=1), programme=has_mailbox) >= now
    jobs.incoming.poll()
    assert unread.read_until(committed, now=now, programme=has_mailbox) == now


def test_what_a_clock_read_that_was_ahead_is_forgotten_also_while_the_mailbox_is_away(
    told: Settings, committed: Session
) -> None:
    unread.note_emptied(committed, begun_at=utcnow() + timedelta(hours=2))
    committed.add(Breaker(name="mailbox", failures=1, open_until=utcnow() + timedelta(minutes=1), why="away"))
    committed.commit()
    jobs.incoming.poll()
    assert unread.emptied_at(committed) is None


def test_what_one_look_has_no_time_for_is_left_to_the_next_and_only_the_end_is_noted(
    server: Dovecot, told: Settings, committed: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        server.put(told.imap_username, reply("sales@adatum.example.org", f"Buy {number}."))
    with monkeypatch.context() as patched:
        patched.setattr(jobs.turn, "time", SimpleNamespace(monotonic=count().__next__))
        patched.setattr(jobs.incoming, "Turn", partial(Turn, 2))
        look(committed)
    assert kept(committed) == 2
    assert unread.emptied_at(committed) is None
    jobs.incoming.poll()  # at once: it knows that there is more
    assert kept(committed) == 3
    assert unread.emptied_at(committed) is not None


def test_one_look_takes_a_backlog_of_any_length(server: Dovecot, told: Settings, committed: Session) -> None:
    for number in range(120):
        server.put(told.imap_username, reply("sales@adatum.example.org", f"Buy {number}."))
    look(committed)
    assert (kept(committed), server.count(told.imap_username)) == (120, 0)


def fails_on(words: bytes, calls: list[bytes]) -> Callable[..., ReceivedMail]:
    receive = receiving.receive

    def fails(session: Session, raw: bytes, **how: Any) -> ReceivedMail:
        if words in raw:
            calls.append(raw)
            raise ValueError("this one cannot be stored")
        return receive(session, raw, **how)

    return fails


def test_mails_that_cannot_be_stored_are_set_aside_and_told_of_and_block_nothing(
    server: Dovecot, told: Settings, committed: Session, bounce: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        server.put(told.imap_username, reply("sales@adatum.example.org", f"Broken {number}."))
    server.put(told.imap_username, bounce)
    calls: list[bytes] = []
    with monkeypatch.context() as patched:
        patched.setattr(receiving, "receive", fails_on(b"Broken", calls))
        look(committed)
    assert len(calls) == 6, "each is tried twice"
    aside = server.read.replace("Processed", "Unreadable")  # type: ignore[attr-defined]
    assert (server.count(told.imap_username), server.count(told.imap_username, aside)) == (0, 3)
    assert unread.emptied_at(committed) is not None
    assert committed.get(Breaker, "mailbox") is None
    listed = queries.listed(committed).rows
    assert [each.diagnostic for each in listed] == [NOT_STORED] * 3
    kinds = committed.scalars(select(ReceivedMail.kind).order_by(ReceivedMail.id)).all()
    assert kinds[-1] is ReceivedKind.HARD_BOUNCE


def test_where_nothing_can_be_stored_the_mailbox_is_left_as_it_is_and_paused(
    server: Dovecot, told: Settings, committed: Session, bounce: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(told.imap_username, bounce)
    with monkeypatch.context() as patched:
        patched.setattr(receiving, "receive", fails_on(b"", []))
        patched.setattr(receiving, "set_aside", fails_on(b"", []))
        look(committed)
    committed.rollback()
    assert server.count(told.imap_username) == 1
    assert "ValueError" in committed.get_one(Breaker, "mailbox").why
    assert unread.emptied_at(committed) is None


def test_a_mail_that_the_server_keeps_back_holds_no_other_up_but_the_mailbox_is_not_empty(
    server: Dovecot, told: Settings, committed: Session, bounce: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(told.imap_username, reply("sales@adatum.example.org", "Buy now."))
    server.put(told.imap_username, bounce)
    fetch, first = Mailbox.fetch, []

    def keeps_the_first_back(mailbox: Mailbox, uid: int) -> bytes | None:
        first.append(uid)
        if uid == first[0]:
            raise NotGiven
        return fetch(mailbox, uid)

    with monkeypatch.context() as patched:
        patched.setattr(Mailbox, "fetch", keeps_the_first_back)
        look(committed)
    assert kept(committed) == 1
    assert "mails: 1" in committed.get_one(Breaker, "mailbox").why
    assert unread.emptied_at(committed) is None
    look(committed)
    assert kept(committed) == 2
    assert unread.emptied_at(committed) is not None


def test_a_mail_that_is_not_there_is_gone_and_one_that_the_server_refuses_is_kept_back(
    server: Dovecot, told: Settings, committed: Session
) -> None:
    with Mailbox.from_settings(told) as mailbox:
        assert mailbox.fetch(4711) is None
        with pytest.raises(NotGiven):
            mailbox.fetch(-1)
        assert mailbox.uids() == []


def poll_and_be_killed_before_putting_away(app: Flask) -> None:
    """Be the worker: what it is asked to put away, it is killed over."""
    try:
        with app.app_context():
            db.engine.dispose(close=False)  # the connections are the parent's
            Mailbox.put_away = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
            jobs.incoming.poll()
    finally:
        os._exit(1)


def test_killed_between_keeping_and_putting_away_it_is_kept_once(
    app: Flask, server: Dovecot, told: Settings, committed: Session, bounce: bytes
) -> None:
    server.put(told.imap_username, bounce)
    pid = os.fork()
    if not pid:
        poll_and_be_killed_before_putting_away(app)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    assert (kept(committed), server.count(told.imap_username)) == (1, 1)
    look(committed)
    assert (kept(committed), server.count(told.imap_username)) == (1, 0)
    found = committed.scalars(select(ReceivedMail)).one()
    assert found.kind is ReceivedKind.HARD_BOUNCE


def test_a_mail_of_megabytes_is_read_in_part(server: Dovecot, told: Settings, committed: Session) -> None:
    server.put(told.imap_username, reply("sales@adatum.example.org", "Buy now.\n" * 400_000))
    look(committed)
    found = committed.scalars(select(ReceivedMail)).one()
    assert found.raw is not None
    assert len(found.raw) <= keeping.LONGEST
    assert server.count(told.imap_username) == 0


@pytest.mark.parametrize(
    "wrong", ["a stranger's authority", "another name", "password", "folder", "nobody there", "silent"]
)
def test_trouble_of_the_mailbox_pauses_it_and_says_why_without_an_address(
    app: Flask,
    server: Dovecot,
    told: Settings,
    committed: Session,
    bounce: bytes,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    wrong: str,
) -> None:
    server.put(told.imap_username, bounce)
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "stranger.pem"))
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as gone:
        ports = {"nobody there": gone.getsockname()[1], "silent": silent.getsockname()[1]}
        if wrong == "nobody there":
            gone.close()
        changes: dict[str, dict[str, object]] = {
            "a stranger's authority": {"mail_ca_file": str(tmp_path / "stranger.pem")},
            "another name": {"imap_server": "localhost"},
            "password": {"imap_password": "wrong"},
            "folder": {"imap_folder": "Nowhere"},
        }
        change = changes.get(wrong) or {"imap_port": ports[wrong], "mail_timeout": 1.0}
        use(replace(told, **change), app, monkeypatch)  # type: ignore[arg-type]
        look(committed)
        jobs.incoming.poll()  # it is left alone for a while
    committed.rollback()
    pause = committed.get_one(Breaker, "mailbox")
    assert pause.failures == 1
    assert pause.why
    assert "@" not in pause.why
    assert kept(committed) == 0
    use(told, app, monkeypatch)
    look(committed)
    assert kept(committed) == 1
    assert committed.get(Breaker, "mailbox", populate_existing=True) is None


def test_without_a_mailbox_nothing_is_read(app: Flask, told: Settings, committed: Session) -> None:
    app.extensions["settings"] = replace(told, imap_server="")
    look(committed)
    assert committed.scalars(select(Heartbeat)).all() == []


def test_no_window_closes_over_what_may_lie_in_the_mailbox(
    app: Flask, told: Settings, committed: Session, notice: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = committed.get_one(Claim, notice.claim_id)
    (invitation,) = invitations_of(committed, claim)
    jobs.windows.close_due()
    look(committed)
    invitation.round.closes_at = utcnow()
    invitation.printed_end = invitation.taken_at = utcnow() - timedelta(days=9)
    committed.commit()
    use(replace(told, imap_password="wrong"), app, monkeypatch)
    look(committed)
    jobs.windows.close_due()
    committed.refresh(invitation.round)
    assert invitation.round.state is RoundState.RUNNING
    use(told, app, monkeypatch)
    look(committed)
    jobs.windows.close_due()
    committed.refresh(invitation.round)
    assert invitation.round.state is RoundState.PASSED
