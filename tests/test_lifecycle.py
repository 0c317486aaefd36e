"""What the table refuses changes nothing; what it allows does what its row says."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import lifecycle
from cpor_web.claims import lapsing, operations
from cpor_web.consent import answers, rounds
from cpor_web.facts import latest_round
from cpor_web.models import Claim, Event, Mail, Round
from cpor_web.programme import Programme
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import NotAllowed, NotYours, Stale
from cpor_web.rules.reasons import Denial, Rejection, Request, Way, Withdrawal
from cpor_web.rules.roles import SYSTEM, USER_ROLES, Actor, Role
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import TABLE, Clock, Rule
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.rows import changed, dump

LATER = NOW + timedelta(hours=1)
FIVE_BUSINESS_DAYS = datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC)
"""The end of the Monday after NOW's, in Berlin."""

IN_STATUS = {
    Status.EDITING: claims.editing,
    Status.SUBMITTED: claims.submitted,
    Status.UNDER_REVIEW: claims.under_review,
    Status.PARTNER_ACTION_REQUIRED: claims.partner_action_required,
    Status.APPROVED: claims.running,
    Status.REJECTED: claims.rejected,
}


def _verb(action: Action) -> Callable[..., Any]:
    """Return what a person does, as `verb(session, claim, actor=…, now=…, programme=…)`."""
    asks = {Request.DATES: "The order has no date."}
    verbs: dict[Action, Callable[..., Any]] = {
        Action.SUBMIT: operations.submit,
        Action.DELETE: operations.delete_draft,
        Action.START_REVIEW: operations.start_review,
        Action.TAKE_OVER: operations.take_over,
        Action.APPROVE: operations.approve,
        Action.RESUBMIT: operations.resubmit,
        Action.REQUEST_INFORMATION: lambda s, c, **how: operations.request_information(s, c, asks, "Date?", **how),
        Action.REJECT: lambda s, c, **how: operations.reject(s, c, Rejection.MISSING_PRODUCTS, "No Intune.", **how),
        Action.WITHDRAW: lambda s, c, **how: operations.withdraw(s, c, Withdrawal.CUSTOMER_LEFT, **how),
        Action.DISPUTE: lambda s, c, **how: operations.dispute(s, c, "It is on page 3.", **how),
    }
    return verbs.get(action, lambda s, c, **how: lifecycle.advance(s, c, action, **how))


def _actor(session: Session, claim: Claim, role: Role) -> Actor:
    if role is Role.REVIEWER and claim.reviewer is not None:
        return claim.reviewer.actor
    if role in USER_ROLES:
        partner = None if role in {Role.REVIEWER, Role.ADMINISTRATOR} else claim.partner
        return factories.user(session, role, partner=partner).actor
    return SYSTEM if role is Role.SYSTEM else Actor(Role.CUSTOMER, "Carla Conti")


def _refused() -> Iterator[Any]:
    allowed = {(rule.source, rule.action): rule.by for rule in TABLE}
    for status in Status:
        for action in Action:
            roles = [role for role in Role if role not in allowed.get((status, action), ())]
            if roles:
                yield pytest.param(status, action, roles, id=f"{action} while {status}")


@pytest.mark.parametrize(("status", "action", "roles"), list(_refused()))
def test_what_the_table_refuses_is_refused_and_changes_not_one_row(
    db_session: Session, programme: Programme, status: Status, action: Action, roles: list[Role]
) -> None:
    claim = IN_STATUS[status](db_session, programme)
    actors = [_actor(db_session, claim, role) for role in roles]
    before = dump(db_session)
    for actor in actors:
        with pytest.raises((NotAllowed, NotYours)):
            _verb(action)(db_session, claim, actor=actor, now=LATER, programme=programme)
        assert changed(before, dump(db_session)) == [], f"{action} by {actor.role}"


Prepared = tuple[Claim, Callable[[Actor], Any]]


def _people(make: Callable[..., Claim], action: Action) -> Callable[[Session, Programme], Prepared]:
    def prepare(session: Session, programme: Programme) -> Prepared:
        claim = make(session, programme)
        return claim, lambda actor: _verb(action)(session, claim, actor=actor, now=LATER, programme=programme)

    return prepare


def _lapse(session: Session, programme: Programme) -> Prepared:
    claim = claims.partner_action_required(session, programme)
    assert claim.due_at is not None
    late = claim.due_at + timedelta(seconds=1)
    return claim, lambda _actor: lapsing.lapse(session, claim.id, now=late, programme=programme)


def _contact_lapse(session: Session, programme: Programme) -> Prepared:
    claim = claims.running(session, programme)
    (invitation,) = claims.invitations_of(session, claim)
    answers.not_the_right_person(session, invitation, now=NOW, programme=programme)
    round_ = invitation.round
    round_.contact_due_at, round_.contact_rule = NOW, {"period": "contact"}
    return claim, lambda _actor: lapsing.lapse_contact(session, round_.id, now=LATER, programme=programme)


def _deny(session: Session, programme: Programme) -> Prepared:
    claim = claims.running(session, programme)
    (invitation,) = claims.invitations_of(session, claim)
    about: dict[str, Any] = {"reason": Denial.OTHER, "way": Way.PAGE, "now": LATER, "programme": programme}
    return claim, lambda _actor: answers.deny(session, invitation, **about)


def _close(session: Session, programme: Programme, *, needs_yes: bool = False) -> Prepared:
    claim = claims.running(session, programme)
    (invitation,) = claims.invitations_of(session, claim)
    invitation.round.needs_yes = needs_yes
    late = NOW + timedelta(days=9)
    return claim, lambda _actor: rounds.close(session, invitation.round_id, now=late, programme=programme)


def _undo(session: Session, programme: Programme, *, where: Status) -> Prepared:
    """A denied claim, and of its dispute, in that status."""
    claim = claims.denied(session, programme)
    (invitation,) = claims.invitations_of(session, claim)
    if where is Status.UNDER_REVIEW:
        claims.dispute(session, programme, claim)
    elif where is not Status.REJECTED:
        claims.dispute_and_send_back(session, programme, claim)
    if where is Status.SUBMITTED:
        operations.resubmit(session, claim, actor=claim.filed_by.actor, now=NOW, programme=programme)
    return claim, lambda _actor: answers.undo(session, invitation, now=LATER, programme=programme)


def _replace(session: Session, programme: Programme) -> Prepared:
    """An association that another partner's claim was approved over, and the closing of that one."""
    replaced = claims.running(session, programme)
    claim = claims.under_review(session, programme, tenant_id=str(replaced.tenant_id))
    assert claim.reviewer is not None
    about: dict[str, Any] = {"actor": claim.reviewer.actor, "now": NOW, "programme": programme}
    operations.approve(session, claim, rationale="The newer order names them.", **about)
    (invitation,) = claims.invitations_of(session, claim)
    claims.take_notice(session, programme, invitation)
    late = NOW + timedelta(days=9)
    return replaced, lambda _actor: rounds.close(session, invitation.round_id, now=late, programme=programme)


ALLOWED: dict[tuple[Status | None, Action], Callable[[Session, Programme], Prepared]] = {
    (Status.EDITING, Action.SUBMIT): _people(claims.editing, Action.SUBMIT),
    (Status.SUBMITTED, Action.START_REVIEW): _people(claims.submitted, Action.START_REVIEW),
    (Status.UNDER_REVIEW, Action.REQUEST_INFORMATION): _people(claims.under_review, Action.REQUEST_INFORMATION),
    (Status.PARTNER_ACTION_REQUIRED, Action.RESUBMIT): _people(claims.partner_action_required, Action.RESUBMIT),
    (Status.UNDER_REVIEW, Action.APPROVE): _people(claims.under_review, Action.APPROVE),
    (Status.UNDER_REVIEW, Action.REJECT): _people(claims.under_review, Action.REJECT),
    (Status.UNDER_REVIEW, Action.TAKE_OVER): _people(claims.under_review, Action.TAKE_OVER),
    (Status.SUBMITTED, Action.WITHDRAW): _people(claims.submitted, Action.WITHDRAW),
    (Status.UNDER_REVIEW, Action.WITHDRAW): _people(claims.under_review, Action.WITHDRAW),
    (Status.PARTNER_ACTION_REQUIRED, Action.WITHDRAW): _people(claims.partner_action_required, Action.WITHDRAW),
    (Status.APPROVED, Action.WITHDRAW): _people(claims.running, Action.WITHDRAW),
    (Status.PARTNER_ACTION_REQUIRED, Action.LAPSE): _lapse,
    (Status.APPROVED, Action.DENY): _deny,
    (Status.APPROVED, Action.PASS): _close,
    (Status.APPROVED, Action.DECLINE_BY_SILENCE): lambda s, p: _close(s, p, needs_yes=True),
    (Status.APPROVED, Action.CONTACT_LAPSE): _contact_lapse,
    (Status.APPROVED, Action.REPLACE): _replace,
    (Status.REJECTED, Action.DISPUTE): _people(claims.rejected, Action.DISPUTE),
    (Status.REJECTED, Action.UNDO_DENIAL): partial(_undo, where=Status.REJECTED),
    (Status.UNDER_REVIEW, Action.UNDO_DENIAL): partial(_undo, where=Status.UNDER_REVIEW),
    (Status.PARTNER_ACTION_REQUIRED, Action.UNDO_DENIAL): partial(_undo, where=Status.PARTNER_ACTION_REQUIRED),
    (Status.SUBMITTED, Action.UNDO_DENIAL): partial(_undo, where=Status.SUBMITTED),
}
"""A claim in each row's status with what its action needs, and the verb that does it."""

ELSEWHERE = {(None, Action.CREATE), (Status.EDITING, Action.DELETE)}
"""What begins and ends a draft: see test_filing."""

DUE_RULE = {
    Clock.SUBMITTED: "submitted",
    Clock.REVIEW: "review",
    Clock.DISPUTE_REVIEW: "dispute-review",
}


def test_every_row_of_the_table_is_tried() -> None:
    assert set(ALLOWED) | ELSEWHERE == {(rule.source, rule.action) for rule in TABLE}


def _rows() -> Iterator[Any]:
    for rule in TABLE:
        if (rule.source, rule.action) in ALLOWED:
            for role in sorted(rule.by):
                yield pytest.param(rule, role, id=f"{rule.action} while {rule.source} by {role}")


@pytest.mark.parametrize(("rule", "role"), list(_rows()))
def test_what_the_table_allows_does_what_its_row_says(
    db_session: Session, programme: Programme, rule: Rule, role: Role
) -> None:
    claim, act = ALLOWED[rule.source, rule.action](db_session, programme)
    actor = _actor(db_session, claim, role)
    if role is Role.ADMINISTRATOR and rule.guards and rule.guards[0].name == "the claim's reviewer":
        claim.reviewer_id = actor.user_id
    if rule.action is Action.TAKE_OVER:
        actor = factories.user(db_session, role).actor
    db_session.commit()
    version, due, last_mail = claim.version, claim.due_at, _last_id(db_session, Mail)
    last_event = _last_id(db_session, Event)
    act(actor)
    db_session.commit()
    db_session.refresh(claim)
    assert claim.status is rule.target
    assert claim.version > version
    events = db_session.scalars(select(Event).where(Event.id > last_event).order_by(Event.id)).all()
    event = next(each for each in events if each.kind == rule.event)
    assert (event.role, event.user_id, event.version) == (role, actor.user_id, version + 1)
    mails = db_session.scalars(
        select(Mail).where(Mail.id > last_mail, Mail.to_address == claim.partner_contact_email)
    )
    assert set(rule.mails) <= {mail.kind for mail in mails}
    _assert_clock(claim, rule, due)


def _assert_clock(claim: Claim, rule: Rule, due: datetime | None) -> None:
    if rule.clock in DUE_RULE:
        assert claim.due_at == FIVE_BUSINESS_DAYS
        assert claim.due_rule is not None
        expected = "resubmitted" if rule.action is Action.RESUBMIT else DUE_RULE[rule.clock]
        assert claim.due_rule["period"] == expected
    else:
        assert claim.due_at == (due if rule.clock is Clock.KEEP else None)


def _last_id(session: Session, table: type[Mail] | type[Event]) -> int:
    return session.scalar(select(table.id).order_by(table.id.desc()).limit(1)) or 0


def test_a_decision_on_a_page_older_than_the_claim_is_stale_and_tells_what_came_since(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.under_review(db_session, programme)
    assert claim.reviewer is not None
    reviewer, seen = claim.reviewer.actor, claim.version
    operations.comment(db_session, claim, "Wait!", actor=claim.filed_by.actor, now=NOW, programme=programme)
    with pytest.raises(Stale) as stale:
        operations.approve(db_session, claim, actor=reviewer, now=LATER, programme=programme, seen=seen)
    assert claim.status is Status.UNDER_REVIEW
    since = lifecycle.changes_since(db_session, claim, stale.value.since, reviewer)
    assert [event.kind for event in since] == ["comment:added"]


def test_a_partner_is_not_told_of_internal_events_that_came_since(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    assert claim.reviewer is not None
    operations.note(db_session, claim, "Hm.", actor=claim.reviewer.actor, now=NOW)
    partner, reviewer = claim.filed_by.actor, claim.reviewer.actor
    assert "note:added" not in {e.kind for e in lifecycle.changes_since(db_session, claim, 0, partner)}
    assert "note:added" in {e.kind for e in lifecycle.changes_since(db_session, claim, 0, reviewer)}


def test_two_verbs_in_one_transaction_lose_nothing_of_the_first(db_session: Session, programme: Programme) -> None:
    claim = claims.submitted(db_session, programme)
    reviewer = factories.user(db_session, Role.REVIEWER).actor
    operations.start_review(db_session, claim, actor=reviewer, now=NOW, programme=programme)
    operations.approve(db_session, claim, actor=reviewer, now=NOW, programme=programme)
    assert claim.status is Status.APPROVED
    round_ = latest_round(db_session, claim)
    assert isinstance(round_, Round)
