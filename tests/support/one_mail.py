"""One mail, put into the outbox and taken through it by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.emails import outbox
from cpor_web.emails.outbox import Recipient
from cpor_web.emails.outcomes import Outcome
from cpor_web.emails.rendering import Renderer
from cpor_web.models import Mail
from tests.support.beginning import begin

NOW = datetime(2026, 11, 27, 9, 30, 15, 123456, tzinfo=UTC)
HOST = "vendor.example.com"
TO = Recipient("jamie.doe@adatum.example.org", "Jamie Doe", "sv")
LATER = timedelta(minutes=1)

IDENTITY = ("message_id", "dated_at", "boundary")


def put(session: Session, *, now: datetime = NOW, **context: Any) -> Mail:
    outbox.put(session, "invitation", TO, context, now=now)
    return newest(session)


def newest(session: Session) -> Mail:
    """Return the mail that was put into the outbox last."""
    return session.scalars(select(Mail).order_by(Mail.id.desc()).limit(1)).one()


def sent_off(session: Session, mail: Mail, outcome: Outcome, *, now: datetime = NOW) -> Mail:
    """Lease, begin and settle one mail, as a worker does."""
    assert outbox.lease(session, now=now, most=1) == [mail.id]
    assert begin(session, mail.id, now=now, host=HOST) is mail
    session.flush()
    assert outbox.settle(session, mail.id, outcome, now=now) is mail
    session.flush()
    return mail


def identity(mail: Mail) -> tuple[Any, ...]:
    return tuple(getattr(mail, name) for name in IDENTITY)


def words_of(mail: Mail) -> str:
    """Return what a mail to somebody with an account says in English, with every blank a single one."""
    links = {"public_url": "https://vendor.example.com"}
    words = Renderer("Europe/Berlin").render(mail.kind, mail.context, language="en", links=links)
    return " ".join(words.text.split())
