"""Comments both ways, notes among reviewers, and mails sent again."""

from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import history, lifecycle
from cpor_web.claims.input import needed_text
from cpor_web.emails import outbox
from cpor_web.emails.catalogue import ASKS, to_partner, to_staff
from cpor_web.models import FAILED, Answer, AnswerKind, Claim, Comment, Invitation, Mail, Note
from cpor_web.programme import Programme
from cpor_web.rules.exc import NotAllowed
from cpor_web.rules.roles import CLAIMANTS, REVIEWERS, Actor, require
from cpor_web.rules.words import N_

Said = TypeVar("Said", Comment, Note)

JUST = timedelta(minutes=10)


def comment(
    session: Session, claim: Claim, body: str, *, actor: Actor, now: datetime, programme: Programme
) -> Comment:
    """Add a comment; the other side is mailed. It stops no clock. What was just said is not said twice."""
    require(actor, CLAIMANTS | REVIEWERS)
    body = needed_text(body, "comment", N_("Write a comment first."))
    lifecycle.hold(session, claim)
    if claim.first_submitted_at is None:
        raise NotAllowed(N_("Comments begin once the claim is submitted."))
    if said := _just_said(session, Comment, claim, body, actor, now):
        return said
    assert actor.user_id is not None
    made = Comment(claim_id=claim.id, user_id=actor.user_id, at=now, body=body)
    session.add(made)
    session.flush()
    claim.version += 1
    history.append(session, claim, "comment:added", actor=actor, now=now, data={"comment": body})
    tell = to_partner.comment_for_partner if actor.role in REVIEWERS else to_staff.comment_for_reviewer
    tell(session, claim, made, now=now, programme=programme)
    return made


def note(session: Session, claim: Claim, body: str, *, actor: Actor, now: datetime) -> Note:
    """Add an internal note, which no partner ever sees. What was just noted is not noted twice."""
    require(actor, REVIEWERS)
    body = needed_text(body, "note", N_("Write a note first."))
    lifecycle.hold(session, claim)
    if said := _just_said(session, Note, claim, body, actor, now):
        return said
    assert actor.user_id is not None
    made = Note(claim_id=claim.id, user_id=actor.user_id, at=now, body=body)
    session.add(made)
    history.append(session, claim, "note:added", actor=actor, now=now, is_internal=True)
    return made


def _just_said(
    session: Session, kind: type[Said], claim: Claim, body: str, actor: Actor, now: datetime
) -> Said | None:
    """Return the newest of a claim, where the same person has just said it in the same words.

    Then a button was pressed twice, or its page sent once more on the way back. Not so where the claim has moved on
    in between: what is said again then says it of something else.
    """
    of_claim = select(kind).where(kind.claim_id == claim.id)
    newest = session.scalar(of_claim.order_by(kind.at.desc(), kind.id.desc()).limit(1))
    if newest is None or (newest.user_id, newest.body) != (actor.user_id, body):
        return None
    if now - newest.at >= JUST or newest.at < claim.status_since:
        return None
    return newest


def send_again(session: Session, mail: Mail, *, actor: Actor, now: datetime, as_unattended: bool = False) -> Mail:
    """Send a mail once more, as a new one. Only what reached an end can be sent again, and one copy at a time.

    `as_unattended` tells that the person's page showed it as one that nobody has dealt with.
    """
    require(actor, REVIEWERS)
    claim = session.get(Claim, mail.claim_id) if mail.claim_id is not None else None
    if claim is not None:
        lifecycle.hold(session, claim)
    session.refresh(mail, with_for_update=True)
    if mail.due_at is not None or outbox.is_repeated_now(session, mail):
        raise NotAllowed(N_("This mail is still on its way."))
    if as_unattended and mail.dealt_with_at is not None:
        raise NotAllowed(N_("Somebody has dealt with this mail meanwhile."))
    if mail.erased_at is not None:
        raise NotAllowed(N_("Nobody knows any more what this mail said, or to whom: that was erased."))
    if mail.kind in ASKS:
        _refuse_unless_asked(session, mail)
    if mail.kind == "denial-recorded" and _is_undone(session, mail):
        raise NotAllowed(N_("The customer has undone this denial since. Nobody is told of it as if it stood."))
    again = outbox.put_again(session, mail, now=now)
    mail.deal_with(actor.user_id, now)
    if claim is not None:
        data = {"mail": mail.kind, "to": mail.to_name}
        history.append(
            session, claim, "mail:sent-again", actor=actor, now=now, data=data, is_internal=mail.is_internal
        )
    return again


def deal_with(session: Session, mail: Mail, *, actor: Actor, now: datetime) -> None:
    """Note that nothing is left to be done about a mail that failed. Twice is the same as once."""
    require(actor, REVIEWERS)
    claim = session.get(Claim, mail.claim_id) if mail.claim_id is not None else None
    if claim is not None:
        lifecycle.hold(session, claim)
    session.refresh(mail, with_for_update=True)
    if mail.state not in FAILED:
        raise NotAllowed(N_("This mail has not failed."))
    if mail.deal_with(actor.user_id, now) and claim is not None:
        data = {"mail": mail.kind, "to": mail.to_name}
        history.append(session, claim, "mail:dealt-with", actor=actor, now=now, data=data, is_internal=True)


def _refuse_unless_asked(session: Session, mail: Mail) -> None:
    """Refuse to ask who is asked no more, or was promised that no mail follows: silence would not be an answer."""
    invitation = session.get_one(Invitation, mail.invitation_id, populate_existing=True)
    if invitation.superseded_at is not None or not invitation.round.is_open:
        raise NotAllowed(N_("This customer contact is not being asked any more."))
    if invitation.is_the_wrong_person:
        raise NotAllowed(
            N_("They said that they are not the right person. Let the period go on: it asks them once more.")
        )


def _is_undone(session: Session, mail: Mail) -> bool:
    """Tell whether the denial that a mail to a customer tells of was undone after it."""
    invitation = session.get_one(Invitation, mail.invitation_id)
    of_round = select(Answer.id).join(Answer.invitation).where(Invitation.round_id == invitation.round_id)
    undone = of_round.where(Answer.kind == AnswerKind.UNDONE, Answer.at >= mail.queued_at)
    return bool(session.scalar(select(undone.exists())))
