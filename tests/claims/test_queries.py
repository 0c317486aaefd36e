"""Who sees what: another's claim does not exist, a deleted draft neither, and searching finds what is meant."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cpor_web import assessment
from cpor_web.admin.condition import condition
from cpor_web.claims import operations, queries
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import rounds
from cpor_web.lists import own, review_queue
from cpor_web.models import Claim, User
from cpor_web.monitoring.figures import in_database
from cpor_web.programme import Programme
from cpor_web.rules.actions import Action
from cpor_web.rules.roles import PARTNER_ROLES, REVIEWERS, Role
from cpor_web.rules.statuses import Status
from tests.support import claims, factories
from tests.support.claims import NOW

LATER = NOW + timedelta(hours=1)
EVERY = (
    claims.editing,
    claims.submitted,
    claims.under_review,
    claims.partner_action_required,
    claims.running,
    claims.rejected,
)


@pytest.fixture
def mine(db_session: Session, programme: Programme, filer: User) -> list[Claim]:
    """One claim in every status, and as many of another partner."""
    made = [make(db_session, programme, filer=filer) for make in EVERY]
    for make in EVERY:
        make(db_session, programme)
    return made


@pytest.mark.parametrize("role", sorted(PARTNER_ROLES))
def test_a_partner_sees_its_own_claims_and_no_others(
    db_session: Session, mine: list[Claim], filer: User, role: Role
) -> None:
    actor = factories.user(db_session, role, partner=filer.partner).actor
    assert {line.claim.id for line in own.dashboard(db_session, actor, now=LATER).rows} == {
        claim.id for claim in mine
    }
    assert own.counts(db_session, actor, now=LATER) == dict.fromkeys(Status, 1)
    stranger = factories.user(db_session, role).actor
    assert own.dashboard(db_session, stranger, now=LATER).rows == []
    assert own.counts(db_session, stranger, now=LATER) == dict.fromkeys(Status, 0)
    for claim in mine:
        assert queries.claim_of(db_session, actor, claim.reference) is claim
        assert queries.claim_of(db_session, stranger, claim.reference) is None


@pytest.mark.parametrize("role", sorted(REVIEWERS))
def test_a_reviewer_sees_every_partners_claims_but_no_drafts(
    db_session: Session, mine: list[Claim], role: Role
) -> None:
    actor = factories.user(db_session, role).actor
    seen = [queries.claim_of(db_session, actor, claim.reference) for claim in mine]
    assert seen == [None, *mine[1:]]
    assert own.counts(db_session, actor, now=LATER) == {
        status: 0 if status is Status.EDITING else 2 for status in Status
    }


@pytest.mark.parametrize("reference", ["", "nonsense", "\x00", "%", "_" * 9, "ABCD-EFG'"])
def test_what_is_no_reference_finds_nothing(
    db_session: Session, mine: list[Claim], filer: User, reference: str
) -> None:
    assert queries.claim_of(db_session, filer.actor, reference) is None


def test_a_reference_is_found_as_it_was_read_over_the_phone(
    db_session: Session, mine: list[Claim], filer: User
) -> None:
    spoken = mine[0].reference.lower().replace("-", " ")
    assert queries.claim_of(db_session, filer.actor, spoken) is mine[0]


def test_a_deleted_draft_is_in_no_list_and_no_count(
    db_session: Session, programme: Programme, mine: list[Claim], filer: User
) -> None:
    operations.delete_draft(db_session, mine[0], actor=filer.actor, now=LATER, programme=programme)
    db_session.flush()
    shown = own.dashboard(db_session, filer.actor, now=LATER).rows
    assert mine[0].id not in {line.claim.id for line in shown}
    assert own.counts(db_session, filer.actor, now=LATER)[Status.EDITING] == 0
    assert queries.claim_of(db_session, filer.actor, mine[0].reference) is None


def test_a_partner_does_not_see_the_reviewers_mails(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    assert claim.reviewer is not None
    operations.comment(db_session, claim, "Hello?", actor=claim.filed_by.actor, now=LATER, programme=programme)
    db_session.flush()
    partners = {mail.to_address for mail in queries.mails_of(db_session, claim, claim.filed_by.actor)}
    reviewers = {mail.to_address for mail in queries.mails_of(db_session, claim, claim.reviewer.actor)}
    assert reviewers - partners == {claim.reviewer.email}


def test_the_history_is_newest_first_and_filtered_by_kind(db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    actor = claim.filed_by.actor
    kinds = [event.kind for event in queries.history(db_session, claim, actor)]
    assert (kinds[0], kinds[-1]) == ("consent:denied", "claim:created")
    assert {kind.split(":")[0] for kind in kinds} >= {"claim", "consent", "document"}
    consent = [event.kind for event in queries.history(db_session, claim, actor, kind="consent")]
    assert consent == [kind for kind in kinds if kind.startswith("consent:")]
    assert [e.kind for e in queries.history(db_session, claim, actor, kind="claim:submitted")] == ["claim:submitted"]
    assert queries.history(db_session, claim, actor, kind="%") == []


def test_earnings_are_approved_eligible_and_the_partners_own(
    db_session: Session, programme: Programme, filer: User
) -> None:
    late = NOW + timedelta(days=9)
    areas: list[dict[str, Any]] = [{}, {"contact": ContactDraft("Ed", email="ed@contoso.example.com")}]
    for fields in areas:
        claim = claims.running(db_session, programme, filer=filer, **fields)
        (invitation,) = claims.invitations_of(db_session, claim)
        rounds.close(db_session, invitation.round_id, now=late, programme=programme)
    for record in assessment.due(db_session, most=9):
        assessment.assess(db_session, record, now=late, programme=programme)
    db_session.flush()
    assert len(queries.earnings(db_session, filer.actor)) == 2
    assert queries.earnings(db_session, factories.user(db_session).actor) == []


def test_a_claim_is_overdue_from_the_same_moment_wherever_it_is_counted(
    db_session: Session, programme: Programme
) -> None:
    reviewer = factories.user(db_session, Role.REVIEWER)
    claim = claims.under_review(db_session, programme, reviewer=reviewer)
    claims.partner_action_required(db_session, programme)
    assert claim.due_at is not None
    over = claim.due_at + timedelta(seconds=1)
    found = [
        (
            queries.is_overdue(claim, now),
            review_queue.numbers(db_session, reviewer.actor, now=now).waiting["overdue"],
            condition(db_session, now=now, tick_seconds=60, has_mailbox=False).overdue,
            in_database(db_session, now=now).overdue,
        )
        for now in (over - timedelta(microseconds=1), over, over + timedelta(days=99))
    ]
    assert found == [(False, 0, 0, 0), (True, 1, 1, 1), (True, 1, 1, 1)]


def test_what_is_offered_is_what_the_table_allows(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    assert claim.reviewer is not None
    offered = {
        user.id: queries.offered(db_session, claim, actor=user.actor, now=LATER, programme=programme)
        for user in (claim.reviewer, factories.user(db_session, Role.REVIEWER), claim.filed_by)
    }
    assert list(offered.values()) == [
        {Action.APPROVE, Action.REJECT, Action.REQUEST_INFORMATION},
        {Action.TAKE_OVER},
        {Action.WITHDRAW},
    ]
