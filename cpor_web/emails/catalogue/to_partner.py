"""What the partner contact gets."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cpor_web.emails.catalogue import addressing, facts
from cpor_web.models import (
    Answer,
    Assessment,
    Claim,
    Comment,
    CustomerContact,
    Event,
    Mail,
    Replacement,
    Round,
    RoundState,
)
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Request
from cpor_web.rules.statuses import Status

_RATIONALE = (
    select(Replacement.rationale)
    .join(Replacement.replaced)
    .where(
        Replacement.claim_id == bindparam("claim"),
        Replacement.ended_at.is_(None),
        Claim.status == Status.APPROVED,
    )
    .order_by(Replacement.id.desc())
    .limit(1)
)


def claim_received(
    session: Session, claim: Claim, *, event: str, data: Mapping[str, Any], now: datetime, programme: Programme
) -> None:
    """Say that the claim, or its resubmission or dispute, has come in (`event`), and by when it is looked at.

    The same reviewer keeps what is resubmitted, unless they gave it back meanwhile, or have left.
    """
    is_resubmitted = event == "claim:resubmitted"
    about = {
        "is_disputed": event == "claim:disputed",
        "is_resubmitted": is_resubmitted,
        "is_anyones": is_resubmitted and claim.present_reviewer is None,
    }
    addressing.for_partner(session, "claim-received", claim, now, programme, **about)


def review_started(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> None:
    """Say that a reviewer has started, and by when the decision is due."""
    addressing.for_partner(session, "review-started", claim, now, programme)


def information_requested(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> None:
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
    addressing.for_partner(session, "information-requested", claim, now, programme, **about)


def approved(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> None:
    """Say that the reviewer approved, that the customer has its days once our notice is out, and is not paid.

    Over another partner's association also that, and the reviewer's rationale.
    """
    # As the claim still stands at this moment: what was declined and disputed needs the customer's yes.
    needs_yes = claim.disputes_a_denial
    rationale = session.scalar(_RATIONALE, {"claim": claim.id})
    over = {"rationale": rationale} if rationale else {}
    addressing.for_partner(
        session, "approved", claim, now, programme, days=programme.periods.consent, needs_yes=needs_yes, **over
    )


def rejected(
    session: Session, claim: Claim, *, event: str, data: Mapping[str, Any], now: datetime, programme: Programme
) -> None:
    """Say why, in which words, how to dispute and until when, or that it is final. `event` brought it about."""
    addressing.for_partner(
        session,
        "rejected",
        claim,
        now,
        programme,
        reason=claim.rejection.label if claim.rejection else "",
        detail=claim.rejection_detail.label if claim.rejection_detail else "",
        comment=claim.rejection_comment,
        dispute_until=facts.iso(claim.dispute_until),
        is_late=bool(data.get("late")),
        decides_dispute=claim.dispute_used and event == "claim:rejected",
        no_yes_by=data.get("ends_at") if event == "consent:declined-by-silence" else None,
    )


def consent_period_passed(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> None:
    """Say that the customer did not object, and that the claim goes to assessment."""
    addressing.for_partner(session, "consent-period-passed", claim, now, programme)


def assessment_result(session: Session, assessment: Assessment, *, now: datetime, programme: Programme) -> None:
    """Say whether the association can earn incentives, and why."""
    addressing.for_partner(
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
    turned_down: Mapping[str, str] | None = None,
    now: datetime,
    programme: Programme,
) -> None:
    """Ask the partner for a right contact; says instead of whom, why (`astray`, with msgids), and by when.

    Where the reviewer has `turned_down` whom the partner proposed, also who that was, and why not.
    """
    about: dict[str, Any] = {"contact_due": facts.iso(round_.contact_due_at), "astray": facts.astray(astray)}
    about |= {"turned_down": turned_down} if turned_down else {}
    addressing.for_partner(session, "contact-needed", claim, now, programme, **about)


def consent_period_goes_on(
    session: Session, claim: Claim, round_: Round, asked_again: Sequence[str], *, now: datetime, programme: Programme
) -> None:
    """Tell the partner that the consent period goes on, and who is asked once more for it (`asked_again`, names)."""
    about = {**facts.consent(round_), "is_waiting": round_.state is RoundState.WAITING}
    addressing.for_partner(
        session, "consent-period-goes-on", claim, now, programme, asked_again=list(asked_again), **about
    )


def partner_reminder(
    session: Session,
    claim: Claim,
    *,
    due: datetime,
    astray: Sequence[tuple[CustomerContact, str]] = (),
    missed: bool = False,
    now: datetime,
    programme: Programme,
) -> None:
    """Remind of the partner's deadline: to resubmit, or of an approved claim, to name a right contact (`astray`).

    What the partner is asked may have `missed` its contact: those are reminded then who were asked instead.
    """
    about = {"due_at": facts.iso(due), "for_contact": claim.status is Status.APPROVED, "astray": facts.astray(astray)}
    context, address = {**facts.about(claim, programme), **about}, addressing.partner_contact(claim).address
    if missed and addressing.for_others_there(session, "partner-reminder", claim, address, context, now):
        return
    addressing.for_partner(session, "partner-reminder", claim, now, programme, **about)


def denial_recorded_for_partner(
    session: Session, claim: Claim, answer: Answer, *, now: datetime, programme: Programme
) -> None:
    """Tell the partner what was recorded, when, and by which way."""
    addressing.for_partner(session, "denial-recorded-partner", claim, now, programme, **facts.answer(answer))


def association_contested(
    session: Session, claim: Claim, *, rationale: str, now: datetime, programme: Programme
) -> None:
    """Tell a partner that another's claim was approved over its association, why, and when that would end it."""
    addressing.for_partner(session, "association-contested", claim, now, programme, rationale=rationale)


def denial_undone_for_partner(
    session: Session, claim: Claim, round_: Round, *, needs_contact: bool, now: datetime, programme: Programme
) -> None:
    """Tell the partner that the customer restored the association, and how its consent period goes on.

    `needs_contact` tells whether it stands still until the partner names a right contact.
    """
    is_waiting = round_.state is RoundState.WAITING
    about = {**facts.consent(round_), "is_waiting": is_waiting, "needs_contact": needs_contact}
    addressing.for_partner(session, "denial-undone-partner", claim, now, programme, **about)


def comment_for_partner(
    session: Session, claim: Claim, comment: Comment, *, now: datetime, programme: Programme
) -> None:
    """Quote a reviewer's comment to the partner contact."""
    addressing.for_partner(session, "new-comment", claim, now, programme, **facts.comment(comment))


def to_the_partners_others(session: Session, claim: Claim, failed: Mail, *, begins: bool, now: datetime) -> bool:
    """Send what the partner contact could not get to others at the partner; tell whether there is anybody else.

    Where the partner's time `begins` with that, it is no copy, with which none begins.
    """
    context = {name: fact for name, fact in failed.context.items() if not (begins and name == "copy_of")}
    return addressing.for_others_there(session, failed.kind, claim, failed.to_address, context, now)


BY_TRANSITION: Mapping[str, Callable[..., None]] = {
    "claim-received": claim_received,
    "review-started": review_started,
    "information-requested": information_requested,
    "approved": approved,
    "rejected": rejected,
    "consent-period-passed": consent_period_passed,
}
"""The mails that a transition sends by its name in the table."""

TELL_OF_THE_EVENT = frozenset({"claim-received", "rejected"})
"""Those of them that are given the event that the transition was, and its data."""
