"""What a reviewer does: start, take over, confirm a contact, ask, approve, reject."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from cpor_web import facts, history, lifecycle
from cpor_web.claims import competing, preflight
from cpor_web.claims.input import text_of
from cpor_web.consent import rounds, stops
from cpor_web.entities import ahead
from cpor_web.models import Claim, CustomerContact, Mail
from cpor_web.programme import Programme
from cpor_web.rules import transitions
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.reasons import REVIEWERS_CHOICE, Rejection, Request
from cpor_web.rules.roles import REVIEWERS, Actor, require
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

WHICH_PRODUCTS = N_("Choose which product is missing, or write it down.")


def start_review(
    session: Session, claim: Claim, *, actor: Actor, now: datetime, programme: Programme, seen: int | None = None
) -> None:
    """Begin to review; the claim is then this reviewer's, and the history names whose it was before."""
    lifecycle.hold(session, claim, seen=seen)
    data = {"from": claim.reviewer.name} if claim.reviewer and claim.reviewer_id != actor.user_id else None
    lifecycle.advance(session, claim, Action.START_REVIEW, actor=actor, now=now, programme=programme, data=data)
    claim.reviewer_id = actor.user_id


def take_over(
    session: Session, claim: Claim, *, actor: Actor, now: datetime, programme: Programme, seen: int | None = None
) -> None:
    """Take a claim under review from another reviewer, or one that waits without."""
    lifecycle.hold(session, claim, seen=seen)
    data = {"from": claim.reviewer.name if claim.reviewer else None}
    lifecycle.advance(session, claim, Action.TAKE_OVER, actor=actor, now=now, programme=programme, data=data)
    claim.reviewer_id = actor.user_id


def confirm_contact(
    session: Session, claim: Claim, contact_id: int, *, actor: Actor, now: datetime, seen: int | None = None
) -> None:
    """Confirm, as the reviewer who holds the claim, a contact whose address needs a reviewer's eye."""
    require(actor, REVIEWERS)
    lifecycle.hold(session, claim, seen=seen)
    if claim.status is not Status.UNDER_REVIEW or claim.reviewer_id != actor.user_id:
        raise NotAllowed(transitions.HOLDER.sentence)
    contact = session.get(CustomerContact, contact_id)
    if contact is None or contact.claim_id != claim.id:
        raise Invalid(N_("Choose a contact of this claim."), field_name="contact")
    contact.confirmed_by_id = actor.user_id
    claim.version += 1
    data = {"contact": contact.name}
    history.append(session, claim, "claim:contact-confirmed", actor=actor, now=now, data=data)


def request_information(
    session: Session,
    claim: Claim,
    asks: Mapping[Request, str],
    comment: str,
    *,
    products: Mapping[Request, Collection[str]] | None = None,
    actor: Actor,
    now: datetime,
    programme: Programme,
    seen: int | None = None,
) -> None:
    """Ask the partner for more: at least one reason, and what is missing for it or a comment.

    `products` are the claimed ones that each reason is about; *Missing products* names some, or says it in words.
    Refused while the check of the proof has a cell that is missing without words on it; so is a rejection.
    """
    lifecycle.hold(session, claim, seen=seen)
    if not asks:
        raise Invalid(N_("Choose at least one reason."), field_name="reasons")
    what = {reason.value: text_of(missing, "missing") for reason, missing in asks.items()}
    which = _claimed(claim, {reason: keys for reason, keys in (products or {}).items() if reason in asks})
    if is_unnamed(what.get(Request.PRODUCTS), which.get(Request.PRODUCTS, ())):
        raise Invalid(WHICH_PRODUCTS, field_name="reasons")
    comment = text_of(comment, "comment")
    if not comment and not any(what.values()) and not any(which.values()):
        raise Invalid(N_("Write to the partner what is needed."), field_name="comment")
    preflight.check_words(session, claim)
    data = {"asks": what, "products": which, "comment": comment}
    lifecycle.advance(
        session, claim, Action.REQUEST_INFORMATION, actor=actor, now=now, programme=programme, data=data
    )


def is_unnamed(missing: str | None, products: Collection[str]) -> bool:
    """Tell whether *Missing products* was chosen (`missing` is its text then) without any word on which."""
    return missing is not None and not missing and not products


def request_taken(session: Session, mail: Mail, *, now: datetime, programme: Programme) -> None:
    """Start the partner's clock: the mail server has taken the mail that asks."""
    if mail.claim_id is None:
        return
    claim = ahead.of(session, mail.claim_id).claim or session.get_one(Claim, mail.claim_id)
    lifecycle.hold(session, claim)
    is_this_request = mail.queued_at >= claim.status_since  # not an earlier one, answered before its mail was out
    if claim.status is Status.PARTNER_ACTION_REQUIRED and claim.due_at is None and is_this_request:
        lifecycle.start_partner_clock(claim, now, programme)


def approve(
    session: Session,
    claim: Claim,
    *,
    rationale: str = "",
    actor: Actor,
    now: datetime,
    programme: Programme,
    seen: int | None = None,
) -> None:
    """Approve, and ask the customer: the round and its notices are written in the same transaction.

    After a denial that was disputed the round needs the customer's explicit yes. Over another partner's association
    a claim is approved with a `rationale`; that association ends when this claim's consent period has passed.
    Refused while the check of the proof says that something is missing.
    """
    lifecycle.hold(session, claim, seen=seen)
    known = facts.of(session, claim, actor=actor, now=now, programme=programme)
    transitions.find(claim.status, Action.APPROVE, actor.role, known)
    preflight.check_nothing_missing(session, claim)
    others, rationale = competing.over(session, claim, rationale)
    needs_yes = claim.disputes_a_denial
    competing.put_over(session, claim, others, rationale, actor=actor, now=now)
    lifecycle.advance(session, claim, Action.APPROVE, actor=actor, now=now, programme=programme)
    round_ = rounds.open_round(session, claim, needs_yes=needs_yes, now=now, programme=programme)
    stops.ask_instead_of_erased(session, claim, round_, now=now, programme=programme)
    competing.tell(session, claim, others, rationale, actor=actor, now=now, programme=programme)


def reject(
    session: Session,
    claim: Claim,
    reason: Rejection | None,
    comment: str,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    seen: int | None = None,
) -> None:
    """Reject with one of the reviewer's reasons and a comment, which the partner reads."""
    lifecycle.hold(session, claim, seen=seen)
    if reason not in REVIEWERS_CHOICE:
        raise Invalid(N_("Choose a reason."), field_name="reason")
    comment = text_of(comment, "comment")
    if not comment:
        raise Invalid(N_("Write to the partner why."), field_name="comment")
    known = facts.of(session, claim, actor=actor, now=now, programme=programme)
    transitions.find(claim.status, Action.REJECT, actor.role, known)
    preflight.check_words(session, claim)
    lifecycle.say_why(claim, reason, comment=comment, by=claim.rejected_by_id)
    data = {"reason": reason.value, "comment": comment}
    lifecycle.advance(session, claim, Action.REJECT, actor=actor, now=now, programme=programme, data=data)
    claim.rejected_by_id = actor.user_id  # not before: who rejected may not decide on the dispute


def _claimed(claim: Claim, products: Mapping[Request, Collection[str]]) -> dict[str, list[str]]:
    """Return the products by reason, as the history keeps them; raise Invalid for one that is not claimed."""
    if any(key not in claim.product_keys for keys in products.values() for key in keys):
        raise Invalid(N_("Choose among the claimed products."), field_name="reasons")
    return {reason.value: sorted(keys) for reason, keys in products.items() if keys}
