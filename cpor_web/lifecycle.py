"""The only code that sets a claim's status, and why it was rejected.

`advance` does what one row of the transition table says, in the caller's transaction: it checks, sets the status
and the deadline, appends the event and queues the mails. It does not commit.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cpor_web import facts, history
from cpor_web.emails.catalogue import to_partner
from cpor_web.entities import ahead
from cpor_web.models import Claim, Event
from cpor_web.programme import Programme
from cpor_web.rules import deadlines, transitions
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import NotAllowed, Stale
from cpor_web.rules.reasons import Rejection, Withdrawal
from cpor_web.rules.roles import REVIEWERS, Actor
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import Clock, Rule
from cpor_web.rules.words import N_

_LOCK = (
    select(Claim)
    .where(Claim.id == bindparam("id"))
    .with_for_update(of=Claim, key_share=True)
    .execution_options(populate_existing=True)
)
"""No join is in it, however the claim was read before: of what was waited for, PostgreSQL would join the old rows."""


def hold(session: Session, claim: Claim, *, seen: int | None = None) -> Claim:
    """Lock the claim's row and read it afresh; first of all locks (claim, round, history head, outbox).

    `seen` is the version that the person's page showed: where the claim has changed since, raises Stale with the
    kinds of what came since in `events`.
    """
    if ahead.of(session, claim.id).claim is not claim:
        session.flush()  # what is read afresh drops what an earlier verb of the same transaction has not written yet
        session.scalars(_LOCK, {"id": claim.id}).one()
    if claim.deleted_at is not None:
        raise NotAllowed(N_("This draft was deleted."))
    if seen is not None:
        check_seen(claim, seen)
    return claim


def check_seen(claim: Claim, seen: int) -> None:
    """Raise Stale where the claim has changed since a page showed its version `seen`."""
    if seen != claim.version:
        raise Stale(
            N_("The claim has changed since you opened this page. Nothing was done. See what is new, then decide."),
            since=seen,
        )


def changes_since(session: Session, claim: Claim, version: int, actor: Actor) -> list[Event]:
    """Return the events that `actor` may see and that came after `version`, oldest first."""
    query = select(Event).where(Event.claim_id == claim.id, Event.version > version).order_by(Event.position)
    if actor.role not in REVIEWERS:
        query = query.where(~Event.is_internal)
    return list(session.scalars(query))


def advance(
    session: Session,
    claim: Claim,
    action: Action,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    data: dict[str, Any] | None = None,
) -> Rule:
    """Do `action` to a claim that `hold` has locked, and return the rule by which it was done.

    `data` goes into the history event. Raises NotAllowed, NotYours or GuardFailed, and has then changed nothing.
    """
    rule = transitions.row(claim.status, action, actor.role)
    if rule.guards:
        transitions.check(rule, facts.of(session, claim, actor=actor, now=now, programme=programme))
    assert rule.target is not None, "a deletion is not an advance"
    claim.version += 1
    if rule.target is not rule.source:
        claim.status, claim.status_since = rule.target, now
    _set_clock(claim, rule, now, programme)
    _set_dispute(claim, rule, now, programme)
    history.append(session, claim, rule.event, actor=actor, now=now, data=data)
    for mail in rule.mails:
        about = {"event": rule.event, "data": data or {}} if mail in to_partner.TELL_OF_THE_EVENT else {}
        to_partner.BY_TRANSITION[mail](session, claim, now=now, programme=programme, **about)
    if rule.action in {Action.APPROVE, Action.UNDO_DENIAL}:
        _forget_why(claim)  # not before: the mail of an accepted dispute is written by what it was about
    return rule


def say_why(
    claim: Claim, reason: Rejection, *, detail: Withdrawal | None = None, comment: str = "", by: int | None = None
) -> None:
    """Set why a claim is being rejected, with a comment that the partner reads, and by which reviewer."""
    claim.rejection, claim.rejection_detail = reason, detail
    claim.rejection_comment, claim.rejected_by_id = comment, by


def start_partner_clock(claim: Claim, now: datetime, programme: Programme) -> None:
    """Start the partner's deadline: at the moment the mail server took the mail that tells of it."""
    due = deadlines.business_days("partner", now, programme.periods.partner, programme.calendar)
    claim.due_at, claim.due_rule = due.at, due.rule


def _set_clock(claim: Claim, rule: Rule, now: datetime, programme: Programme) -> None:
    if rule.clock is Clock.KEEP:
        return
    claim.due_at = claim.due_rule = None
    calendar, periods = programme.calendar, programme.periods
    if rule.clock is Clock.SUBMITTED:
        claim.held_since = now
        period = "resubmitted" if rule.action is Action.RESUBMIT else "submitted"
        _operator_has(claim, deadlines.business_days(period, now, periods.submitted, calendar), programme)
    elif rule.clock is Clock.REVIEW:
        _operator_has(claim, deadlines.business_days("review", now, periods.review, calendar), programme)
    elif rule.clock is Clock.DISPUTE_REVIEW:
        claim.held_since, claim.days_used = now, 0
        due = deadlines.business_days("dispute-review", now, periods.dispute_review, calendar)
        claim.due_at, claim.due_rule = due.at, due.rule
    elif claim.held_since is not None:
        claim.days_used += deadlines.days_held(claim.held_since, now, calendar)
        claim.held_since = None


def _operator_has(claim: Claim, stage: deadlines.Deadline, programme: Programme) -> None:
    assert claim.held_since is not None
    whole = programme.periods.decision
    due = deadlines.operator_due(stage, claim.held_since, claim.days_used, whole, programme.calendar)
    claim.due_at, claim.due_rule = due.at, due.rule


def _set_dispute(claim: Claim, rule: Rule, now: datetime, programme: Programme) -> None:
    claim.dispute_until = claim.dispute_rule = None
    if rule.target is Status.REJECTED:
        claim.is_disputed = False
        if not claim.dispute_used:
            until = deadlines.calendar_days("dispute", now, programme.periods.dispute, programme.calendar)
            claim.dispute_until, claim.dispute_rule = until.at, until.rule
    elif rule.action is Action.DISPUTE:
        claim.is_disputed = claim.dispute_used = True
        claim.reviewer_id = None
    elif rule.action is Action.UNDO_DENIAL:
        claim.dispute_used = claim.dispute_used and not claim.is_disputed


def _forget_why(claim: Claim) -> None:
    """Take back why a claim was rejected, and that this is disputed."""
    claim.is_disputed = False
    claim.rejection = claim.rejection_detail = claim.rejected_by_id = None
    claim.rejection_comment = ""
