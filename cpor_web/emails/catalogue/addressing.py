"""Putting a mail into the outbox, for whom it is meant and with the facts that each such mail needs."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.emails import outbox
from cpor_web.emails.catalogue import facts
from cpor_web.emails.outbox import Recipient
from cpor_web.models import ERASED, Claim, CustomerContact, Invitation, User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role


def for_partner(session: Session, kind: str, claim: Claim, now: datetime, programme: Programme, **more: Any) -> None:
    """Queue a mail to a claim’s partner contact."""
    # A claim has its partner contact from its first submission on, before which no mail goes out.
    to = Recipient(claim.partner_contact_email or "", claim.partner_contact_name or "", claim.filed_by.language)
    if to.address == ERASED:
        to = person(claim.filed_by)
    outbox.put(session, kind, to, {**facts.about(claim, programme), **more}, now=now, claim_id=claim.id)


def for_reviewer(session: Session, kind: str, claim: Claim, now: datetime, programme: Programme, **more: Any) -> None:
    """Queue a mail to a claim’s reviewer, or to all reviewers where it has none."""
    reviewer = claim.reviewer
    to = person(reviewer) if reviewer else Recipient(programme.reviewers_address, "", "en")
    context = {**facts.about(claim, programme), **more, "for_reviewer": True}
    outbox.put(session, kind, to, context, now=now, claim_id=claim.id, user_id=claim.reviewer_id)


def for_customer(
    session: Session, kind: str, claim: Claim, invited: Invitation, now: datetime, programme: Programme, **more: Any
) -> None:
    """Queue a mail to a contact of the customer."""
    contact: CustomerContact = invited.contact
    to = Recipient(contact.email, contact.name, contact.language)
    plain = facts.for_customer(claim, contact.language, programme)
    context = {**facts.about(claim, programme), **plain, "contact": contact.name, **more}
    about = {"claim_id": claim.id, "invitation_id": invited.id}
    outbox.put(session, kind, to, context, now=now, is_erased=contact.is_erased, **about)


def for_administrators(session: Session, kind: str, now: datetime, programme: Programme, **more: Any) -> None:
    """Queue a mail to each administrator."""
    admins = session.scalars(select(User).where(User.role == Role.ADMINISTRATOR, User.active).order_by(User.id))
    context = {**facts.house(programme), **more}
    for user in admins:
        outbox.put(session, kind, person(user), context, now=now, user_id=user.id)


def person(user: User) -> Recipient:
    """Return somebody with an account as a recipient."""
    return Recipient(user.email, user.name, user.language)
