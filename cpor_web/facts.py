"""Gathers what the rules may know of a claim."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Protocol

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import Session, joinedload, load_only

from cpor_web.database.prepared import Prepared, prepared
from cpor_web.entities import ahead, detached
from cpor_web.models import (
    IS_PROPOSED,
    Assessment,
    Claim,
    CustomerContact,
    Document,
    Event,
    Round,
    RoundState,
    Scan,
    User,
)
from cpor_web.programme import Programme
from cpor_web.rules import deadlines, fields
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.roles import REVIEWERS, Actor
from cpor_web.rules.transitions import Facts


def of(session: Session, claim: Claim, *, actor: Actor, now: datetime, programme: Programme) -> Facts:
    """Return the facts that guards judge by."""
    round_ = latest_round(session, claim)
    running = round_ is not None and round_.state is RoundState.RUNNING
    return Facts(
        missing=tuple(fields.LABELS[name] for name in missing_fields(claim, programme)),
        has_proof=_has_proof(session, claim),
        was_ever_submitted=claim.first_submitted_at is not None,
        actor_holds=claim.reviewer_id is not None and claim.reviewer_id == actor.user_id,
        unconfirmed_contacts=any(c.needs_confirmation and c.confirmed_by_id is None for c in claim.contacts),
        consent_running=running,
        yes_needed=round_ is not None and round_.needs_yes and round_.yes_at is None,
        contact_overdue=(
            round_ is not None
            and round_.state is RoundState.STOPPED
            and round_.contact_due_at is not None
            and deadlines.has_passed(round_.contact_due_at, now)
        ),
        declined_by_customer=claim.rejection is Rejection.CUSTOMER_DECLINE,
        edited_since_denial=claim.disputes_a_denial and _was_edited_since_denial(session, claim),
        dispute_used=claim.dispute_used,
        dispute_in_time=claim.dispute_until is not None and not deadlines.has_passed(claim.dispute_until, now),
        may_review_dispute=may_review(session, claim, actor),
    )


def latest_round(session: Session, claim: Claim) -> Round | None:
    """Return the claim's newest consent round, as it is in the database now."""
    read = ahead.of(session, claim.id).round
    if read is not None:
        return read
    newest = select(Round).where(Round.claim_id == claim.id).order_by(Round.number.desc()).limit(1)
    return session.scalar(newest.execution_options(populate_existing=True))


def read_parts(session: Session, claim: Claim) -> bool:
    """Read in one statement what facts and mails ask of a claim one by one: whose it is, its products and contacts.

    What was read before of it stays as it is. Returns whether the claim, which is locked, was ever to be assessed.
    """
    known = ahead.of(session, claim.id).is_assessed
    if known is not None:
        return known
    _claim, is_assessed = session.execute(_with_parts(), {"claim": claim.id}).unique().one()
    return bool(is_assessed)


@cache
def _with_parts() -> Select[Claim, bool]:
    return (
        select(Claim, exists().where(Assessment.claim_id == Claim.id))
        .where(Claim.id == bindparam("claim"))
        .options(
            load_only(Claim.id),
            joinedload(Claim.partner, innerjoin=True),
            joinedload(Claim.mpn_id),
            joinedload(Claim.filed_by, innerjoin=True).lazyload(User.partner),
            joinedload(Claim.products),
            joinedload(Claim.all_contacts),
        )
    )


def proven(session: Session, claim_ids: Collection[int]) -> Collection[int]:
    """Return those of these claims that have a proof of execution in which no malware was found."""
    return detached.found(session, _proven(), claims=claim_ids)


@cache
def _proven() -> Prepared:
    proof = (detached.among(Document.claim_id, "claims"), Document.scan != Scan.INFECTED)
    return prepared(select(Document.claim_id).where(*proof).distinct())


def _has_proof(session: Session, claim: Claim) -> bool:
    read = ahead.of(session, claim.id).has_proof
    return read if read is not None else bool(proven(session, [claim.id]))


def _was_edited_since_denial(session: Session, claim: Claim) -> bool:
    """Tell whether what the customer would restore is not what they denied any more."""
    of_claim = select(Event.position).where(Event.claim_id == claim.id)
    denied = of_claim.where(Event.kind == "consent:denied").order_by(Event.position.desc()).limit(1).scalar_subquery()
    edited = of_claim.where(Event.kind == "claim:edited", Event.position > denied)
    return session.scalar(edited.limit(1)) is not None


def proposed_contact(session: Session, claim: Claim) -> CustomerContact | None:
    """Return the partner's proposal of another contact that waits for a reviewer."""
    return session.scalar(select(CustomerContact).where(CustomerContact.claim_id == claim.id, IS_PROPOSED))


def missing_fields(claim: Claim, programme: Programme) -> tuple[str, ...]:
    """Return the names of the fields that must be filled before the claim can be submitted."""
    first = next(iter(claim.contacts), None)
    values = {
        "name": claim.name,
        "mpn_id": claim.mpn_id,
        "customer_name": claim.customer_name,
        "customer_domain": claim.customer_domain,
        "tenant_id": claim.tenant_id,
        "subscription_id": claim.subscription_id,
        "area": claim.area,
        "activity": claim.activity,
        "products": claim.products,
        "contact_name": first and first.name,
        "contact_email": first and first.email,
        "contact_language": first.language if first else "en",  # the form always has one
        "partner_contact_name": claim.partner_contact_name,
        "partner_contact_email": claim.partner_contact_email,
    }
    return fields.missing(values, needs_subscription=programme.catalogue.needs_subscription(claim.area))


class Disputable(Protocol):
    """A claim, or a line of one, as far as it matters who may decide on it."""

    @property
    def is_disputed(self) -> bool: ...
    @property
    def rejected_by_id(self) -> int | None: ...


def may_review(session: Session, claim: Disputable, actor: Actor) -> bool:
    """Tell whether this reviewer may decide: of a dispute another than who rejected, where there is one."""
    if not claim.is_disputed or claim.rejected_by_id is None or claim.rejected_by_id != actor.user_id:
        return True
    return not has_other_reviewers(session, actor)


def has_other_reviewers(session: Session, actor: Actor) -> bool:
    """Tell whether anybody else could decide."""
    other = exists().where(User.role.in_(REVIEWERS), User.active, User.id != actor.user_id)
    return bool(session.scalar(select(other)))
