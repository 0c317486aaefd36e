"""Who sees what: another's claim does not exist, a deleted draft neither, and searching finds what is meant."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cpor_web import assessment
from cpor_web.claims import operations, queries
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import rounds
from cpor_web.models import Claim, User
from cpor_web.programme import Programme
from cpor_web.rules.roles import PARTNER_ROLES, REVIEWERS, Role
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import Action
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
def filer(db_session: Session) -> User:
    return factories.user(db_session)


@pytest.fixture
def mine(db_session: Session, programme: Programme, filer: User) -> list[Claim]:
    """One claim in every status, and as many of another partner."""
    made = [make(db_session, programme, filer=filer) for make in EVERY]
    for make in EVERY:
        make(db_session, programme)
    return made


def found(session: Session, user: User, search: str) -> list[str]:
    return [claim.name for claim in queries.dashboard(session, user.actor, search=search)]


@pytest.mark.parametrize("role", sorted(PARTNER_ROLES))
def test_a_partner_sees_its_own_claims_and_no_others(
    db_session: Session, mine: list[Claim], filer: User, role: Role
) -> None:
    actor = factories.user(db_session, role, partner=filer.partner).actor
    assert {claim.id for claim in queries.dashboard(db_session, actor)} == {claim.id for claim in mine}
    assert queries.counts(db_session, actor) == dict.fromkeys(Status, 1)
    stranger = factories.user(db_session, role).actor
    assert queries.dashboard(db_session, stranger) == []
    assert queries.counts(db_session, stranger) == dict.fromkeys(Status, 0)
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
    assert queries.counts(db_session, actor) == {status: 0 if status is Status.EDITING else 2 for status in Status}


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
    assert mine[0] not in queries.dashboard(db_session, filer.actor)
    assert queries.counts(db_session, filer.actor)[Status.EDITING] == 0
    assert queries.claim_of(db_session, filer.actor, mine[0].reference) is None


def test_what_waits_for_the_partner_comes_first_then_the_newest(
    db_session: Session, programme: Programme, filer: User
) -> None:
    ended = claims.rejected(db_session, programme, filer=filer)
    late = claims.partner_action_required(db_session, programme, filer=filer, now=NOW + timedelta(days=2))
    soon = claims.partner_action_required(db_session, programme, filer=filer)
    draft = claims.editing(db_session, programme, filer=filer)
    newest = claims.running(db_session, programme, filer=filer)
    assert queries.dashboard(db_session, filer.actor) == [soon, late, draft, newest, ended]
    assert queries.dashboard(db_session, filer.actor, limit=2, offset=1) == [late, draft]
    assert queries.dashboard(db_session, filer.actor, status=Status.EDITING) == [draft]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "/", "'", '"', "\\%", "%%"])
def test_a_sign_that_is_searched_for_stands_for_itself(
    db_session: Session, programme: Programme, filer: User, sign: str
) -> None:
    claims.editing(db_session, programme, filer=filer, name=f"a{sign}b")
    claims.editing(db_session, programme, filer=filer, name="a-b")
    assert found(db_session, filer, sign) == [f"a{sign}b"]
    assert found(db_session, filer, f"A{sign}B") == [f"a{sign}b"]


@pytest.mark.parametrize(
    "search",
    [
        "teams CONTOSO",
        "contoso.example",
        "0f8fad5b",
        "70867728950E",
        "carla@contoso.example.com",
        "te ams \x00",
        "  ",
    ],
)
def test_a_search_finds_names_domains_tenants_and_contacts(
    db_session: Session, programme: Programme, filer: User, search: str
) -> None:
    claim = claims.editing(db_session, programme, filer=filer)
    assert claim.mpn_id is not None
    for words in (search, claim.reference.lower(), claim.mpn_id.number):
        assert found(db_session, filer, words) == ["Teams at Contoso"]
    assert found(db_session, filer, f"{search} nowhere") == []


def test_the_counts_follow_the_search(db_session: Session, programme: Programme, filer: User) -> None:
    claims.editing(db_session, programme, filer=filer, name="One")
    claims.submitted(db_session, programme, filer=filer, name="Two")
    counted = queries.counts(db_session, filer.actor, search="two")
    assert (counted[Status.EDITING], counted[Status.SUBMITTED]) == (0, 1)


def test_the_review_queue_has_what_waits_for_the_operator_the_most_urgent_first(
    db_session: Session, programme: Programme
) -> None:
    reviewer = factories.user(db_session, Role.REVIEWER)
    later = claims.submitted(db_session, programme, now=NOW + timedelta(days=1))
    sooner = claims.under_review(db_session, programme, reviewer=reviewer)
    claims.partner_action_required(db_session, programme)
    claims.running(db_session, programme)
    actor = reviewer.actor
    assert queries.review_queue(db_session, actor) == [sooner, later]
    assert queries.review_queue(db_session, actor, mine=True) == [sooner]
    assert queries.review_queue(db_session, actor, unassigned=True) == [later]
    assert queries.review_queue(db_session, actor, disputed=True) == []
    assert queries.review_queue(db_session, actor, area="business-applications") == []
    assert queries.review_queue(db_session, actor, status=Status.SUBMITTED) == [later]


def test_the_queue_is_counted_and_overdue_begins_after_the_whole_last_second(
    db_session: Session, programme: Programme
) -> None:
    reviewer = factories.user(db_session, Role.REVIEWER)
    claim = claims.under_review(db_session, programme, reviewer=reviewer)
    claims.submitted(db_session, programme, now=NOW + timedelta(days=1))
    assert claim.due_at is not None
    over = claim.due_at + timedelta(seconds=1)
    counted = queries.queue_counts(db_session, reviewer.actor, now=over)
    assert counted == {"waiting": 2, "overdue": 1, "mine": 1, "unassigned": 1, "disputed": 0}
    early = over - timedelta(microseconds=1)
    assert queries.queue_counts(db_session, reviewer.actor, now=early)["overdue"] == 0
    assert [queries.is_overdue(claim, at) for at in (early, over)] == [False, True]


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
