"""Putting a mail into the outbox, for whom it is meant and with the facts that each such mail needs."""

from collections.abc import Mapping
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
    context = {**facts.about(claim, programme), **more}
    outbox.put(session, kind, partner_contact(claim), context, now=now, claim_id=claim.id)


def for_others_there(
    session: Session, kind: str, claim: Claim, missed: str, context: Mapping[str, Any], now: datetime
) -> bool:
    """Queue a mail to who is told in the partner contact's stead, whose address `missed` it; False where nobody is.

    These are who filed the claim, and the partner's Global admins, as far as they are still there.
    """
    admins = select(User).where(User.partner_id == claim.partner_id, User.role == Role.GLOBAL_ADMIN, User.active)
    people = {user.email.lower(): user for user in (claim.filed_by, *session.scalars(admins)) if user.active}
    people.pop(missed.lower(), None)
    for user in people.values():
        about = {"claim_id": claim.id, "user_id": user.id}
        outbox.put(session, kind, person(user), {**context, "in_stead": True}, now=now, **about)
    return bool(people)


def for_reviewer(session: Session, kind: str, claim: Claim, now: datetime, programme: Programme, **more: Any) -> None:
    """Queue a mail to a claim’s reviewer, or to all reviewers where it has none who is still there."""
    reviewer = claim.present_reviewer
    to = person(reviewer) if reviewer else Recipient(programme.reviewers_address, "", "en")
    context = {**facts.about(claim, programme), **more, "for_reviewer": True}
    outbox.put(session, kind, to, context, now=now, claim_id=claim.id, user_id=reviewer.id if reviewer else None)


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


def partner_contact(claim: Claim) -> Recipient:
    """Return a claim's partner contact as a recipient; who filed it, once the contact was erased."""
    # A claim has its partner contact from its first submission on, before which no mail goes out.
    to = Recipient(claim.partner_contact_email or "", claim.partner_contact_name or "", claim.filed_by.language)
    return person(claim.filed_by) if to.address == ERASED else to


def person(user: User) -> Recipient:
    """Return somebody with an account as a recipient."""
    return Recipient(user.email, user.name, user.language)
