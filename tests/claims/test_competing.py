"""One claim approved over another partner's association: the rationale, who reads it, and when the other ends."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cpor_web.claims import competing, operations, queries
from cpor_web.claims.competing import Ending
from cpor_web.claims.drafts import Draft
from cpor_web.consent import answers, rivals, rounds, stops
from cpor_web.consent.standing import standing_of
from cpor_web.models import Assessment, Claim, Mail, Replacement, Round, RoundState, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid
from cpor_web.rules.reasons import Denial, Rejection, Way, Withdrawal
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.statements import within

TENANT = {"tenant_id": "0f8fad5b-d9cb-469f-a165-70867728950e"}
WHY = "The order of October names the other partner."
LATER = NOW + timedelta(days=1)
LATE = NOW + timedelta(days=12)


@pytest.fixture
def association(db_session: Session, programme: Programme) -> Claim:
    """An association whose customer had its days."""
    claim = claims.running(db_session, programme, now=NOW - timedelta(days=30), **TENANT)
    assert close(db_session, programme, claim)
    return claim


@pytest.fixture
def rival(db_session: Session, programme: Programme, association: Claim) -> Claim:
    """Another partner's claim for the same, under review."""
    return claims.under_review(db_session, programme, products=("teams",), **TENANT)


def approve(session: Session, programme: Programme, claim: Claim, rationale: str = WHY, **more: Any) -> None:
    session.flush()
    session.refresh(claim)  # who holds it may have changed
    assert claim.reviewer is not None
    about = {"actor": claim.reviewer.actor, "now": LATER, "programme": programme, **more}
    operations.approve(session, claim, rationale=rationale, **about)


def round_of(session: Session, claim: Claim) -> Round:
    return claims.invitations_of(session, claim)[0].round


def close(session: Session, programme: Programme, claim: Claim) -> bool:
    return rounds.close(session, round_of(session, claim).id, now=LATE, programme=programme)


def let_pass(session: Session, programme: Programme, claim: Claim) -> None:
    claims.take_notice(session, programme, claims.invitations_of(session, claim)[0], now=LATER)
    assert close(session, programme, claim)


def kinds(session: Session, claim: Claim, reader: User | None = None) -> list[str]:
    actor = (reader or claim.filed_by).actor
    return [event.kind for event in queries.history(session, claim, actor)]


def test_a_claim_that_competes_is_flagged_to_reviewers_at_submission(
    db_session: Session, programme: Programme, association: Claim, rival: Claim
) -> None:
    reviewer = factories.user(db_session, Role.REVIEWER)

    (flag,) = [e for e in queries.history(db_session, rival, reviewer.actor) if e.kind == "claim:competes"]

    assert flag.data == {"with": association.reference}
    assert "claim:competes" not in kinds(db_session, rival), "the partner does not read who else claims"


@pytest.mark.parametrize("rationale", ["", " \n", "or", "no" + " " * 40 + "words", "x" * 19, "x" * 10_001])
def test_without_a_rationale_of_some_words_nothing_is_approved_over_an_association(
    db_session: Session, programme: Programme, rival: Claim, rationale: str
) -> None:
    with pytest.raises(Invalid) as refused:
        approve(db_session, programme, rival, rationale)

    assert refused.value.field_name == "rationale"
    assert rival.status is Status.UNDER_REVIEW


def test_twenty_characters_are_enough_of_a_rationale(db_session: Session, programme: Programme, rival: Claim) -> None:
    approve(db_session, programme, rival, "Named in newer order")

    assert rival.status is Status.APPROVED


def test_a_claim_that_competes_with_no_association_needs_no_rationale(
    db_session: Session, programme: Programme
) -> None:
    waiting = claims.submitted(db_session, programme, **TENANT)
    claim = claims.under_review(db_session, programme, **TENANT)

    approve(db_session, programme, claim, "")

    assert competing.decisions_about(db_session, claim) == []
    assert rivals.associations(db_session, waiting) == [claim]


def test_both_partners_read_the_rationale_and_neither_the_others_name(
    db_session: Session, programme: Programme, association: Claim, rival: Claim
) -> None:
    approve(db_session, programme, rival)

    for claim, kind, other in ((rival, "claim:preferred", association), (association, "claim:contested", rival)):
        (event,) = [e for e in queries.history(db_session, claim, claim.filed_by.actor) if e.kind == kind]
        assert event.data == {"rationale": WHY}
        assert not event.is_internal
        told = str([e.data for e in queries.history(db_session, claim, claim.filed_by.actor)])
        assert other.reference not in told
        assert other.partner.name not in told
    mail = claims.mail_of(db_session, association, "association-contested")
    assert mail.context["rationale"] == WHY
    assert mail.to_address == association.partner_contact_email
    assert claims.mail_of(db_session, rival, "approved").context["rationale"] == WHY
    assert "rationale" not in claims.mail_of(db_session, association, "approved").context


def test_the_partner_reads_when_an_association_would_end_as_long_as_it_may(
    db_session: Session, programme: Programme, association: Claim, rival: Claim
) -> None:
    both = [association, rival]
    assert competing.endings(db_session, both) == {}
    approve(db_session, programme, rival)
    assert competing.endings(db_session, both) == {association.id: Ending(at=None, needs_yes=False)}

    claims.take_notice(db_session, programme, claims.invitations_of(db_session, rival)[0], now=LATER)
    end = round_of(db_session, rival).ends_at
    assert end is not None
    assert competing.endings(db_session, both) == {association.id: Ending(at=end, needs_yes=False)}

    assert close(db_session, programme, rival)
    assert competing.endings(db_session, both) == {}


def test_of_two_claims_that_would_end_an_association_the_one_whose_time_runs_is_told_of(
    db_session: Session, programme: Programme, association: Claim, rival: Claim
) -> None:
    approve(db_session, programme, rival)
    claims.take_notice(db_session, programme, claims.invitations_of(db_session, rival)[0], now=LATER)
    third = claims.under_review(db_session, programme, products=("teams",), **TENANT)
    approve(db_session, programme, third)
    later = LATER + timedelta(days=2)
    claims.take_notice(db_session, programme, claims.invitations_of(db_session, third)[0], now=later)
    first, second = (round_of(db_session, each) for each in (rival, third))
    assert first.ends_at is not None
    assert second.ends_at is not None
    assert first.ends_at < second.ends_at
    assert competing.endings(db_session, [association]) == {association.id: Ending(at=first.ends_at, needs_yes=False)}

    stops.stop(db_session, rival, first, now=later, why=stops.SAYS_WRONG)
    db_session.flush()
    assert competing.endings(db_session, [association]) == {
        association.id: Ending(at=second.ends_at, needs_yes=False)
    }

    second.needs_yes = True
    first.state = RoundState.RUNNING
    db_session.flush()
    assert competing.endings(db_session, [association]) == {association.id: Ending(at=first.ends_at, needs_yes=False)}

    first.ends_at = second.ends_at + timedelta(days=1)
    db_session.flush()
    assert competing.endings(db_session, [association]) == {association.id: Ending(at=first.ends_at, needs_yes=False)}


def test_the_customer_is_told_that_another_association_would_end_and_not_whose(
    db_session: Session, programme: Programme, association: Claim, rival: Claim
) -> None:
    approve(db_session, programme, rival)

    notice = claims.mail_of(db_session, rival, "consent-notice")
    assert notice.context["replaces"] is True
    assert association.partner.name not in str(notice.context)
    assert claims.mail_of(db_session, association, "consent-notice").context["replaces"] is False
    (asked,) = claims.invitations_of(db_session, rival)
    before = standing_of(within(db_session), asked.link_id, now=LATER)
    assert before is not None
    assert before.replaces

    let_pass(db_session, programme, rival)
    after = standing_of(within(db_session), asked.link_id, now=LATE)
    assert after is not None
    assert not after.replaces


def test_the_association_stands_until_the_others_consent_period_has_passed(
    db_session: Session, programme: Programme, association: Claim, rival: Claim
) -> None:
    approve(db_session, programme, rival)
    assert association.status is Status.APPROVED

    let_pass(db_session, programme, rival)

    assert (association.status, association.rejection) == (Status.REJECTED, Rejection.REPLACED)
    assert association.status_since == LATE
    assert association.rejection_comment == WHY
    assert association.dispute_until is not None
    assert kinds(db_session, association)[:2] == ["assessment:flagged", "claim:replaced"]
    assert claims.mail_of(db_session, association, "rejected").context["comment"] == WHY
    record = db_session.scalars(select(Assessment).where(Assessment.claim_id == association.id)).one()
    assert record.ended_at == LATE
    decided = competing.decided_against(db_session, association)
    assert decided is not None
    assert (decided.claim_id, decided.ended_at) == (rival.id, LATE)


def test_a_denial_of_the_new_claim_leaves_the_association_as_it_is(
    db_session: Session, programme: Programme, association: Claim, rival: Claim
) -> None:
    approve(db_session, programme, rival)
    assert competing.decided_against(db_session, association) is not None
    (invitation,) = claims.invitations_of(db_session, rival)
    claims.take_notice(db_session, programme, invitation, now=LATER)
    about = {"way": Way.PAGE, "now": LATER, "programme": programme}
    answers.deny(db_session, invitation, reason=Denial.NOT_OUR_PARTNER, **about)

    assert not close(db_session, programme, rival)

    assert association.status is Status.APPROVED
    assert competing.decided_against(db_session, association) is None


def test_an_association_that_is_still_provisional_ends_with_its_consent_period(
    db_session: Session, programme: Programme
) -> None:
    provisional = claims.running(db_session, programme, **TENANT)
    rival = claims.under_review(db_session, programme, **TENANT)
    round_of(db_session, provisional).ends_at = LATE + timedelta(days=9)  # later than the other's, say stopped
    approve(db_session, programme, rival)

    let_pass(db_session, programme, rival)

    assert provisional.status is Status.REJECTED
    assert round_of(db_session, provisional).state is RoundState.ENDED
    assert db_session.scalars(select(Assessment).where(Assessment.claim_id == provisional.id)).all() == []


def test_what_a_claim_no_longer_competes_with_is_not_ended_by_an_earlier_decision(
    db_session: Session, programme: Programme
) -> None:
    before = NOW - timedelta(days=30)
    association = claims.running(db_session, programme, now=before, products=("teams",), **TENANT)
    assert close(db_session, programme, association)
    both = claims.under_review(db_session, programme, products=("intune", "teams"), **TENANT)
    approve(db_session, programme, both)
    (invitation,) = claims.invitations_of(db_session, both)
    claims.take_notice(db_session, programme, invitation, now=LATER)
    about: dict[str, Any] = {"reason": Denial.NOT_THESE_PRODUCTS, "way": Way.PAGE, "now": LATER}
    answers.deny(db_session, invitation, programme=programme, **about)
    reviewer = claims.dispute_and_send_back(db_session, programme, both, now=LATER)
    dropped = replace(Draft.from_claim(both), products=("intune",))
    by_filer = {"actor": both.filed_by.actor, "now": LATER, "programme": programme}
    operations.save(db_session, both, dropped, **by_filer)
    operations.resubmit(db_session, both, **by_filer)
    operations.start_review(db_session, both, actor=reviewer, now=LATER, programme=programme)
    approve(db_session, programme, both, rationale="")
    assert "rationale" not in claims.mail_of(db_session, both, "approved").context
    assert not claims.mail_of(db_session, both, "confirmation-request").context.get("replaces")
    (again,) = claims.invitations_of(db_session, both)
    claims.take_notice(db_session, programme, again, now=LATER)
    answers.press_yes(db_session, again, now=LATER, programme=programme)
    answers.confirm_yes(db_session, again, now=LATER, programme=programme)
    assert close(db_session, programme, both)
    db_session.refresh(association)
    assert (association.status, both.status) == (Status.APPROVED, Status.APPROVED)


def test_what_was_given_up_meanwhile_is_not_ended_again(
    db_session: Session, programme: Programme, association: Claim, rival: Claim
) -> None:
    approve(db_session, programme, rival)
    about = {"actor": association.filed_by.actor, "now": LATER, "programme": programme}
    operations.withdraw(db_session, association, Withdrawal.CUSTOMER_LEFT, **about)

    let_pass(db_session, programme, rival)

    assert association.rejection is Rejection.PARTNER_REQUEST
    assert rival.status is Status.APPROVED


def test_another_reviewer_decides_on_the_dispute_of_a_replaced_association(
    db_session: Session, programme: Programme, association: Claim, rival: Claim
) -> None:
    approve(db_session, programme, rival)
    let_pass(db_session, programme, rival)
    about = {"actor": association.filed_by.actor, "now": LATE, "programme": programme}
    operations.dispute(db_session, association, "Ours is newer.", **about)
    another = factories.user(db_session, Role.REVIEWER)
    operations.take_over(db_session, association, **{**about, "actor": another.actor})

    approve(db_session, programme, association, "The dispute shows a newer order.", now=LATE)

    decided = competing.decided_against(db_session, rival)
    assert decided is not None
    assert decided.claim_id == association.id
    db_session.flush()
    assert len(competing.decisions_about(db_session, rival)) == 2


def test_of_two_rivals_approved_at_once_the_second_needs_a_rationale(
    engine: Engine, committed: Session, programme: Programme
) -> None:
    ids = [claims.under_review(committed, programme, **TENANT).id for _each in range(2)]
    committed.commit()
    barrier = Barrier(2)

    def work(claim_id: int) -> str:
        with Session(engine) as session:
            claim = session.get_one(Claim, claim_id)
            barrier.wait(timeout=120)
            try:
                approve(session, programme, claim, "")
                session.commit()
            except Invalid as refused:
                return refused.field_name
            return "approved"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(work, ids)) == ["approved", "rationale"]


def test_two_closings_that_replace_each_other_at_once_do_not_block(
    engine: Engine, committed: Session, programme: Programme
) -> None:
    first = claims.running(committed, programme, **TENANT)
    other = claims.under_review(committed, programme, **TENANT)
    approve(committed, programme, other, now=NOW)
    claims.take_notice(committed, programme, claims.invitations_of(committed, other)[0], now=NOW)
    holder = factories.user(committed, Role.REVIEWER)
    pair = (first, other)
    both = Replacement(
        claim_id=pair[0].id, replaced_id=pair[1].id, user_id=holder.id, at=NOW, rationale="And the other way round."
    )
    committed.add(both)
    numbers = [round_of(committed, claim).id for claim in pair]
    committed.commit()
    barrier = Barrier(2)

    def work(number: int) -> bool:
        with Session(engine) as session:
            barrier.wait(timeout=120)
            done = rounds.close(session, number, now=LATE, programme=programme)
            session.commit()
            return done

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(work, numbers)) == [False, True]
    committed.expire_all()
    assert sorted(claim.status for claim in pair) == [Status.APPROVED, Status.REJECTED]


def test_a_mail_of_each_kind_is_queued_once(
    db_session: Session, programme: Programme, association: Claim, rival: Claim
) -> None:
    approve(db_session, programme, rival)
    let_pass(db_session, programme, rival)

    told = db_session.scalars(select(Mail.kind).where(Mail.claim_id == association.id)).all()
    assert (told.count("association-contested"), told.count("rejected")) == (1, 1)
