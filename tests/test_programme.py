"""The programme is what the settings say: the edition's periods, the operator's calendar, its catalogue."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cpor_web.catalogue import CatalogueError
from cpor_web.config import Settings
from cpor_web.programme import DaysOff, Programme
from cpor_web.rules.deadlines import Periods, business_days
from cpor_web.rules.statuses import Status

BERLIN = Settings(time_zone=ZoneInfo("Europe/Berlin"), country="DE", subdivision="BE")


def test_the_2020_edition_has_the_guides_periods_and_lets_submitted_claims_be_corrected() -> None:
    programme = Programme.from_settings(Settings())
    assert programme.periods == Periods(submitted=5, review=5, partner=5, consent=7, dispute=30)
    assert programme.correctable_in == {Status.SUBMITTED, Status.PARTNER_ACTION_REQUIRED}


def test_the_2023_edition_has_other_periods_and_lets_them_not() -> None:
    programme = Programme.from_settings(Settings(guide="2023"))
    assert (programme.periods.review, programme.periods.partner) == (14, 14)
    assert programme.correctable_in == {Status.PARTNER_ACTION_REQUIRED}


def test_a_period_that_is_set_by_hand_wins_over_the_edition() -> None:
    programme = Programme.from_settings(
        Settings(guide="2023", review_days=3, consent_days=0.25, dispute_review_days=4)
    )
    assert programme.periods == Periods(submitted=5, review=3, partner=14, consent=0.25, dispute=30, dispute_review=4)


def test_replies_go_to_the_sender_unless_another_mailbox_is_set() -> None:
    assert Programme.from_settings(Settings()).reply_to == Settings().mail_from
    assert Programme.from_settings(Settings(reply_to="read@example.com")).reply_to == "read@example.com"


def test_holidays_of_the_country_and_its_part_are_no_business_days() -> None:
    calendar = Programme.from_settings(BERLIN).calendar
    assert calendar.why_not_working(date(2026, 12, 25)) is not None
    assert calendar.why_not_working(date(2027, 3, 8)) is not None, "Berlin alone has the eighth of March"
    assert calendar.why_not_working(date(2026, 12, 5)) == "weekend"
    assert calendar.why_not_working(date(2026, 12, 4)) is None


def test_holidays_are_known_in_any_year_that_is_asked_for() -> None:
    calendar = Programme.from_settings(BERLIN).calendar
    assert all(calendar.why_not_working(date(year, 5, 1)) for year in (2020, 2026, 2040))


def test_own_closures_are_no_business_days_and_named_so() -> None:
    days = DaysOff(replace(BERLIN, closures=(date(2026, 12, 25), date(2026, 12, 28))))
    assert (days[date(2026, 12, 28)], days[date(2026, 12, 25)]) == ("closure", "closure")
    assert date(2026, 12, 29) not in days
    assert date(2026, 12, 28) in set(days)
    assert len(days) == len(set(days))


def test_without_a_country_there_are_no_holidays() -> None:
    days = DaysOff(Settings(closures=(date(2026, 12, 28),)))
    assert dict(days) == {date(2026, 12, 28): "closure"}


def test_a_deadline_over_christmas_says_what_it_skipped() -> None:
    calendar = Programme.from_settings(replace(BERLIN, closures=(date(2026, 12, 28),))).calendar
    deadline = business_days("partner", datetime(2026, 12, 22, 9, tzinfo=UTC), 5, calendar)
    assert deadline.at.astimezone(calendar.zone).date() == date(2026, 12, 31)
    skipped = deadline.rule["skipped"]
    assert isinstance(skipped, list)
    assert [each["day"][-2:] for each in skipped] == ["25", "26", "27", "28"]
    assert {"day": "2026-12-28", "why": "closure"} in skipped
    assert {"day": "2026-12-27", "why": "weekend"} in skipped


def test_the_shipped_catalogue_is_used_unless_another_is_named(tmp_path: Path) -> None:
    assert "microsoft-365" in Programme.from_settings(Settings()).catalogue.areas
    with pytest.raises(CatalogueError, match="nowhere"):
        Programme.from_settings(Settings(catalogue=str(tmp_path / "nowhere.toml")))
