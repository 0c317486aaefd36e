"""What the customer contacts get."""

from datetime import datetime

from sqlalchemy.orm import Session

from cpor_web.emails.catalogue import addressing, facts
from cpor_web.models import Answer, Claim, Invitation, Mail
from cpor_web.programme import Programme


def consent_notice(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> Mail:
    """Ask a contact: who claims what, what it means, until when they can deny, and the link to do it."""
    return addressing.for_customer(session, "consent-notice", claim, invitation, now, programme)


def confirmation_request(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> Mail:
    """Ask a contact for an explicit yes, after an earlier denial was disputed."""
    return addressing.for_customer(session, "confirmation-request", claim, invitation, now, programme)


def yes_confirmation(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> Mail:
    """Send the one who pressed yes the link that makes it count."""
    end = facts.iso(invitation.round.ends_at)
    return addressing.for_customer(session, "yes-confirmation", claim, invitation, now, programme, end=end)


def association_ended(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> Mail:
    """Tell a contact who had a notice that the partner gave the association up."""
    return addressing.for_customer(session, "association-ended", claim, invitation, now, programme)


def denial_recorded(
    session: Session,
    claim: Claim,
    invitation: Invitation,
    answer: Answer,
    *,
    now: datetime,
    programme: Programme,
    undo_until: datetime | None,
) -> Mail:
    """Tell a contact what was recorded; only where `undo_until` is given does this mail carry the undo link."""
    return addressing.for_customer(
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
    session: Session, claim: Claim, invitation: Invitation, *, is_own: bool, now: datetime, programme: Programme
) -> Mail:
    """Tell a contact that the association is restored, by whose link, and until when they can deny."""
    about = {"end": facts.iso(invitation.round.ends_at), "needs_yes": invitation.round.needs_yes, "is_own": is_own}
    return addressing.for_customer(session, "denial-undone", claim, invitation, now, programme, **about)
