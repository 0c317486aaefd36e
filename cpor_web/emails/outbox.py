"""The outbox: mails are rows, written in the transaction of what they tell of, and worked off by anybody.

Nothing here talks SMTP. A worker leases due mails, marks one as being sent just before it hands it over, and settles
it by what the server said; each step is a short transaction of the worker's. `marking` has how one is begun.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, DateTime, bindparam, exists, select, update
from sqlalchemy.orm import Session

from cpor_web import queue
from cpor_web.database import direct
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.emails.marking import LEASE, NOT_BEGUN, is_free, message_id
from cpor_web.emails.outcomes import Accepted, Outcome, Permanent, Transient, Unavailable, Unknown
from cpor_web.entities import ahead, aside, detached
from cpor_web.models import Mail, MailState

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=48)

_WRITE = aside.into(
    Mail,
    *("kind", "claim_id", "invitation_id", "user_id", "again_of_id", "to_address", "to_name", "language", "context"),
    *("state", "queued_at", "due_at", "answer", "ended_at"),
)


class Recipient(NamedTuple):
    """Where a mail goes, and in which language it is written."""

    address: str
    name: str
    language: str


def put(
    session: Session,
    kind: str,
    to: Recipient,
    context: dict[str, Any],
    *,
    now: datetime,
    is_erased: bool = False,
    **about: int | None,
) -> None:
    """Queue one mail, which the next flush writes. `about`: claim_id, invitation_id, user_id, again_of_id.

    One to somebody whose address `is_erased` ends at once: it shows that they would have been told.
    """
    at = now.isoformat()
    mail = {
        "kind": kind,
        "to_address": to.address,
        "to_name": to.name,
        "language": to.language,
        "context": context,
        "queued_at": at,
        **about,
    }
    fate = {"state": MailState.REFUSED, "answer": "the address was erased", "ended_at": at}
    aside.put(
        session, _WRITE, mail | (fate if is_erased else {"state": MailState.QUEUED, "answer": "", "due_at": at})
    )
    queue.ring_after_commit(session, queue.SEND_MAIL)


def put_again(session: Session, mail: Mail, *, now: datetime) -> Mail:
    """Queue the same words to the same address once more, as a new mail with its own identity.

    It tells when they were first sent (`copy_of`): who reads them would else take what was true then for news.
    """
    first = (mail.dated_at or mail.queued_at).isoformat()
    put(
        session,
        mail.kind,
        Recipient(mail.to_address, mail.to_name, mail.language),
        {"copy_of": first, **mail.context},
        now=now,
        claim_id=mail.claim_id,
        invitation_id=mail.invitation_id,
        user_id=mail.user_id,
        again_of_id=mail.id,
    )
    return session.scalars(select(Mail).where(Mail.again_of_id == mail.id).order_by(Mail.id.desc()).limit(1)).one()


def is_repeated_now(session: Session, mail: Mail) -> bool:
    """Tell whether a copy of a mail is still on its way."""
    return bool(session.scalar(select(exists().where(Mail.again_of_id == mail.id, Mail.due_at.is_not(None)))))


def end(mail: Mail, state: MailState, answer: str, now: datetime) -> None:
    """Let nothing more become of a mail than this; `answer` is the mail server's, or why there is none."""
    mail.state, mail.answer, mail.ended_at = state, answer, now
    mail.due_at = mail.leased_until = None


def lose(mail: Mail, *, why: str, now: datetime, host: str) -> None:
    """End a mail of which nobody knows any more whether it went out; with an identity, so that a person sees to it.

    `host` is the right-hand side of its Message-ID, where it has none.
    """
    mail.message_id = mail.message_id or message_id(host, now)
    end(mail, MailState.UNKNOWN, why, now)


def lease(session: Session, *, now: datetime, most: int) -> Sequence[int]:
    """Take up to `most` due mails for this worker, the longest due first, and return their ids.

    Skips what another worker is taking at this moment. The caller commits before it goes on.
    """
    ids = [id_ for (id_,) in _due(most).ask(session, now=now)]
    if ids:
        _lease().ask(session, mails=direct.several(ids), until=now + LEASE)
    return ids


@cache
def _due(most: int) -> Prepared:
    now = bindparam("now", type_=DateTime(timezone=True))
    due = select(Mail.id).where(Mail.due_at <= now, is_free(now), Mail.state != MailState.SENDING)
    return prepared(due.order_by(Mail.due_at, Mail.id).limit(most).with_for_update(skip_locked=True))


@cache
def _lease() -> Prepared:
    leased = update(Mail).where(detached.among(Mail.id, "mails")).values(leased_until=bindparam("until"))
    return prepared(leased.returning(Mail.id))


def abandoned(session: Session, *, now: datetime, most: int) -> Sequence[int]:
    """Return the ids of mails whose worker was stopped between handing them over and noting the answer."""
    left = select(Mail.id).where(Mail.due_at <= now, *_is_abandoned(now))  # as what was begun was due: for the index
    return session.scalars(left.order_by(Mail.id).limit(most)).all()


def take_back(session: Session, mail_id: int, *, now: datetime) -> Mail | None:
    """Settle an abandoned mail, of which nobody knows whether it was taken; None where it is not one any more."""
    mail = session.scalar(
        select(Mail)
        .where(Mail.id == mail_id, *_is_abandoned(now))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if mail is not None:
        _settle_unknown(mail, "the worker was stopped before it noted the server's answer", now)
    return mail


def hold(session: Session, mail_ids: Collection[int]) -> Mapping[int, Mail]:
    """Lock mails and read them afresh, for a batch; return them by their ids. They belong to no session."""
    return {each.id: each for each in detached.read(session, Mail, _locked(), mails=mail_ids)}


@cache
def _locked() -> Prepared:
    return prepared(
        detached.rows_of(Mail).where(detached.among(Mail.id, "mails")).order_by(Mail.id).with_for_update()
    )


def settle(session: Session, mail_id: int, outcome: Outcome, *, now: datetime) -> Mail | None:
    """Note what became of a mail that was marked; None where somebody else has settled it."""
    mail = ahead.mail(session, mail_id) or session.get(Mail, mail_id, with_for_update=True, populate_existing=True)
    if mail is None or mail.state is not MailState.SENDING:
        return None
    match outcome:
        case Accepted(answer):
            end(mail, MailState.SENT, answer, now)
            mail.sent_at = now
        case Permanent(answer):
            end(mail, MailState.REFUSED, answer, now)
        case Transient(answer):
            _defer(mail, answer, now)
        case Unavailable(error):
            mail.attempts -= 1
            mail.answer = error
            _make_anew(mail, MailState.DEFERRED if mail.attempts else MailState.QUEUED, now)
        case Unknown(error):
            _settle_unknown(mail, error, now)
    return mail


def release(session: Session, mail_ids: Collection[int], *, until: datetime | None = None) -> None:
    """Give back leased mails that were not begun, to be leased again at once, or when `until` is over.

    What somebody else holds is not waited for: it keeps its lease.
    """
    leased = select(Mail).where(Mail.id.in_(mail_ids)).order_by(Mail.id)
    leased = leased.with_for_update(key_share=True, skip_locked=True).execution_options(populate_existing=True)
    for mail in session.scalars(leased):
        if mail.state in NOT_BEGUN:
            mail.leased_until = until


def is_under_way(session: Session, invitation_id: int) -> bool:
    """Tell whether a mail of an invitation is being sent, or may have been."""
    return bool(session.scalar(select(exists().where(Mail.invitation_id == invitation_id, Mail.due_at.is_not(None)))))


def delay(attempts: int) -> timedelta:
    """Return how long to wait after the `attempts`-th refusal for now: doubling, bounded, with jitter."""
    wait = min(FIRST_DELAY * 2 ** min(attempts - 1, 20), LONGEST_DELAY)  # bounded: timedeltas overflow
    jitter = 0.8 + 0.4 * secrets.randbelow(1000) / 1000
    return timedelta(seconds=wait.total_seconds() * jitter)


def _is_abandoned(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Mail.state == MailState.SENDING, Mail.leased_until < now)


def _defer(mail: Mail, answer: str, now: datetime) -> None:
    mail.first_tried_at = mail.first_tried_at or now
    if now - mail.first_tried_at >= GIVE_UP_AFTER:
        end(mail, MailState.REFUSED, f"given up after 48 hours: {answer}", now)
    else:
        mail.answer = answer
        _make_anew(mail, MailState.DEFERRED, now + delay(mail.attempts))


def _make_anew(mail: Mail, state: MailState, due: datetime) -> None:
    """Queue a mail of which surely no copy is out. A repeat of one in doubt keeps its identity."""
    mail.state, mail.due_at, mail.leased_until = state, due, None
    if not mail.repeats:
        mail.message_id = mail.boundary = mail.dated_at = mail.key_id = None


def _settle_unknown(mail: Mail, why: str, now: datetime) -> None:
    if mail.repeats:
        end(mail, MailState.UNKNOWN, why, now)
    else:
        mail.repeats = 1
        mail.state, mail.due_at, mail.leased_until, mail.answer = MailState.DEFERRED, now, None, why
