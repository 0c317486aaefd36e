"""How a mail is begun: it gets an identity, and that it is being sent is noted just before it is handed over.

The note is one statement, which also notes of the mail before that the server has taken it. So of many mails that
are handed over one after the other, at most one is in doubt at any moment, and each costs one commit.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Engine, Update, bindparam, or_, update
from sqlalchemy.orm import Session

from cpor_web.clock import CLOCKS_APART
from cpor_web.database.prepared import Numbered, Prepared, numbered, prepared
from cpor_web.database.unwaited import Unwaited
from cpor_web.entities import detached
from cpor_web.models import Mail, MailState

LEASE = timedelta(minutes=5)
"""How long a worker may take over what it leased; longer than the server's answer to one mail may take."""

_IDENTITY = ("message_id", "boundary", "dated_at", "key_id")
_MARKED = ("state", "leased_until", "attempts", *_IDENTITY)
NOT_BEGUN = (MailState.QUEUED, MailState.DEFERRED)

Now = datetime | ColumnElement[datetime]
"""A moment, or what a statement that is kept has in its place."""


class Taken(NamedTuple):
    """That the mail server took a mail at `at`, with this answer: it is in doubt no more."""

    mail_id: int
    answer: str
    at: datetime


def ready(
    session: Session, mail_ids: Collection[int], *, now: datetime, host: str, link_keys: Sequence[str] = ()
) -> Sequence[Mail]:
    """Return those of these leased mails that are still to be sent, each with its identity, the longest due first.

    `identify` says what `host` and `link_keys` are. Nothing is stored before `mark`. They belong to no session.
    """
    mails = detached.read(session, Mail, _waiting(), mails=mail_ids)
    for mail in mails:
        identify(mail, now=now, host=host, link_keys=link_keys)
    return mails


@cache
def _waiting() -> Prepared:
    waiting = detached.rows_of(Mail).where(detached.among(Mail.id, "mails"), Mail.state.in_(NOT_BEGUN))
    return prepared(waiting.order_by(Mail.due_at, Mail.id))


def identify(mail: Mail, *, now: datetime, host: str, link_keys: Sequence[str]) -> None:
    """Give a mail its Message-ID, moment, boundary and key where it has none; `mark` stores them.

    `host` is the right-hand side of its Message-ID. `link_keys` are the ids of the keys that may sign its links and
    return address, newest first: what was signed already keeps its key while that is among them.
    """
    if mail.message_id is None:
        mail.message_id = message_id(host, now)
        mail.boundary = secrets.token_hex(12)
        mail.dated_at = now.replace(microsecond=0)
    if mail.key_id not in link_keys:
        mail.key_id = link_keys[0] if link_keys else None


def is_free(now: Now) -> ColumnElement[bool]:
    """Tell of a mail whether no worker has leased it, or its lease is over."""
    return or_(Mail.leased_until.is_(None), Mail.leased_until < now)


def mark(session: Session, mail: Mail, *, now: datetime, taken: Taken | None = None) -> bool:
    """Note that a mail that was identified is being sent.

    Return False where it was called back or leased anew since, or its lease is over: the machine may have slept. With
    it is noted that the mail before was `taken`. The caller commits before it hands the mail over.
    """
    values = _values(mail, now, taken)
    return _is_marked(mail, values, is_found=bool(_mark().ask(session, **values)))


class Marks:
    """Marks mails over a connection of its own, where each mark is a transaction: begun, and later waited for."""

    def __init__(self, engine: Engine) -> None:
        self._statement = Unwaited(engine, _numbered_mark())

    def begin(self, mail: Mail, *, now: datetime, taken: Taken | None = None) -> None:
        """Have a mail marked as `mark` does it. Next is asked whether it is."""
        self._mail, self._values = mail, _values(mail, now, taken)
        self._statement.begin(self._values)

    def is_marked(self) -> bool:
        """Wait until the mark is on the disk; False where the mail is not to be sent."""
        return _is_marked(self._mail, self._values, is_found=self._statement.found())

    def close(self) -> None:
        """Give the connection back."""
        self._statement.close()


def _values(mail: Mail, now: datetime, taken: Taken | None) -> dict[str, Any]:
    marked = {
        "state": MailState.SENDING,
        "leased_until": now + LEASE + CLOCKS_APART,  # no other clock takes it for abandoned meanwhile
        "attempts": mail.attempts + 1,
        **{name: getattr(mail, name) for name in _IDENTITY},
    }
    about = {"mail": mail.id, "lease": mail.leased_until, "now": now}
    return about | {f"new_{name}": marked[name] for name in marked} | _noted(taken)


def _is_marked(mail: Mail, values: Mapping[str, Any], *, is_found: bool) -> bool:
    if is_found:
        for name in _MARKED:
            setattr(mail, name, values[f"new_{name}"])
    return is_found


def note(session: Session, taken: Taken) -> None:
    """Note that the mail server took a mail, before what follows from it."""
    session.connection().execute(_noting(), _noted(taken))


def _noted(taken: Taken | None) -> dict[str, Any]:
    mail_id, answer, at = taken or (None, None, None)
    return {"before": mail_id, "answer_before": answer, "at_before": at}


def message_id(host: str, now: datetime) -> str:
    """Return a new Message-ID. It begins with its second, so those of one time are neighbours in their index: else
    each mail would change a page of it that nobody needed, which PostgreSQL then writes to its log whole.
    """
    return f"<{int(now.timestamp()):08x}.{secrets.token_hex(12)}@{host}>"


@cache
def _mark() -> Prepared:
    return prepared(_marking())


@cache
def _numbered_mark() -> Numbered:
    return numbered(_marking())


def _marking() -> Update:
    return (
        update(Mail)
        .where(
            Mail.id == bindparam("mail"),
            or_(*(Mail.state == each for each in NOT_BEGUN)),
            Mail.leased_until.is_not_distinct_from(bindparam("lease", type_=Mail.leased_until.type)),
            or_(Mail.leased_until.is_(None), Mail.leased_until > bindparam("now")),
        )
        .values({name: bindparam(f"new_{name}") for name in _MARKED})
        .returning(Mail.id)
        .add_cte(_noting().cte("noted"))
    )


@cache
def _noting() -> Update:
    return (
        update(Mail)
        .where(Mail.id == bindparam("before"), Mail.state == MailState.SENDING)
        .values(answer=bindparam("answer_before"), sent_at=bindparam("at_before"))
    )
