"""Two weeks in November, by hand: who decided what, within how many days, and what the figures then are."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import history
from cpor_web.claims import operations
from cpor_web.consent import answers
from cpor_web.figures import counting, tallies
from cpor_web.figures.tallies import By, Wanted
from cpor_web.models import Claim, Event, Heartbeat, Measure, WeeklyFigure
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Rejection, Request, Way, Withdrawal
from cpor_web.rules.roles import SYSTEM
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import TABLE
from tests.support import claims, factories

FIRST, SECOND = date(2026, 11, 16), date(2026, 11, 23)
BOTH = Wanted(FIRST, SECOND)
OFFICE, BUSINESS = "microsoft-365", "business-applications"
TO_SUBSCRIPTION = {
    "area": BUSINESS,
    "activity": "pre-sales",
    "products": ("dynamics-365-sales",),
    "subscription_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
}


def at(day: int, hour: int = 9) -> datetime:
    """A moment in November 2026; the 16th is a Monday. Berlin is an hour ahead."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


SOON_AFTER = at(22, 23) + counting.MARGIN
"""A quarter of an hour after the first week's end in Berlin."""


def count(session: Session, programme: Programme, now: datetime) -> int:
    """Count all that is due; return how many days that were."""
    days = 0
    while counting.count_due(session, now=now, programme=programme):
        days += 1
    return days


class Story:
    """The claims of two partners, told up to the first week's end."""

    def __init__(self, session: Session, programme: Programme) -> None:
        self.session, self.programme = session, programme
        self.adatum, self.fabrikam = (factories.partner(session, name) for name in ("Adatum", "Fabrikam"))
        adam, fay = (factories.user(session, partner=each) for each in (self.adatum, self.fabrikam))
        self.late = claims.submitted(session, programme, filer=adam, now=at(5))
        quick = claims.under_review(session, programme, filer=adam, now=at(16))
        self._do(operations.approve, quick, at(18))
        asked = claims.under_review(session, programme, filer=adam, now=at(16))
        asks = {Request.DATES: "The order has no date."}
        self._do(operations.request_information, asked, at(17), asks, "")
        operations.resubmit(session, asked, actor=adam.actor, now=at(19), programme=programme)
        self._do(operations.start_review, asked, at(19, 10))
        self._do(operations.reject, asked, at(20), Rejection.INSUFFICIENT_PROOF, "Not theirs.")
        denied = claims.running(session, programme, filer=fay, now=at(16), **TO_SUBSCRIPTION)
        (invitation,) = claims.invitations_of(session, denied)
        about = {"now": at(20), "programme": programme}
        answers.deny(session, invitation, reason=Denial.NOT_OUR_PARTNER, way=Way.PAGE, **about)
        history.append(session, denied, "mail:bounced", actor=SYSTEM, now=at(20))
        self.waits = claims.under_review(session, programme, filer=fay, now=at(16))
        session.flush()

    def next_week(self) -> None:
        """Decide on Monday what was submitted on the Monday before; the partner gives another claim up."""
        self._do(operations.approve, self.waits, at(23))
        about = {"actor": self.waits.filed_by.actor, "now": at(23, 10), "programme": self.programme}
        operations.withdraw(self.session, self.waits, Withdrawal.CUSTOMER_LEFT, **about)
        self.session.flush()

    def _do(self, verb: object, claim: Claim, now: datetime, *more: object) -> None:
        assert claim.reviewer is not None
        verb(self.session, claim, *more, actor=claim.reviewer.actor, now=now, programme=self.programme)  # type: ignore[operator]


@pytest.fixture
def story(db_session: Session, programme: Programme) -> Story:
    return Story(db_session, programme)


def test_a_week_is_what_happened_in_it_and_how_it_ended(
    db_session: Session, programme: Programme, story: Story
) -> None:
    assert count(db_session, programme, SOON_AFTER) == 18  # from the 5th to the 22nd
    assert tallies.counted(db_session, BOTH) == {
        FIRST: Counter(
            {
                (Measure.DECIDED, "2"): 2,  # Wednesday after Monday; and Tuesday, then Friday after Thursday
                (Measure.DECIDED, "0"): 1,
                (Measure.ASKED, ""): 1,
                (Measure.REJECTED, "insufficient-proof-of-execution"): 1,
                (Measure.REJECTED, "customer-decline"): 1,
                (Measure.DENIED, ""): 1,
                (Measure.UNDELIVERED, "bounced"): 1,
                (Measure.WAITING, ""): 2,
                (Measure.OVERDUE, ""): 1,
            }
        )
    }
    story.next_week()
    assert count(db_session, programme, SOON_AFTER + timedelta(days=1)) == 1
    assert tallies.counted(db_session, BOTH)[SECOND] == Counter(
        {
            (Measure.DECIDED, "5"): 1,
            (Measure.REJECTED, "partner-request"): 1,
            (Measure.WAITING, ""): 1,
            (Measure.OVERDUE, ""): 1,
        }
    )


def test_figures_are_told_apart_by_area_and_by_partner(
    db_session: Session, programme: Programme, story: Story
) -> None:
    story.next_week()
    count(db_session, programme, SOON_AFTER + timedelta(days=1))
    by_area = tallies.counted(db_session, Wanted(FIRST, SECOND, By.AREA))
    assert by_area[BUSINESS] == Counter(
        {
            (Measure.DECIDED, "0"): 1,
            (Measure.REJECTED, "customer-decline"): 1,
            (Measure.DENIED, ""): 1,
            (Measure.UNDELIVERED, "bounced"): 1,
        }
    )
    assert by_area[OFFICE][Measure.DECIDED, "2"] == 2
    by_partner = tallies.counted(db_session, Wanted(FIRST, SECOND, By.PARTNER, area=OFFICE))
    assert set(by_partner) == {story.adatum.id, story.fabrikam.id}
    assert by_partner[story.fabrikam.id] == Counter(
        {(Measure.DECIDED, "5"): 1, (Measure.REJECTED, "partner-request"): 1}
    )
    one = tallies.counted(db_session, Wanted(FIRST, FIRST, partner_id=story.fabrikam.id))
    assert one[FIRST][Measure.DECIDED, "0"] == 1
    assert (Measure.DECIDED, "2") not in one[FIRST]


def test_what_waits_now_is_counted_at_once(db_session: Session, story: Story) -> None:
    everything = tallies.standing(db_session, Wanted(FIRST, SECOND, By.PARTNER), now=at(20))
    assert everything == {story.adatum.id: (1, 1), story.fabrikam.id: (1, 0)}
    assert tallies.standing_in_all(db_session, BOTH, now=at(20)) == (2, 1)
    assert tallies.standing_in_all(db_session, Wanted(FIRST, SECOND, area=BUSINESS), now=at(20)) == (0, 0)


def test_a_day_is_counted_once_and_not_before_it_is_surely_over(
    db_session: Session, programme: Programme, story: Story
) -> None:
    moment = timedelta(microseconds=1)
    assert count(db_session, programme, SOON_AFTER - moment) == 17
    assert count(db_session, programme, SOON_AFTER) == 1
    before = tallies.counted(db_session, BOTH)
    assert count(db_session, programme, SOON_AFTER) == 0
    assert tallies.counted(db_session, BOTH) == before
    assert tallies.counted_up_to(db_session) == at(22, 23)


def test_nothing_is_counted_where_nothing_has_happened(db_session: Session, programme: Programme) -> None:
    assert not counting.count_due(db_session, now=at(20), programme=programme)
    assert db_session.get(Heartbeat, counting.COUNTED) is None


def test_what_was_erased_before_it_was_counted_is_counted_without_its_reason(
    db_session: Session, programme: Programme, story: Story
) -> None:
    rejected = db_session.execute(select(Event.claim_id, Event.position).where(Event.kind == "claim:rejected")).one()
    claim = db_session.get_one(Claim, rejected.claim_id)
    history.erase(db_session, claim, [rejected.position], actor=SYSTEM, now=at(20), why="It was long ago.")
    count(db_session, programme, SOON_AFTER)
    assert tallies.counted(db_session, BOTH)[FIRST][Measure.REJECTED, ""] == 1


def test_only_the_partners_of_whom_most_was_counted_are_told_apart(
    db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "MOST_PARTNERS", 2)
    made = [factories.partner(db_session) for _ in range(3)]
    for number, partner in zip((5, 1, 7), made, strict=True):
        figure = {"week": FIRST, "partner_id": partner.id, "area": OFFICE, "value": "", "number": number}
        db_session.add(WeeklyFigure(**figure, measure=Measure.DENIED))
    db_session.flush()
    found = tallies.counted(db_session, Wanted(FIRST, FIRST, By.PARTNER))
    assert set(found) == {made[0].id, made[2].id}


@pytest.mark.parametrize(
    ("days", "half", "nine_of_ten"),
    [
        ({}, None, None),
        ({3: 1}, 3, 3),
        ({1: 1, 2: 1}, 1, 2),
        ({0: 5, 4: 4, 9: 1}, 0, 4),
        ({0: 4, 4: 4, 9: 2}, 4, 9),
        ({10: 9, 2: 1}, 10, 10),
    ],
)
def test_so_many_of_the_decisions_were_made_within_so_many_days(
    days: dict[int, int], half: int | None, nine_of_ten: int | None
) -> None:
    assert (tallies.percentile(days, 50), tallies.percentile(days, 90)) == (half, nine_of_ten)


def test_a_dispute_begins_anew_and_the_partners_time_does_not_count(programme: Programme) -> None:
    told = [
        ("claim:submitted", at(2)),
        ("claim:information-requested", at(4)),  # 2
        ("claim:resubmitted", at(11)),
        ("claim:rejected", at(13)),  # 2 more
        ("claim:disputed", at(16)),
        ("claim:approved", at(19)),
    ]
    assert counting.operators_days(told[:4], programme.calendar) == 4
    assert counting.operators_days(told, programme.calendar) == 3


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("żubr SP. Z O.O.", {"Żubr Sp. z o.o."}),
        ("żu", {"Żubr Sp. z o.o."}),
        ("sp.", {"Żubr Sp. z o.o."}),
        ("ubr", set()),
        ("Zubr", set()),
        ("ΟΔΟΣ", {"ΟΔΟΣ ΑΕ"}),  # of which Python makes other small letters than the database
        ("%", set()),
    ],
)
def test_a_partner_is_found_by_the_beginning_of_a_word_of_its_name_in_any_case(
    db_session: Session, typed: str, found: set[str]
) -> None:
    for name in ("Żubr Sp. z o.o.", "ΟΔΟΣ ΑΕ"):
        factories.partner(db_session, name)
    assert {each.name for each in tallies.partners_named(db_session, typed, most=9)} == found


def test_every_way_to_be_rejected_is_counted() -> None:
    said = {"claim:rejected"}  # with its reason
    assert {rule.event for rule in TABLE if rule.target is Status.REJECTED} == {*counting.REJECTIONS} | said
