"""What is erased because its retention has ended: what is due, in batches, and what it was.

A claim that is open, an association that stands, and whatever still runs or waits are never touched.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from cpor_web.claims import filing
from cpor_web.config import Settings
from cpor_web.models import Claim, Document, Download, Erasure, Mail, Opening
from cpor_web.privacy import ended, erasing
from cpor_web.rules.roles import SYSTEM
from cpor_web.rules.words import N_

OVER = N_("Its retention has ended.")
GUARDED_DAYS = 30
"""The database keeps access logs at least so long, by its own clock."""


@dataclass(frozen=True)
class Retention:
    """One thing that is kept for `days`. `setting` says how long; `due` counts, `erase` erases up to `most`."""

    setting: str
    days: int
    due: Callable[[Session, datetime], int]
    erase: Callable[[Session, datetime, int], int]


def retentions(settings: Settings) -> Mapping[str, Retention]:
    """Return what is erased, by name, in the order in which it is erased."""
    drafts, people, proof = settings.keep_draft_days, settings.keep_people_days, settings.keep_proof_days
    access = settings.keep_access_days

    def over(now: datetime) -> ColumnElement[bool]:
        waits = or_(Claim.erased_at.is_(None), ended.said_since_erased(now, people))
        return and_(waits, or_(ended.ended(now, people), ended.dropped(now, drafts)))

    def forget(session: Session, claim: Claim, now: datetime) -> None:
        """Leave what was said lately about a claim whose people were erased before: it has its own time."""
        until = now - timedelta(days=people) if claim.erased_at is not None else None
        erasing.of_claim(session, claim, now=now, why=OVER, until=until)

    def proven(now: datetime) -> ColumnElement[bool]:
        has_proof = select(Document.id).where(Document.claim_id == Claim.id).exists()
        return and_(ended.ended(now, proof), has_proof)

    def stray(now: datetime) -> ColumnElement[bool]:
        old = Mail.queued_at <= now - timedelta(days=settings.keep_account_mail_days)
        return and_(Mail.claim_id.is_(None), Mail.due_at.is_(None), erasing.names_its_recipient(), old)

    return {
        "abandoned drafts": _of_claims("keep_draft_days", drafts, lambda now: ended.abandoned(now, drafts), _abandon),
        "people of ended claims": _of_claims("keep_people_days", people, over, forget),
        "documents of ended claims": _of_claims("keep_proof_days", proof, proven, _drop_proof),
        "mails of no claim": Retention(
            "keep_account_mail_days",
            settings.keep_account_mail_days,
            lambda session, now: _count(session, select(func.count()).select_from(Mail).where(stray(now))),
            lambda session, now, most: erasing.of_mails(session, Mail.id.in_(_first(stray(now), most)), now=now),
        ),
        "openings of customers' pages": _of_log("keep_access_days", access, Opening),
        "downloads of documents": _of_log("keep_access_days", access, Download),
    }


def erase_due(session: Session, name: str, *, settings: Settings, now: datetime, most: int) -> int:
    """Erase up to `most` of what `name` of `retentions` says is due, and note how many. Does not commit."""
    count = retentions(settings)[name].erase(session, now, most)
    if count:
        session.add(Erasure(at=now, what=name, count=count))
    return count


def _of_claims(
    setting: str, days: int, which: Callable[[datetime], ColumnElement[bool]], erase: Callable[..., None]
) -> Retention:
    def count(session: Session, now: datetime) -> int:
        return _count(session, select(func.count()).select_from(Claim).where(which(now)))

    def each(session: Session, now: datetime, most: int) -> int:
        claims = session.scalars(ended.locked(which(now), most)).all()
        for claim in claims:
            erase(session, claim, now)
        return len(claims)

    return Retention(setting, days, count, each)


def _of_log(setting: str, days: int, log: type[Opening] | type[Download]) -> Retention:
    def old(now: datetime) -> ColumnElement[bool]:
        guarded = log.at < func.now() - timedelta(days=GUARDED_DAYS)
        return and_(log.at <= now - timedelta(days=days), guarded)

    def erase(session: Session, now: datetime, most: int) -> int:
        first = select(log.id).where(old(now)).order_by(log.id).limit(most)  # no lock: these rows may not be changed
        gone = delete(log).where(log.id.in_(first)).returning(log.id)
        return len(session.scalars(gone.execution_options(synchronize_session=False)).all())

    return Retention(
        setting,
        days,
        lambda session, now: _count(session, select(func.count()).select_from(log).where(old(now))),
        erase,
    )


def _abandon(session: Session, claim: Claim, now: datetime) -> None:
    """Delete a draft as its partner could have, and what its history tells at once."""
    filing.drop(session, claim, actor=SYSTEM, now=now)
    erasing.of_claim(session, claim, now=now, why=OVER)


def _drop_proof(session: Session, claim: Claim, _now: datetime) -> None:
    """Drop the rows; what no claim has is removed from the store by `jobs.documents.tidy`."""
    theirs = Document.claim_id == claim.id
    session.execute(update(Document).where(theirs).values(replaced_by_id=None))
    session.execute(delete(Document).where(theirs))


def _first(which: ColumnElement[bool], most: int) -> Select[int]:
    return select(Mail.id).where(which).order_by(Mail.id).limit(most).with_for_update(skip_locked=True)


def _count(session: Session, query: Select[int]) -> int:
    return session.scalar(query) or 0
