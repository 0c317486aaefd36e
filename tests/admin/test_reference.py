from dataclasses import fields, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cpor_web.admin.calendar import days_off
from cpor_web.admin.reference import in_force, rows
from cpor_web.config import Settings, env_name
from cpor_web.programme import Programme
from cpor_web.rules.deadlines import Calendar
from cpor_web.rules.roles import Role
from tests.support.browser import Browser


def test_the_calendar_shows_zone_weekend_and_the_holidays_of_two_years(office: Browser) -> None:
    page = office.page("/admin/calendar")
    words = page.main.get_text(" ", strip=True)
    year = datetime.now(UTC).astimezone(ZoneInfo("Europe/Berlin")).year

    assert "Europe/Berlin" in words
    assert "Saturday, Sunday" in words
    assert "DE , BE" in words or "DE, BE" in words
    for each in (year, year + 1):
        assert page.find("h2", string=f"Days off in {each}")
        assert page.find("time", datetime=f"{each}-12-25")


def test_days_off_are_told_in_order_those_on_a_weekend_too() -> None:
    calendar = Calendar(
        ZoneInfo("Europe/Berlin"),
        days_off={date(2026, 12, 26): "Second", date(2026, 1, 1): "First", date(2027, 1, 1): "Next"},
    )

    assert [off.name for off in days_off(calendar, 2026)] == ["First", "Second"]


def test_the_catalogue_shows_areas_activities_and_products_and_says_that_it_is_the_sample(office: Browser) -> None:
    words = office.page("/admin/catalogue").main.get_text(" ", strip=True)

    for expected in ("Business Applications", "Microsoft 365", "Revenue association", "never earns", "Teams"):
        assert expected in words
    assert "This is the sample that is shipped." in words


def test_every_setting_is_shown_with_its_meaning_and_no_secret(office: Browser, settings: Settings) -> None:
    answer = office.get("/admin/settings")

    for field in fields(Settings):
        assert env_name(field) in answer.text
    for secret in (*settings.secret_keys, *settings.consent_keys):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_keys", ("k" * 40,)),
        ("consent_keys", ("k" * 40, "l" * 40)),
        ("mail_password", "hunter2hunter2"),
        ("database_url", "postgresql+psycopg://cpor:hunter2hunter2@db.example.com/cpor"),
        ("database_url", "postgresql+psycopg:///cpor?user=cpor&password=hunter2hunter2&host=db.example.com"),
        ("redis_url", "redis://:hunter2hunter2@cache.example.com:6379/0"),
    ],
)
def test_no_row_has_a_secret_in_it(settings: Settings, name: str, value: object) -> None:
    text = "\n".join(str(row) for row in rows(replace(settings, **{name: value})))

    for secret in ("hunter2hunter2", "k" * 40, "l" * 40):
        assert secret not in text


def test_the_periods_of_the_guides_edition_are_shown_where_nobody_set_others(settings: Settings) -> None:
    of_2023 = replace(settings, guide="2023", partner_days=9)
    by_name = {row.name: row for row in rows(in_force(of_2023, Programme.from_settings(of_2023).periods))}

    assert (by_name["CPOR_REVIEW_DAYS"].value, by_name["CPOR_PARTNER_DAYS"].value) == ("14", "9")


def test_a_row_says_whether_a_secret_is_set(settings: Settings) -> None:
    by_name = {row.name: row for row in rows(replace(settings, mail_password=""))}

    assert by_name["CPOR_SECRET_KEYS"].is_set
    assert not by_name["CPOR_MAIL_PASSWORD"].is_set
    assert by_name["CPOR_WEEKEND"].value == "sat,sun"


def test_roles_are_shown_as_they_are_written_and_what_is_not_set_as_nothing(settings: Settings) -> None:
    given = replace(
        settings,
        oidc_roles=(("cpor-admins", Role.ADMINISTRATOR), ("cpor-reviewers", Role.REVIEWER)),
        oidc_client_secret="not to be seen",
        second_factor_roles=frozenset({Role.REVIEWER, Role.ADMINISTRATOR}),
        consent_days=None,
    )
    shown = {row.name: row for row in rows(given)}
    assert shown["CPOR_OIDC_ROLES"].value == "cpor-admins=administrator, cpor-reviewers=reviewer"
    assert shown["CPOR_SECOND_FACTOR_ROLES"].value == "administrator,reviewer"
    assert (shown["CPOR_OIDC_CLIENT_SECRET"].value, shown["CPOR_OIDC_CLIENT_SECRET"].is_set) == ("", True)
    assert shown["CPOR_CONSENT_DAYS"].value == ""
