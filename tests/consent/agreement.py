"""Whether everything that is recorded of a claim tells the same story."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import verification
from cpor_web.facts import latest_round
from cpor_web.models import Answer, AnswerKind, Assessment, Claim, Event, HistoryHead, Invitation, Mail, RoundState
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.statuses import Status

STORIES = {
    RoundState.WAITING: (Status.APPROVED, None),
    RoundState.RUNNING: (Status.APPROVED, None),
    RoundState.STOPPED: (Status.APPROVED, None),
    RoundState.PASSED: (Status.APPROVED, None),
    RoundState.DENIED: (Status.REJECTED, Rejection.CUSTOMER_DECLINE),
    RoundState.SILENT: (Status.REJECTED, Rejection.CUSTOMER_DECLINE),
    RoundState.ENDED: (Status.REJECTED, None),
}
"""By the state of the newest round: the claim's status, and its reason where only one is possible."""

TOLD = {
    "consent:denied": ("denial-recorded-partner", "denial-recorded"),
    "consent:undone": ("denial-undone-partner", "denial-undone"),
    "consent:passed": ("consent-period-passed", None),
    "claim:withdrawn": ("rejected", "association-ended"),
}
"""By kind of event: the mail to the partner, and the one to each customer contact, that tell of it."""


def outcomes(session: Session, claim: Claim) -> list[str]:
    """Return the kinds of the events that decided something after the consent period began, in order."""
    kinds = session.scalars(select(Event.kind).where(Event.claim_id == claim.id).order_by(Event.position))
    return [kind for kind in kinds if kind in TOLD or kind == "consent:declined-by-silence"]


def assert_agrees(session: Session, claim: Claim) -> None:
    """Fail unless claim, newest round, answers, history, mails and assessment of a claim agree."""
    session.flush()
    session.expire_all()
    round_ = latest_round(session, claim)
    assert round_ is not None
    status, reason = STORIES[round_.state]
    assert claim.status is status
    if reason is not None:
        assert claim.rejection is reason
    assert (claim.rejection is None) == (status is Status.APPROVED)
    events = session.scalars(select(Event).where(Event.claim_id == claim.id).order_by(Event.position)).all()
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert session.get_one(HistoryHead, claim.id).position == len(events)
    assert events[-1].version <= claim.version
    chained = verification.verify(session.connection(), folder=None, public={}, references=[claim.reference])
    assert chained.findings == []
    kinds = [event.kind for event in events]
    mails = session.scalars(select(Mail.kind).where(Mail.claim_id == claim.id)).all()
    customers = len({each.contact_id for each in round_.invitations})
    for kind, (to_partner, to_customer) in TOLD.items():
        if to_partner != "rejected":
            assert mails.count(to_partner) == kinds.count(kind), kind
        if to_customer is not None:
            assert mails.count(to_customer) == kinds.count(kind) * customers, kind
    said = session.scalars(
        select(Answer.kind).join(Invitation).where(Invitation.round_id == round_.id).order_by(Answer.id)
    ).all()
    assert said.count(AnswerKind.DENIED) == kinds.count("consent:denied")
    assert said.count(AnswerKind.UNDONE) == kinds.count("consent:undone")
    _assert_assessment_agrees(session, claim, kinds, is_over=status is Status.REJECTED)


def _assert_assessment_agrees(session: Session, claim: Claim, kinds: list[str], *, is_over: bool) -> None:
    record = session.scalar(select(Assessment).where(Assessment.claim_id == claim.id))
    assert (record is not None) == ("consent:passed" in kinds)
    assert kinds.count("assessment:queued") == min(kinds.count("consent:passed"), 1)
    if record is not None:
        assert (record.ended_at is not None) == is_over
