"""What a reviewer does, and what stands between a reviewer and a decision."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import operations, queries
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.facts import latest_round
from cpor_web.models import Claim, RoundState, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, Invalid, NotAllowed, NotYours
from cpor_web.rules.reasons import REVIEWERS_CHOICE, Rejection, Request
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.rows import changed, dump

LATER = NOW + timedelta(hours=1)
AT_GMAIL = ContactDraft(name="Carla Conti", email="carla@gmail.com", reason="She has no other.")


def reviewer(session: Session, **fields: Any) -> User:
    return factories.user(session, Role.REVIEWER, **fields)


def about(user: User, programme: Programme) -> dict[str, Any]:
    return {"actor": user.actor, "now": LATER, "programme": programme}


def holder(claim: Claim) -> User:
    assert claim.reviewer is not None
    return claim.reviewer


DECISIONS: dict[str, Callable[..., None]] = {
    "approve": operations.approve,
    "reject": lambda s, c, **how: operations.reject(s, c, Rejection.MISSING_PRODUCTS, "No Intune.", **how),
    "ask": lambda s, c, **how: operations.request_information(s, c, {Request.DATES: ""}, "Date?", **how),
}


def test_who_starts_the_review_holds_the_claim(db_session: Session, programme: Programme) -> None:
    claim, starter = claims.submitted(db_session, programme), reviewer(db_session)
    operations.start_review(db_session, claim, **about(starter, programme))
    assert claim.reviewer_id == starter.id


@pytest.mark.parametrize("decide", DECISIONS.values(), ids=list(DECISIONS))
def test_only_the_holder_decides(db_session: Session, programme: Programme, decide: Callable[..., None]) -> None:
    claim, other = claims.under_review(db_session, programme), reviewer(db_session)
    before = dump(db_session)
    with pytest.raises(GuardFailed):
        decide(db_session, claim, **about(other, programme))
    assert changed(before, dump(db_session)) == []
    operations.take_over(db_session, claim, **about(other, programme))
    decide(db_session, claim, **about(other, programme))
    assert claim.status is not Status.UNDER_REVIEW


def test_a_holder_does_not_take_over_from_itself(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    with pytest.raises(GuardFailed):
        operations.take_over(db_session, claim, **about(holder(claim), programme))


@pytest.mark.parametrize("reason", [None, *(each for each in Rejection if each not in REVIEWERS_CHOICE)])
def test_a_reviewer_rejects_with_no_reason_but_a_reviewers(
    db_session: Session, programme: Programme, reason: Rejection | None
) -> None:
    claim = claims.under_review(db_session, programme)
    with pytest.raises(Invalid) as refused:
        operations.reject(db_session, claim, reason, "Because.", **about(holder(claim), programme))
    assert refused.value.field_name == "reason"


@pytest.mark.parametrize("comment", ["", " \n\t ", "\x00", "c" * 10_001])
def test_a_partner_is_never_turned_down_without_words(
    db_session: Session, programme: Programme, comment: str
) -> None:
    claim = claims.under_review(db_session, programme)
    how = about(holder(claim), programme)
    with pytest.raises(Invalid):
        operations.reject(db_session, claim, Rejection.PROOF_UNAVAILABLE, comment, **how)
    with pytest.raises(Invalid):
        operations.request_information(db_session, claim, {Request.DATES: ""}, comment, **how)
    assert claim.status is Status.UNDER_REVIEW


def test_missing_products_are_named_or_written_down(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    asks, how = {Request.PRODUCTS: " "}, about(holder(claim), programme)
    for products in ({}, {Request.PRODUCTS: []}, {Request.DATES: ["teams"]}):
        with pytest.raises(Invalid, match="which product is missing"):
            operations.request_information(db_session, claim, asks, "Please!", products=products, **how)
    strange = {Request.PRODUCTS: ["onedrive"]}
    with pytest.raises(Invalid, match="claimed products"):
        operations.request_information(db_session, claim, asks, "Please!", products=strange, **how)
    named = {Request.PRODUCTS: ["teams", "intune"]}
    operations.request_information(db_session, claim, asks, "", products=named, **how)
    asked = claims.mail_of(db_session, claim, "information-requested").context["asks"]
    assert asked == [{"reason": "Missing products", "products": ["Intune", "Teams"], "words": ""}]


def test_after_resubmission_the_reviewer_keeps_the_claim_and_another_takes_it_over_on_record(
    db_session: Session, programme: Programme
) -> None:
    claim, other = claims.partner_action_required(db_session, programme), reviewer(db_session)
    first = holder(claim)
    by_partner = {**about(first, programme), "actor": claim.filed_by.actor}
    operations.resubmit(db_session, claim, **by_partner)
    assert claim.reviewer_id == first.id
    assert claim.due_rule is not None
    assert claim.due_rule["period"] == "resubmitted"
    operations.start_review(db_session, claim, **about(other, programme))
    db_session.flush()
    event = queries.history(db_session, claim, other.actor, kind="claim:review-started")[0]
    assert (claim.reviewer_id, event.data) == (other.id, {"from": first.name})


def test_a_request_needs_a_reason(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    with pytest.raises(Invalid) as refused:
        operations.request_information(db_session, claim, {}, "More!", **about(holder(claim), programme))
    assert refused.value.field_name == "reasons"


def test_a_rejection_says_why_in_whose_words_and_until_when_to_dispute(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.rejected(db_session, programme)
    assert (claim.rejection, claim.rejected_by_id) == (Rejection.INSUFFICIENT_PROOF, claim.reviewer_id)
    mail = claims.mail_of(db_session, claim, "rejected")
    assert mail.context["comment"] == "The order names another customer."
    assert claim.dispute_until is not None
    assert mail.context["dispute_until"] == claim.dispute_until.isoformat()
    zone = programme.calendar.zone
    assert claim.dispute_until.astimezone(zone).isoformat() == "2026-12-16T23:59:59+01:00"


def test_a_contact_of_an_unlikely_address_is_confirmed_before_approval(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.under_review(db_session, programme, contact=AT_GMAIL)
    how, (contact,) = about(holder(claim), programme), claim.contacts
    with pytest.raises(GuardFailed, match="Confirm"):
        operations.approve(db_session, claim, **how)
    operations.confirm_contact(db_session, claim, contact.id, actor=how["actor"], now=LATER)
    operations.approve(db_session, claim, **how)
    assert claim.status is Status.APPROVED


def test_a_new_address_or_reason_must_be_confirmed_anew(db_session: Session, programme: Programme) -> None:
    claim = claims.partner_action_required(db_session, programme, contact=AT_GMAIL)
    (contact,) = claim.contacts
    contact.confirmed_by_id = claim.reviewer_id
    for change in ({"reason": "Another."}, {"email": "c.conti@gmail.com"}):
        typed = replace(Draft.from_claim(claim), contact=replace(AT_GMAIL, **change))
        operations.save(db_session, claim, typed, **about(claim.filed_by, programme))
        db_session.flush()
        db_session.refresh(claim)
        (contact,) = claim.contacts
        assert contact.confirmed_by_id is None
        contact.confirmed_by_id = claim.reviewer_id


def test_only_the_holder_confirms_and_only_a_contact_of_the_claim(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme, contact=AT_GMAIL)
    (strange,) = claims.submitted(db_session, programme).contacts
    (mine,) = claim.contacts
    with pytest.raises(NotAllowed):
        operations.confirm_contact(db_session, claim, mine.id, actor=reviewer(db_session).actor, now=LATER)
    with pytest.raises(NotYours):
        operations.confirm_contact(db_session, claim, mine.id, actor=claim.filed_by.actor, now=LATER)
    with pytest.raises(Invalid):
        operations.confirm_contact(db_session, claim, strange.id, actor=holder(claim).actor, now=LATER)


def test_approval_is_not_final_before_the_customer_was_asked(db_session: Session, programme: Programme) -> None:
    claim = claims.approved(db_session, programme)
    round_ = latest_round(db_session, claim)
    assert round_ is not None
    assert (round_.number, round_.state, round_.needs_yes) == (1, RoundState.WAITING, False)
    assert (claim.due_at, claim.rejection) == (None, None)


def test_of_a_dispute_another_reviewer_decides_where_there_is_one(db_session: Session, programme: Programme) -> None:
    claim = claims.rejected(db_session, programme)
    first = holder(claim)
    operations.dispute(db_session, claim, "See page 3.", **about(claim.filed_by, programme))
    assert claim.reviewer_id is None
    other = reviewer(db_session)
    with pytest.raises(GuardFailed, match="Another reviewer"):
        operations.take_over(db_session, claim, **about(first, programme))
    other.active = False
    db_session.flush()
    operations.take_over(db_session, claim, **about(first, programme))
    operations.approve(db_session, claim, **about(first, programme))
    assert (claim.status, claim.is_disputed) == (Status.APPROVED, False)


def test_a_dispute_of_a_reviewers_rejection_needs_no_yes_of_the_customer(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.rejected(db_session, programme)
    other = reviewer(db_session)
    operations.dispute(db_session, claim, "See page 3.", **about(claim.filed_by, programme))
    operations.take_over(db_session, claim, **about(other, programme))
    operations.approve(db_session, claim, **about(other, programme))
    round_ = latest_round(db_session, claim)
    assert round_ is not None
    assert not round_.needs_yes
