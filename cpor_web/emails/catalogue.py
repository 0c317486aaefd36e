"""Who gets which mail: one function a mail. Its words are in templates/email/<kind>/.

Each puts a row into the outbox, in the caller's transaction, with the facts that its words need. No working link is
ever among them: links are made at the moment of sending (see `composing`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.emails import outbox
from cpor_web.emails.outbox import Recipient
from cpor_web.models import (
    Answer,
    Assessment,
    Claim,
    Comment,
    CustomerContact,
    Event,
    Holding,
    Invitation,
    Mail,
    MailState,
    Round,
    User,
)
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Rejection, Request
from cpor_web.rules.roles import CLAIMANTS, Role
from cpor_web.rules.statuses import Status

Context = dict[str, Any]


# To the partner contact


def claim_received(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> Mail:
    """Say that the claim, or its resubmission or dispute, has come in, and by when it is looked at."""
    # The same reviewer keeps what is resubmitted; what is filed or disputed has none yet.
    about = {"is_disputed": claim.is_disputed, "is_resubmitted": claim.reviewer_id is not None}
    return _to_partner(session, "claim-received", claim, now, programme, **about)


def review_started(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> Mail:
    """Say that a reviewer has started, and by when the decision is due."""
    return _to_partner(session, "review-started", claim, now, programme)


def information_requested(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> Mail:
    """Say what is missing and how to resubmit; the partner's clock starts when the server takes this mail."""
    asked = (
        session.scalars(
            select(Event.data)
            .where(Event.claim_id == claim.id, Event.kind == "claim:information-requested")
            .order_by(Event.position.desc())
        ).first()
        or {}
    )
    about_products = asked.get("products", {})
    asks = [
        {
            "reason": Request(key).label,
            "products": [programme.catalogue.product_name(product) for product in about_products.get(key, ())],
            "words": missing,
        }
        for key, missing in asked.get("asks", {}).items()
    ]
    about = {"days": programme.periods.partner, "asks": asks, "comment": asked.get("comment", "")}
    return _to_partner(session, "information-requested", claim, now, programme, **about)


def approved(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> Mail:
    """Say that the reviewer approved, that the customer has its days once our notice is out, and is not paid."""
    # As the claim still stands at this moment: what was declined and disputed needs the customer's yes.
    needs_yes = claim.is_disputed and claim.rejection is Rejection.CUSTOMER_DECLINE
    return _to_partner(
        session, "approved", claim, now, programme, days=programme.periods.consent, needs_yes=needs_yes
    )


def rejected(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> Mail:
    """Say why, in which words, how to dispute and until when, or that it is final."""
    ended = _last_event(session, claim)
    is_silent = ended is not None and ended.kind == "consent:declined-by-silence"
    return _to_partner(
        session,
        "rejected",
        claim,
        now,
        programme,
        reason=claim.rejection.label if claim.rejection else "",
        detail=claim.rejection_detail.label if claim.rejection_detail else "",
        comment=claim.rejection_comment,
        dispute_until=_iso(claim.dispute_until),
        is_late=ended is not None and bool(ended.data.get("late")),
        no_yes_by=ended.data.get("ends_at") if ended is not None and is_silent else None,
    )


def consent_period_passed(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> Mail:
    """Say that the customer did not object, and that the claim goes to assessment."""
    return _to_partner(session, "consent-period-passed", claim, now, programme)


def assessment_result(session: Session, assessment: Assessment, *, now: datetime, programme: Programme) -> Mail:
    """Say whether the association can earn incentives, and why."""
    return _to_partner(
        session,
        "assessment-result",
        assessment.claim,
        now,
        programme,
        state=assessment.state.value,
        reasons=assessment.reasons,
    )


def contact_needed(
    session: Session,
    claim: Claim,
    round_: Round,
    astray: Sequence[tuple[CustomerContact, str]],
    *,
    now: datetime,
    programme: Programme,
) -> Mail:
    """Ask the partner for a right contact; says instead of whom, why (`astray`, with msgids), and by when."""
    about = {"contact_due": _iso(round_.contact_due_at), "astray": _astray(astray)}
    return _to_partner(session, "contact-needed", claim, now, programme, **about)


def partner_reminder(
    session: Session,
    claim: Claim,
    *,
    due: datetime,
    astray: Sequence[tuple[CustomerContact, str]] = (),
    now: datetime,
    programme: Programme,
) -> Mail:
    """Remind of the partner's deadline: to resubmit, or of an approved claim, to name a right contact (`astray`)."""
    about = {"due_at": _iso(due), "for_contact": claim.status is Status.APPROVED, "astray": _astray(astray)}
    return _to_partner(session, "partner-reminder", claim, now, programme, **about)


TO_PARTNER: Mapping[str, Callable[..., Mail]] = {
    "claim-received": claim_received,
    "review-started": review_started,
    "information-requested": information_requested,
    "approved": approved,
    "rejected": rejected,
    "consent-period-passed": consent_period_passed,
}
"""The mails that a transition sends by its name in the table."""


# To the customer


def consent_notice(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> Mail:
    """Ask a contact: who claims what, what it means, until when they can deny, and the link to do it."""
    return _to_customer(session, "consent-notice", claim, invitation, now, programme)


def confirmation_request(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> Mail:
    """Ask a contact for an explicit yes, after an earlier denial was disputed."""
    return _to_customer(session, "confirmation-request", claim, invitation, now, programme)


def yes_confirmation(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> Mail:
    """Send the one who pressed yes the link that makes it count."""
    end = _iso(invitation.round.ends_at)
    return _to_customer(session, "yes-confirmation", claim, invitation, now, programme, end=end)


def association_ended(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> Mail:
    """Tell a contact who had a notice that the partner gave the association up."""
    return _to_customer(session, "association-ended", claim, invitation, now, programme)


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
    return _to_customer(
        session,
        "denial-recorded",
        claim,
        invitation,
        now,
        programme,
        **_answer(answer),
        undo_until=_iso(undo_until),
    )


def denial_undone(
    session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme
) -> Mail:
    """Tell a contact that the association is restored, and until when they can deny."""
    about = {"end": _iso(invitation.round.ends_at), "needs_yes": invitation.round.needs_yes}
    return _to_customer(session, "denial-undone", claim, invitation, now, programme, **about)


def denial_recorded_for_partner(
    session: Session, claim: Claim, answer: Answer, *, now: datetime, programme: Programme
) -> Mail:
    """Tell the partner what was recorded, when, and by which way."""
    return _to_partner(session, "denial-recorded-partner", claim, now, programme, **_answer(answer))


def denial_undone_for_partner(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> Mail:
    """Tell the partner that the customer restored the association."""
    return _to_partner(session, "denial-undone-partner", claim, now, programme)


# Between partner and reviewers


def comment_for_partner(
    session: Session, claim: Claim, comment: Comment, *, now: datetime, programme: Programme
) -> Mail:
    """Quote a reviewer's comment to the partner contact."""
    return _to_partner(session, "new-comment", claim, now, programme, **_comment(comment))


def comment_for_reviewer(
    session: Session, claim: Claim, comment: Comment, *, now: datetime, programme: Programme
) -> Mail:
    """Quote a partner's comment to the claim's reviewer, or to all reviewers where it has none."""
    return _to_reviewer(session, "new-comment", claim, now, programme, **_comment(comment))


def not_delivered(session: Session, claim: Claim, failed: Mail, *, now: datetime, programme: Programme) -> list[Mail]:
    """Tell partner and reviewer that a mail of this claim did not get through, or that nobody knows if it did."""
    about = {
        "failed_kind": failed.kind,
        "failed_name": failed.to_name,
        "answer": failed.bounce or failed.answer,
        "in_doubt": failed.state is MailState.UNKNOWN,
    }
    return [
        _to_partner(session, "not-delivered", claim, now, programme, **about),
        _to_reviewer(session, "not-delivered", claim, now, programme, **about),
    ]


def denial_by_replaced(session: Session, claim: Claim, said: Context, *, now: datetime, programme: Programme) -> Mail:
    """Tell the reviewer that a replaced contact denied: it decides nothing, but the clock stands still."""
    return _to_reviewer(session, "denial-by-replaced", claim, now, programme, words=said["words"])


def to_the_partners_others(session: Session, claim: Claim, failed: Mail, *, now: datetime) -> list[Mail]:
    """Send what the partner contact could not get to who filed the claim and to the partner's Global admins."""
    admins = select(User).where(User.partner_id == claim.partner_id, User.role == Role.GLOBAL_ADMIN, User.active)
    people = {user.email.lower(): user for user in (claim.filed_by, *session.scalars(admins)) if user.active}
    people.pop(failed.to_address.lower(), None)
    return [
        outbox.put(session, failed.kind, _user(user), failed.context, now=now, claim_id=claim.id, user_id=user.id)
        for user in people.values()
    ]


# To the operator's administrators


def overdue_digest(session: Session, overdue: Sequence[Claim], *, now: datetime, programme: Programme) -> list[Mail]:
    """Tell every administrator which claims are overdue."""
    claims = [{"reference": c.reference, "name": c.name, "due_at": _iso(c.due_at)} for c in overdue]
    return _to_administrators(session, "overdue-digest", now, programme, claims=claims)


def closing_held(session: Session, holding: Holding, *, now: datetime, programme: Programme) -> list[Mail]:
    """Ask every administrator to look at the notices that were not delivered, and to release closing."""
    about = {"notices": holding.notices, "failed": holding.failed, "at": _iso(holding.began_at)}
    return _to_administrators(session, "closing-held", now, programme, **about)


# To people with an account


def password_reset(session: Session, user: User, *, now: datetime, programme: Programme) -> Mail:
    """Send the link to choose a new password."""
    return outbox.put(session, "password-reset", _user(user), _house(programme), now=now, user_id=user.id)


def invitation(session: Session, user: User, *, now: datetime, programme: Programme) -> Mail:
    """Invite a new user to choose a password."""
    return outbox.put(session, "invitation", _user(user), _house(programme), now=now, user_id=user.id)


ASKS = frozenset({"consent-notice", "confirmation-request"})
"""The mails that ask a customer: they carry the link to deny, and print the end of the time to do it."""

KINDS = (
    *TO_PARTNER,
    "assessment-result",
    "contact-needed",
    "partner-reminder",
    "consent-notice",
    "confirmation-request",
    "yes-confirmation",
    "association-ended",
    "denial-recorded",
    "denial-undone",
    "denial-recorded-partner",
    "denial-undone-partner",
    "new-comment",
    "not-delivered",
    "denial-by-replaced",
    "overdue-digest",
    "closing-held",
    "password-reset",
    "invitation",
)
"""Every mail there is; each has a folder of templates."""


def _house(programme: Programme) -> Context:
    return {"operator": programme.operator, "programme": programme.name, "guide_url": programme.guide_url}


def _about(claim: Claim, programme: Programme) -> Context:
    return {
        **_house(programme),
        "reference": claim.reference,
        "claim_name": claim.name,
        "partner": claim.partner.name,
        "mpn_id": claim.mpn_id.number if claim.mpn_id else "",
        "customer": claim.customer_name,
        "tenant_id": str(claim.tenant_id or ""),
        "area": programme.catalogue.area_name(claim.area),
        "activity": programme.catalogue.activity_name(claim.activity),
        "products": [programme.catalogue.product_name(key) for key in claim.product_keys],
        "due_at": _iso(claim.due_at),
    }


def _to_partner(session: Session, kind: str, claim: Claim, now: datetime, programme: Programme, **more: Any) -> Mail:
    # A claim has its partner contact from its first submission on, before which no mail goes out.
    to = Recipient(claim.partner_contact_email or "", claim.partner_contact_name or "", claim.filed_by.language)
    return outbox.put(session, kind, to, {**_about(claim, programme), **more}, now=now, claim_id=claim.id)


def _to_reviewer(session: Session, kind: str, claim: Claim, now: datetime, programme: Programme, **more: Any) -> Mail:
    reviewer = claim.reviewer
    to = _user(reviewer) if reviewer else Recipient(programme.reviewers_address, "", "en")
    context = {**_about(claim, programme), **more, "for_reviewer": True}
    return outbox.put(session, kind, to, context, now=now, claim_id=claim.id, user_id=claim.reviewer_id)


def _to_customer(
    session: Session, kind: str, claim: Claim, invited: Invitation, now: datetime, programme: Programme, **more: Any
) -> Mail:
    contact: CustomerContact = invited.contact
    to = Recipient(contact.email, contact.name, contact.language)
    context = {**_about(claim, programme), "contact": contact.name, **more}
    return outbox.put(session, kind, to, context, now=now, claim_id=claim.id, invitation_id=invited.id)


def _to_administrators(session: Session, kind: str, now: datetime, programme: Programme, **more: Any) -> list[Mail]:
    admins = session.scalars(select(User).where(User.role == Role.ADMINISTRATOR, User.active).order_by(User.id))
    context = {**_house(programme), **more}
    return [outbox.put(session, kind, _user(user), context, now=now, user_id=user.id) for user in admins]


def _user(user: User) -> Recipient:
    return Recipient(user.email, user.name, user.language)


def _answer(answer: Answer) -> Context:
    return {
        "reason": answer.reason.label if answer.reason else "",
        "words": answer.words,
        "way": answer.way.label,
        "at": _iso(answer.at),
        "is_late": answer.is_late,
    }


def _astray(astray: Sequence[tuple[CustomerContact, str]]) -> list[dict[str, str]]:
    return [{"name": contact.name, "why": why} for contact, why in astray]


def _last_event(session: Session, claim: Claim) -> Event | None:
    """Return what happened to the claim last: in the transaction of a transition, what brought it about."""
    events = select(Event).where(Event.claim_id == claim.id).order_by(Event.position.desc())
    return session.scalars(events.limit(1)).first()


def _comment(comment: Comment) -> Context:
    return {"comment": comment.body, "author": comment.user.name, "by_partner": comment.user.role in CLAIMANTS}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
