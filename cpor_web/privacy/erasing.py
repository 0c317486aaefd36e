"""Takes out what is personal of a claim or of mails. What happened, when and in which role stays, and so does the
chain of the history.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.orm import QueryableAttribute, Session

from cpor_web import history
from cpor_web.emails.outcomes import codes_of
from cpor_web.models import (
    ERASED,
    Answer,
    Assessment,
    Claim,
    Comment,
    CustomerContact,
    Event,
    Invitation,
    Mail,
    Note,
    ProofCell,
    ReceivedMail,
    Replacement,
    Round,
)
from cpor_web.rules.eligibility import OURS
from cpor_web.rules.roles import SYSTEM


def of_claim(session: Session, claim: Claim, *, now: datetime, why: str, until: datetime | None = None) -> None:
    """Erase everybody in a claim that the caller has locked, and what they wrote. `why` is a msgid.

    With `until`, what was said or sent after that moment stays.
    """

    def over(at: QueryableAttribute[Any]) -> ColumnElement[bool]:
        return at <= until if until is not None else true()

    positions = session.scalars(select(Event.position).where(Event.claim_id == claim.id, over(Event.at))).all()
    history.erase(session, claim, positions, actor=SYSTEM, now=now, why=why)
    if claim.partner_contact_email is not None:
        claim.partner_contact_email = ERASED
    if claim.partner_contact_name is not None:
        claim.partner_contact_name = ERASED
    claim.rejection_comment, claim.made_of = "", None
    for contact in claim.all_contacts:
        of_contact(contact)
    _set(
        session, Replacement, (Replacement.claim_id == claim.id) | (Replacement.replaced_id == claim.id), rationale=""
    )
    for said in (Comment, Note):
        _set(session, said, (said.claim_id == claim.id) & over(said.at), body=ERASED)
    _set(session, ProofCell, ProofCell.claim_id == claim.id, page="", missing="", place="", mend="")
    asked = select(Invitation.id).join(Round).where(Round.claim_id == claim.id)
    _set(session, Answer, Answer.invitation_id.in_(asked) & (Answer.words != ""), words="")
    of_reasons(session, (Assessment.claim_id == claim.id) & over(Assessment.assessed_at))
    of_mails(session, (Mail.claim_id == claim.id) & over(Mail.queued_at), now=now)
    claim.erased_at = now
    session.flush()


def of_contact(contact: CustomerContact) -> None:
    """Erase who a customer contact was; that they were asked stays."""
    contact.name = contact.email = ERASED
    contact.title = contact.reason = ""


def of_reasons(session: Session, which: ColumnElement[bool]) -> None:
    """Erase what an assessor wrote; which of our own reasons it gave names nobody, and stays."""
    written = select(Assessment).where(which, says_more_than_ours()).with_for_update()
    for found in session.scalars(written.execution_options(populate_existing=True)):
        found.reasons = [reason if reason in OURS else ERASED for reason in found.reasons]
    session.flush()


def says_more_than_ours() -> ColumnElement[bool]:
    """Whether an assessment has reasons in an assessor's own words."""
    return ~Assessment.reasons.contained_by([*sorted(OURS), ERASED])


def of_mails(session: Session, which: ColumnElement[bool], *, now: datetime) -> int:
    """Erase addresses, names, facts and servers' words of mails that are no longer to be sent, and of what came back.

    Returns how many mails these were. Whether one was the operator's own (`for_reviewer`) stays: it is not shown to
    partners later either.
    """
    over = select(Mail).where(which, Mail.due_at.is_(None), names_its_recipient()).with_for_update()
    mails = session.scalars(over).all()
    for mail in mails:
        mail.to_address, mail.to_name, mail.erased_at = ERASED, "", mail.erased_at or now
        mail.context = _emptied(mail)
        mail.answer, mail.bounce = codes_of(mail.answer), codes_of(mail.bounce)
    session.flush()
    of_received(session, ReceivedMail.mail_id.in_([mail.id for mail in mails]), now=now)
    return len(mails)


def names_its_recipient() -> ColumnElement[bool]:
    """Whether a mail still says to whom it went: one whose facts were erased, as they named somebody else, does."""
    return or_(Mail.erased_at.is_(None), Mail.to_address != ERASED)


def of_contexts(session: Session, which: ColumnElement[bool], *, now: datetime) -> None:
    """Erase the facts of mails that are no longer to be sent; to whom they went stays."""
    over = select(Mail).where(which, Mail.due_at.is_(None), Mail.erased_at.is_(None)).with_for_update()
    for mail in session.scalars(over):
        mail.context, mail.erased_at = _emptied(mail), now
    session.flush()


def of_received(session: Session, which: ColumnElement[bool], *, now: datetime) -> None:
    """Erase what came in and was dealt with; that it came, and what it was, stays."""
    over = which & ReceivedMail.settled_at.is_not(None)
    since = func.coalesce(ReceivedMail.erased_at, now)
    _set(session, ReceivedMail, over, raw=None, words="", sender="", diagnostic="", erased_at=since)


def _emptied(mail: Mail) -> dict[str, bool]:
    return {"for_reviewer": True} if mail.is_internal else {}


def _set(session: Session, model: type, which: ColumnElement[bool], **values: object) -> None:
    session.execute(update(model).where(which).values(**values).execution_options(synchronize_session="fetch"))
