"""How a claim ends or comes back outside a review: the partner gives it up, disputes, or lets a deadline pass."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web import assessment, facts, lifecycle
from cpor_web.claims import proof
from cpor_web.claims.input import text_of
from cpor_web.consent import locking, rounds
from cpor_web.emails import outbox
from cpor_web.emails.catalogue import to_customer
from cpor_web.models import Answer, AnswerKind, Claim, Document, Invitation, Mail, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules import transitions
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import Invalid
from cpor_web.rules.reasons import Rejection, Withdrawal
from cpor_web.rules.roles import Actor
from cpor_web.rules.words import N_


def withdraw(
    session: Session,
    claim: Claim,
    detail: Withdrawal | None,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    comment: str = "",
    seen: int | None = None,
) -> None:
    """Reject the claim at the partner's own request. Customers who had a notice are told."""
    lifecycle.hold(session, claim, seen=seen)
    if detail is None:
        raise Invalid(N_("Choose a reason."), field_name="detail")
    comment = text_of(comment, "comment")
    known = facts.of(session, claim, actor=actor, now=now, programme=programme)
    transitions.find(claim.status, Action.WITHDRAW, actor.role, known)
    lifecycle.say_why(claim, Rejection.PARTNER_REQUEST, detail=detail, comment=comment)
    data = {"detail": detail.value, "comment": comment}
    lifecycle.advance(session, claim, Action.WITHDRAW, actor=actor, now=now, programme=programme, data=data)
    round_ = facts.latest_round(session, claim)
    if round_ is not None and (round_.is_open or round_.state in {RoundState.PASSED, RoundState.ENDED}):
        locking.hold(session, round_)
        rounds.end(session, round_, now=now)
        for invitation in _to_be_told(session, round_):
            to_customer.association_ended(session, claim, invitation, now=now, programme=programme)
    assessment.end(session, claim, now=now, programme=programme, why="partner request")


def no_objection(session: Session, claim: Claim) -> datetime | None:
    """Return when a contact who is asked in the newest round last said that they have no objection."""
    round_ = facts.latest_round(session, claim)
    if round_ is None:
        return None
    said = select(func.max(Answer.at)).join(Answer.invitation).where(Answer.kind == AnswerKind.NO_OBJECTION)
    return session.scalar(said.where(Invitation.round_id == round_.id, Invitation.superseded_at.is_(None)))


def dispute(
    session: Session,
    claim: Claim,
    justification: str,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    document: Document | None = None,
    seen: int | None = None,
) -> None:
    """Dispute a rejection, once and in time: a business justification and/or a new proof."""
    justification = text_of(justification, "justification")
    if not justification and document is None:
        raise Invalid(
            N_("Give a business justification, or upload updated proof of execution."), field_name="justification"
        )
    lifecycle.hold(session, claim, seen=seen)
    data = {"justification": justification}
    lifecycle.advance(session, claim, Action.DISPUTE, actor=actor, now=now, programme=programme, data=data)
    if document is not None:
        proof.attach(session, claim, document, actor=actor, now=now)


def _to_be_told(session: Session, round_: Round) -> list[Invitation]:
    """Return those whose notice is out, or may be, also who was replaced since; each address once, and told once."""
    had = (each for each in round_.invitations if each.taken_at is not None or outbox.is_under_way(session, each.id))
    of_each = {each.contact.email.lower(): each for each in had}
    asked = [each.id for each in round_.invitations]
    told = select(func.lower(Mail.to_address)).where(Mail.invitation_id.in_(asked), Mail.kind == "association-ended")
    already = set(session.scalars(told))
    return [each for address, each in of_each.items() if address not in already]
