"""Lists of claims: what comes first, what is found, and how much there is."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from cpor_web import facts
from cpor_web.claims import queries
from cpor_web.claims.next_steps import next_step
from cpor_web.claims.way import Who
from cpor_web.database import capped
from cpor_web.lists import own, review_queue
from cpor_web.lists.own import Sort, Wanted
from cpor_web.models import Claim, MpnId, MpnKind, User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.statuses import Status
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.situations import LATER, SITUATIONS, exported, objects, stopped_and_told


def listed(session: Session, user: User, *, now: datetime = LATER, **wanted: object) -> list[Claim]:
    return objects(session, own.dashboard(session, user.actor, Wanted(**wanted), now=now).rows)  # type: ignore[arg-type]


def found(session: Session, user: User, search: str) -> list[str]:
    return [claim.name for claim in listed(session, user, search=search)]


def queue(session: Session, actor: Actor, **wanted: object) -> list[Claim]:
    page = review_queue.page(session, actor, review_queue.Wanted(**wanted), now=NOW)  # type: ignore[arg-type]
    return queries.claims_by_id(session, [row.id for row in page.rows])


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda make: make.__name__)
def test_the_list_says_whose_turn_it_is_and_by_when_as_the_claim_itself_does(
    db_session: Session, programme: Programme, filer: User, make: claims.Any
) -> None:
    claim = make(db_session, programme, filer=filer)
    db_session.flush()
    step = next_step(claim, facts.latest_round(db_session, claim), now=LATER)
    assert [who for who in Who if listed(db_session, filer, who=who)] == [step.who]
    without_an_end = claims.approved(db_session, programme, filer=filer)
    with_an_end = claims.editing(db_session, programme, filer=filer)
    with_an_end.due_at = None
    db_session.flush()
    order = [each for each in listed(db_session, filer, sort=Sort.DUE) if each is not with_an_end]
    assert order == ([claim, without_an_end] if step.by else [without_an_end, claim])


def test_what_must_be_done_comes_first_then_drafts_then_what_may_be_disputed(
    db_session: Session, programme: Programme, filer: User
) -> None:
    ended = claims.rejected(db_session, programme, filer=filer)
    late = claims.partner_action_required(db_session, programme, filer=filer, now=NOW + timedelta(days=2))
    soon = claims.partner_action_required(db_session, programme, filer=filer)
    draft = claims.editing(db_session, programme, filer=filer)
    newest = claims.running(db_session, programme, filer=filer)
    assert listed(db_session, filer) == [soon, late, draft, ended, newest]
    assert listed(db_session, filer, status=Status.EDITING) == [draft]


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
        "0f8fad5bd9cb",
        "carla@contoso.example.com",
        "tea con \x00",
        "  ",
    ],
)
def test_a_search_finds_names_domains_tenants_and_contacts(
    db_session: Session, programme: Programme, filer: User, search: str
) -> None:
    tenant = "0f8fad5b-d9cb-469f-a165-70867728950e"
    claim = claims.editing(db_session, programme, filer=filer, tenant_id=tenant)
    assert claim.mpn_id is not None
    for words in (search, claim.reference.lower(), claim.mpn_id.number):
        assert found(db_session, filer, words) == ["Teams at Contoso"]
    assert found(db_session, filer, f"{search} nowhere") == []


def test_a_search_finds_the_beginnings_of_words_and_not_what_is_within_them(
    db_session: Session, programme: Programme, filer: User
) -> None:
    claims.editing(db_session, programme, filer=filer, name="Größe (Zürich)")
    assert found(db_session, filer, "ZÜR größe") == ["Größe (Zürich)"]
    assert found(db_session, filer, "(zür") == ["Größe (Zürich)"]
    assert found(db_session, filer, "ürich") == []


@pytest.mark.parametrize("name", ["ΥΙΟΣ", "İPEK", "Straẞe"])
def test_a_name_is_found_as_it_stands_whatever_small_letters_python_would_make_of_it(
    db_session: Session, programme: Programme, filer: User, name: str
) -> None:
    claims.editing(db_session, programme, filer=filer, name=f"{name} 1")
    claims.editing(db_session, programme, filer=filer, name="another")
    assert found(db_session, filer, name) == [f"{name} 1"]
    assert found(db_session, filer, f"{name[:2]} 1") == [f"{name} 1"]


def test_texts_longer_than_an_index_takes_are_kept_and_found_by_their_beginning(
    db_session: Session, programme: Programme, filer: User
) -> None:
    name = "ü" * 3000
    claims.editing(db_session, programme, filer=filer).name = name  # longer than forms take
    db_session.flush()
    assert found(db_session, filer, "ü" * 30) == [name]
    assert found(db_session, filer, "ü" * 401) == [name]


def test_the_counts_follow_the_search(db_session: Session, programme: Programme, filer: User) -> None:
    claims.editing(db_session, programme, filer=filer, name="One")
    claims.submitted(db_session, programme, filer=filer, name="Two")
    counted = own.counts(db_session, filer.actor, Wanted(search="two"), now=LATER)
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
    assert queue(db_session, actor) == [sooner, later]
    assert queue(db_session, actor, mine=True) == [sooner]
    assert queue(db_session, actor, unassigned=True) == [later]
    assert queue(db_session, actor, disputed=True) == []
    assert queue(db_session, actor, area="business-applications") == []
    assert queue(db_session, actor, status=Status.SUBMITTED) == [later]


def test_the_queue_is_counted_and_overdue_begins_after_the_whole_last_second(
    db_session: Session, programme: Programme
) -> None:
    reviewer = factories.user(db_session, Role.REVIEWER)
    claim = claims.under_review(db_session, programme, reviewer=reviewer)
    claims.submitted(db_session, programme, now=NOW + timedelta(days=1))
    assert claim.due_at is not None
    over = claim.due_at + timedelta(seconds=1)
    counted = review_queue.numbers(db_session, reviewer.actor, now=over).waiting
    assert counted == {"waiting": 2, "overdue": 1, "mine": 1, "unassigned": 1, "disputed": 0}
    early = over - timedelta(microseconds=1)
    assert review_queue.numbers(db_session, reviewer.actor, now=early).waiting["overdue"] == 0
    assert [queries.is_overdue(claim, at) for at in (early, over)] == [False, True]


def test_what_waits_is_told_apart_into_what_must_and_what_may_be_done(
    db_session: Session, programme: Programme, filer: User
) -> None:
    for make in SITUATIONS:
        make(db_session, programme, filer=filer)
    contactless = stopped_and_told(db_session, programme, filer=filer)
    db_session.flush()
    waiting = own.waiting(db_session, filer.actor, now=LATER)
    assert (waiting.must_act, waiting.drafts, waiting.disputable) == (4, 1, 2)
    first, second = objects(db_session, own.most_urgent(db_session, filer.actor, now=LATER, most=2))
    assert first.status is Status.PARTNER_ACTION_REQUIRED
    assert second is contactless, "of equal ends the newer claim comes first"
    nothing = own.waiting(db_session, factories.user(db_session).actor, now=LATER)
    assert (nothing.must_act, nothing.drafts, nothing.disputable) == (0, 0, 0)


@pytest.mark.parametrize("enough", [2, 251])
@pytest.mark.parametrize("wanted", [own.ALL, Wanted(status=Status.EDITING), Wanted(area="microsoft-365")], ids=str)
def test_what_waits_is_the_same_where_it_is_counted_with_the_statuses(
    db_session: Session,
    programme: Programme,
    filer: User,
    monkeypatch: pytest.MonkeyPatch,
    wanted: Wanted,
    enough: int,
) -> None:
    monkeypatch.setattr(capped, "ENOUGH", enough)
    for make in SITUATIONS:
        make(db_session, programme, filer=filer)
    stopped_and_told(db_session, programme, filer=filer)
    db_session.flush()

    waiting, counts = own.waiting_and_counts(db_session, filer.actor, wanted, now=LATER)

    assert waiting == own.waiting(db_session, filer.actor, now=LATER)
    assert counts == own.counts(db_session, filer.actor, wanted, now=LATER)


def test_whatever_is_chosen_together_is_found_listed_and_counted(
    db_session: Session, programme: Programme, filer: User
) -> None:
    made = [make(db_session, programme, filer=filer) for make in (claims.editing, claims.running, stopped_and_told)]
    db_session.flush()
    chosen = Wanted(search="contoso CARLA@contoso.example.com")
    assert set(exported(db_session, filer.actor, chosen)) == set(made)
    theirs = (replace(chosen, sort=sort, who=Who.PARTNER) for sort in Sort)
    for wanted in (*theirs, Wanted(sort=Sort.CHANGED, who=Who.PARTNER), replace(chosen, status=Status.APPROVED)):
        whole = exported(db_session, filer.actor, wanted)
        assert objects(db_session, own.dashboard(db_session, filer.actor, wanted, now=LATER).rows) == whole
        counted = own.counts(db_session, filer.actor, wanted, now=LATER)
        assert (counted[wanted.status] if wanted.status else sum(counted.values())) == len(whole) == 2


def test_no_number_is_counted_further_than_is_told(
    db_session: Session, programme: Programme, filer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capped, "ENOUGH", 2)
    for _ in range(3):
        claims.editing(db_session, programme, filer=filer)
        claims.submitted(db_session, programme, filer=filer)
    claims.rejected(db_session, programme, filer=filer)
    reviewer = factories.user(db_session, Role.REVIEWER).actor
    for wanted in (own.ALL, Wanted(search="contoso"), Wanted(area="microsoft-365")):
        counted = own.counts(db_session, filer.actor, wanted, now=LATER)
        assert [counted[status] for status in (Status.EDITING, Status.SUBMITTED, Status.REJECTED)] == [2, 2, 1]
    by_turn = own.counts(db_session, filer.actor, Wanted(who=Who.PARTNER), now=LATER)
    assert (by_turn[Status.EDITING], by_turn[Status.SUBMITTED], by_turn[Status.REJECTED]) == (2, 0, 1)
    assert own.waiting(db_session, filer.actor, now=LATER).drafts == 2
    assert own.counts(db_session, reviewer, now=LATER)[Status.EDITING] == 0
    numbers = review_queue.numbers(db_session, reviewer, now=LATER).waiting
    assert (numbers["waiting"], numbers["unassigned"], numbers["mine"]) == (2, 2, 0)


def test_the_area_and_the_mpn_id_narrow_list_counts_and_export_alike(
    db_session: Session, programme: Programme, filer: User
) -> None:
    assert filer.partner is not None
    filer.partner.mpn_ids.append(MpnId(number="9876543", kind=MpnKind.LOCATION, place="Bergen"))
    bergen = claims.editing(db_session, programme, filer=factories.user(db_session))
    bergen.partner_id, bergen.mpn_id = filer.partner.id, filer.partner.mpn_ids[-1]
    db_session.flush()
    for wanted, expected in (
        (Wanted(mpn_id="9876543"), [bergen]),
        (Wanted(mpn_id="9876543", area="microsoft-365"), [bergen]),
        (Wanted(area="business-applications"), []),
        (Wanted(search="98765"), [bergen]),
        (Wanted(search="8765432"), []),
    ):
        assert objects(db_session, own.dashboard(db_session, filer.actor, wanted, now=LATER).rows) == expected
        assert exported(db_session, filer.actor, wanted) == expected
        assert sum(own.counts(db_session, filer.actor, wanted, now=LATER).values()) == len(expected)
