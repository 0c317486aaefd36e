"""A partner gives a claim up, or disputes a rejection once and in time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import lapsing, operations, posting, queries
from cpor_web.consent import answers, going_on, rounds
from cpor_web.emails.outcomes import Accepted
from cpor_web.models import Claim, CustomerContact, Document, Mail, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, Invalid
from cpor_web.rules.reasons import Rejection, Withdrawal
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.consent.agreement import assert_agrees
from tests.consent.test_rounds import SECOND
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.rows import changed, dump

LATER = NOW + timedelta(hours=1)
LATE = NOW + timedelta(days=12)


def by_partner(claim: Claim, programme: Programme, *, now: Any = LATER) -> dict[str, Any]:
    return {"actor": claim.filed_by.actor, "now": now, "programme": programme}


def told(session: Session, claim: Claim, kind: str) -> list[str]:
    session.flush()
    query = select(Mail.to_address).where(Mail.claim_id == claim.id, Mail.kind == kind).order_by(Mail.id)
    return list(session.scalars(query))


@pytest.mark.parametrize("detail", Withdrawal)
def test_a_withdrawal_rejects_at_the_partners_request_with_its_reason(
    db_session: Session, programme: Programme, detail: Withdrawal
) -> None:
    claim = claims.submitted(db_session, programme)
    operations.withdraw(db_session, claim, detail, **by_partner(claim, programme), comment=" Sorry. ")
    assert (claim.status, claim.rejection) == (Status.REJECTED, Rejection.PARTNER_REQUEST)
    assert (claim.rejection_detail, claim.rejection_comment) == (detail, "Sorry.")


def test_a_withdrawal_needs_a_reason(db_session: Session, programme: Programme) -> None:
    claim = claims.submitted(db_session, programme)
    with pytest.raises(Invalid):
        operations.withdraw(db_session, claim, None, **by_partner(claim, programme))


def test_customers_are_told_of_a_withdrawal_only_if_they_had_a_notice(
    db_session: Session, programme: Programme
) -> None:
    before = claims.under_review(db_session, programme)
    asked = claims.approved(db_session, programme, second=SECOND)
    first, _second = claims.invitations_of(db_session, asked)
    claims.take_notice(db_session, programme, first)
    for claim in (before, asked):
        operations.withdraw(db_session, claim, Withdrawal.CUSTOMER_LEFT, **by_partner(claim, programme))
    assert told(db_session, before, "association-ended") == []
    assert told(db_session, asked, "association-ended") == ["carla@contoso.example.com"]
    assert first.round.state is RoundState.ENDED


def test_who_was_replaced_after_a_notice_is_told_too_and_nobody_twice(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme)
    (first,) = claims.invitations_of(db_session, claim)
    for email in ("dora@contoso.example.com", "carla@contoso.example.com"):
        old = claim.contacts[0]
        new = CustomerContact(position=None, name="Another", email=email, language="en")
        claim.all_contacts.append(new)
        db_session.flush()
        how = {"now": LATER, "programme": programme}
        going_on.replace_contact(db_session, claim, first.round, old, new, **how)  # type: ignore[arg-type]
        claims.take_notice(db_session, programme, claims.invitations_of(db_session, claim)[-1])
    operations.withdraw(db_session, claim, Withdrawal.CUSTOMER_LEFT, **by_partner(claim, programme))
    told_of_it = told(db_session, claim, "association-ended")
    assert sorted(told_of_it) == ["carla@contoso.example.com", "dora@contoso.example.com"]


def test_a_notice_that_is_not_out_yet_is_not_sent_once_the_claim_was_given_up(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.approved(db_session, programme)
    operations.withdraw(db_session, claim, Withdrawal.CUSTOMER_LEFT, **by_partner(claim, programme))
    db_session.flush()
    waiting = select(Mail).where(Mail.claim_id == claim.id, Mail.due_at.is_not(None), Mail.invitation_id.is_not(None))
    assert db_session.scalars(waiting).all() == []


def test_an_association_can_be_given_up_after_the_window(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    much_later = NOW + timedelta(days=60)
    rounds.close(db_session, invitation.round_id, now=much_later, programme=programme)
    operations.withdraw(db_session, claim, Withdrawal.CUSTOMER_LEFT, **by_partner(claim, programme, now=much_later))
    record = queries.assessment_of(db_session, claim)
    assert record is not None
    assert (record.ended_at, record.ended_why) == (much_later, "partner request")
    assert told(db_session, claim, "association-ended") == ["carla@contoso.example.com"]


def test_a_disputed_claim_waits_under_review_without_a_reviewer(db_session: Session, programme: Programme) -> None:
    claim = claims.rejected(db_session, programme)
    operations.dispute(db_session, claim, "See page 3.", **by_partner(claim, programme))
    assert (claim.status, claim.is_disputed, claim.dispute_used) == (Status.UNDER_REVIEW, True, True)
    assert (claim.reviewer_id, claim.dispute_until) == (None, None)
    assert claims.mail_of(db_session, claim, "claim-received").context["is_disputed"] is True


def test_a_dispute_has_a_period_of_its_own(db_session: Session, programme: Programme) -> None:
    periods = replace(programme.periods, review=14, dispute_review=3)
    claim = claims.rejected(db_session, programme)
    operations.dispute(db_session, claim, "a", **by_partner(claim, replace(programme, periods=periods)))
    assert claim.due_rule is not None
    assert (claim.due_rule["period"], claim.due_rule["count"]) == ("dispute-review", 3)


def test_a_dispute_is_in_time_until_the_whole_last_second_of_the_thirtieth_day(
    db_session: Session, programme: Programme
) -> None:
    early, late = claims.rejected(db_session, programme), claims.rejected(db_session, programme)
    assert late.dispute_until is not None
    over = late.dispute_until + timedelta(seconds=1)
    operations.dispute(db_session, early, "a", **by_partner(early, programme, now=over - timedelta(microseconds=1)))
    with pytest.raises(GuardFailed, match="time to dispute"):
        operations.dispute(db_session, late, "b", **by_partner(late, programme, now=over))


@pytest.mark.parametrize("is_wordless", [True, False])
def test_a_dispute_says_why_or_brings_proof(db_session: Session, programme: Programme, is_wordless: bool) -> None:
    claim = claims.rejected(db_session, programme)
    proof = Document(sha256="2" * 64, filename="page 3.pdf", media_type="application/pdf", size=1)
    if is_wordless:
        before = dump(db_session)
        with pytest.raises(Invalid):
            operations.dispute(db_session, claim, " ", **by_partner(claim, programme))
        assert changed(before, dump(db_session)) == []
    operations.dispute(db_session, claim, "", **by_partner(claim, programme), document=proof)
    newest, _older = queries.documents_of(db_session, claim)
    assert (newest.filename, newest.uploaded_by_id) == ("page 3.pdf", claim.filed_by_id)


def test_a_rejection_after_a_dispute_is_final(db_session: Session, programme: Programme) -> None:
    claim = claims.rejected(db_session, programme)
    operations.dispute(db_session, claim, "See page 3.", **by_partner(claim, programme))
    actor = factories.user(db_session, Role.REVIEWER).actor
    how: dict[str, Any] = {"actor": actor, "now": LATER, "programme": programme}
    operations.take_over(db_session, claim, **how)
    assert claims.mail_of(db_session, claim, "rejected").context["decides_dispute"] is False
    operations.reject(db_session, claim, Rejection.MISSING_CONSENT, "Page 3 is blank.", **how)
    assert claims.mail_of(db_session, claim, "rejected").context["decides_dispute"] is True
    assert (claim.is_disputed, claim.dispute_until) == (False, None)
    with pytest.raises(GuardFailed, match="final"):
        operations.dispute(db_session, claim, "Again!", **by_partner(claim, programme))


def test_a_denied_claim_can_be_disputed(db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    operations.dispute(db_session, claim, "Carla has left.", **by_partner(claim, programme))
    assert claim.status is Status.UNDER_REVIEW
    assert claim.rejection is Rejection.CUSTOMER_DECLINE, "so that the customer must say yes"


def test_who_was_told_of_an_end_is_not_told_again(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    assert rounds.close(
        db_session, claims.invitations_of(db_session, claim)[0].round_id, now=LATE, programme=programme
    )
    for day in (1, 2):
        at = LATE + timedelta(days=day)
        operations.withdraw(db_session, claim, Withdrawal.CUSTOMER_LEFT, **by_partner(claim, programme, now=at))
        if day == 1:
            operations.dispute(db_session, claim, "We stay.", **by_partner(claim, programme, now=at))
    assert told(db_session, claim, "association-ended") == ["carla@contoso.example.com"]


def test_who_had_a_notice_is_told_also_after_no_right_contact_came_in_time(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme, second=SECOND)
    one, two = claims.invitations_of(db_session, claim)
    answers.not_the_right_person(db_session, two, now=NOW, programme=programme)
    asked = claims.mail_of(db_session, claim, "contact-needed")
    posting.begin(db_session, asked.id, now=NOW, programme=programme)
    posting.settle(db_session, asked.id, Accepted("250 Ok"), now=NOW, programme=programme)
    assert lapsing.lapse_contact(db_session, one.round_id, now=LATE, programme=programme)
    operations.dispute(db_session, claim, "We stay.", **by_partner(claim, programme, now=LATE))
    operations.withdraw(db_session, claim, Withdrawal.CUSTOMER_LEFT, **by_partner(claim, programme, now=LATE))
    assert set(told(db_session, claim, "association-ended")) == {one.contact.email, two.contact.email}


def test_a_withdrawn_claim_that_comes_back_is_assessed_once_and_without_its_flag(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme)
    reviewer = claim.reviewer
    assert reviewer is not None
    (first,) = claims.invitations_of(db_session, claim)
    at = NOW + timedelta(days=9)
    rounds.close(db_session, first.round_id, now=at, programme=programme)
    operations.withdraw(db_session, claim, Withdrawal.INCORRECT_MPN_ID, **by_partner(claim, programme, now=at))
    operations.dispute(db_session, claim, "It was right.", **by_partner(claim, programme, now=at))
    how: dict[str, Any] = {"actor": reviewer.actor, "now": at, "programme": programme}
    operations.take_over(db_session, claim, **how)
    operations.approve(db_session, claim, **how)
    (second,) = claims.invitations_of(db_session, claim)
    claims.take_notice(db_session, programme, second, now=at)
    rounds.close(db_session, second.round_id, now=at + timedelta(days=9), programme=programme)
    assert_agrees(db_session, claim)
