"""Which claims are at rest, and which have ended: what retention and erasure may touch."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from cpor_web.consent.answers import LEAST_UNDO
from cpor_web.history import ERASURE
from cpor_web.models import (
    OPEN_STATES,
    Assessment,
    AssessmentState,
    Claim,
    Event,
    Handover,
    Mail,
    ReceivedMail,
    Round,
)
from cpor_web.privacy import erasing
from cpor_web.rules.statuses import Status


def rests(now: datetime) -> ColumnElement[bool]:
    """Whether nothing of a claim is under way: no decision, no consent round, no time to dispute or to undo, no mail,
    no assessment, nothing received whose consequences are yet to be drawn.
    """
    decided = Claim.status.in_((Status.APPROVED, Status.REJECTED)) & (Claim.status_since <= now - LEAST_UNDO)
    rounds = or_(Round.state.in_(OPEN_STATES), Round.ends_at > now)
    mails = exists().where(Mail.claim_id == Claim.id, Mail.due_at.is_not(None))
    received = exists().where(
        Mail.claim_id == Claim.id, ReceivedMail.mail_id == Mail.id, ReceivedMail.settled_at.is_(None)
    )
    queued = and_(Assessment.state == AssessmentState.QUEUED, Assessment.ended_at.is_(None))
    told = exists().where(
        Assessment.claim_id == Claim.id, Handover.assessment_id == Assessment.id, Handover.due_at.is_not(None)
    )
    return and_(
        or_(decided, Claim.deleted_at.is_not(None)),
        or_(Claim.dispute_until.is_(None), Claim.dispute_until < now),
        ~exists().where(Round.claim_id == Claim.id, rounds),
        ~mails,
        ~received,
        ~exists().where(Assessment.claim_id == Claim.id, queued),
        ~told,
    )


def ended(now: datetime, days: int) -> ColumnElement[bool]:
    """Whether a claim at rest was rejected for good so many days ago. An association that stands has not ended."""
    return and_(Claim.status == Status.REJECTED, Claim.status_since <= now - timedelta(days=days), rests(now))


def dropped(now: datetime, days: int) -> ColumnElement[bool]:
    """Whether a draft was deleted so many days ago."""
    return Claim.deleted_at <= now - timedelta(days=days)


def said_since_erased(now: datetime, days: int) -> ColumnElement[bool]:
    """Whether something happened to a claim after its people were erased, and so many days ago: a comment, a note, a
    mail, an assessor's words.

    Erasing a claim leaves no event that says who or what, so one that does came later, whatever its moment says: who
    waited for the claim meanwhile had begun before. Nor does it leave a mail that names anybody.
    """
    until = now - timedelta(days=days)
    says = and_(Event.salt.is_not(None), Event.kind != ERASURE)
    went = and_(Mail.due_at.is_(None), erasing.names_its_recipient(), Mail.queued_at <= until)
    assessed = and_(erasing.says_more_than_ours(), Assessment.assessed_at <= until)
    return or_(
        exists().where(Event.claim_id == Claim.id, says, Event.at <= until),
        exists().where(Mail.claim_id == Claim.id, went),
        exists().where(Assessment.claim_id == Claim.id, assessed),
    )


def abandoned(now: datetime, days: int) -> ColumnElement[bool]:
    """Whether nobody has changed a draft for so many days."""
    changed = exists().where(Event.claim_id == Claim.id, Event.at > now - timedelta(days=days))
    editing = and_(Claim.status == Status.EDITING, Claim.first_submitted_at.is_(None), Claim.deleted_at.is_(None))
    return and_(editing, Claim.created_at <= now - timedelta(days=days), ~changed)


def locked(which: ColumnElement[bool], most: int) -> Select[Claim]:
    """Return the query that locks up to `most` such claims, leaving out those that somebody works on."""
    free = select(Claim).where(which).order_by(Claim.id).limit(most)
    return free.with_for_update(of=Claim, key_share=True, skip_locked=True).execution_options(populate_existing=True)
