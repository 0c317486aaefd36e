"""What the customer contacts get."""

from datetime import datetime

from sqlalchemy.orm import Session

from cpor_web.emails.catalogue import addressing, facts
from cpor_web.models import Answer, Claim, Invitation
from cpor_web.programme import Programme


def consent_notice(
    session: Session, claim: Claim, invitation: Invitation, *, replaces: bool, now: datetime, programme: Programme
) -> None:
    """Ask a contact: who claims what, what it means, until when they can deny, and the link to do it.

    `replaces` tells whether another partner's association would end, which is said without its name: the notice may
    be forwarded to the partner that claims.
    """
    addressing.for_customer(session, "consent-notice", claim, invitation, now, programme, replaces=replaces)


def confirmation_request(
    session: Session, claim: Claim, invitation: Invitation, *, replaces: bool, now: datetime, programme: Programme
) -> None:
    """Ask a contact for an explicit yes, after an earlier denial was disputed; `replaces` as in the notice."""
    addressing.for_customer(session, "confirmation-request", claim, invitation, now, programme, replaces=replaces)


def yes_confirmation(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> None:
    """Send the one who pressed yes the link that makes it count."""
    end = facts.iso(invitation.round.ends_at)
    addressing.for_customer(session, "yes-confirmation", claim, invitation, now, programme, end=end)


def association_ended(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> None:
    """Tell a contact who had a notice that the partner gave the association up."""
    addressing.for_customer(session, "association-ended", claim, invitation, now, programme)


def denial_recorded(
    session: Session,
    claim: Claim,
    invitation: Invitation,
    answer: Answer,
    *,
    now: datetime,
    programme: Programme,
    undo_until: datetime | None,
) -> None:
    """Tell a contact what was recorded; only where `undo_until` is given does this mail carry the undo link."""
    addressing.for_customer(
        session,
        "denial-recorded",
        claim,
        invitation,
        now,
        programme,
        **facts.answer(answer),
        undo_until=facts.iso(undo_until),
    )


def denial_undone(
    session: Session,
    claim: Claim,
    invitation: Invitation,
    *,
    is_own: bool,
    needs_contact: bool,
    now: datetime,
    programme: Programme,
) -> None:
    """Tell a contact that the association is restored, by whose link, and until when they can deny.

    `needs_contact` tells whether the time stands still until the partner names a right contact.
    """
    about = {**facts.consent(invitation.round), "is_own": is_own, "needs_contact": needs_contact}
    addressing.for_customer(session, "denial-undone", claim, invitation, now, programme, **about)
