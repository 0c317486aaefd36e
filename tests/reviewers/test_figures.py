"""The page of figures: what it draws, the tables behind, the files; numbers that were computed by hand."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy.orm import Session

import jobs.upkeep
from cpor_web.clock import utcnow
from cpor_web.figures import counting
from cpor_web.models import Claim, Heartbeat, Measure, WeeklyFigure
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.browser import Browser

Add = Callable[..., None]


@pytest.fixture
def this_week(programme: Programme) -> date:
    today = programme.calendar.local_day(datetime.now(UTC))
    return today - timedelta(days=today.weekday())


@pytest.fixture
def add(committed: Session, this_week: date) -> Add:
    """Return what adds a figure, of one partner unless it is told another."""
    usual = factories.partner(committed, "Adatum")

    def figure(measure: Measure, number: int, value: str = "", *, ago: int = 0, **more: object) -> None:
        row = {"week": this_week - timedelta(weeks=ago), "partner_id": usual.id, "area": "microsoft-365", **more}
        committed.add(WeeklyFigure(measure=measure, number=number, value=value, **row))
        committed.commit()

    return figure


def table(page: BeautifulSoup, key: str) -> dict[str, list[str]]:
    """Return the rows of the table behind a chart, by their names."""
    rows = page.find(id=key).find_parent("section").select("tbody tr")
    return {row.th.get_text(): [cell.get_text() for cell in row("td")] for row in rows}


def drawn(page: BeautifulSoup, key: str) -> list[tuple[float, str]]:
    """Return the bars of a chart: how long each is, and the figure beside it."""
    picture = page.find(id=key).find_parent("section").svg
    lengths = [float(bar["width"]) for bar in picture("rect")]
    return list(zip(lengths, [each.get_text() for each in picture.select(".chart__figure")], strict=True))


def test_bars_are_as_long_as_their_figures_are_large(desk: Browser, add: Add) -> None:
    add(Measure.DENIED, 8, ago=1)
    add(Measure.DENIED, 2)
    bars = drawn(desk.page("/review/figures?weeks=4"), "denials")
    assert bars == [(0.0, "0"), (0.0, "0"), (150.0, "8"), (37.5, "2")]


def test_half_and_nine_of_ten_of_the_decisions_were_made_within_so_many_days(desk: Browser, add: Add) -> None:
    for days, number in ((1, 6), (3, 3), (12, 1)):
        add(Measure.DECIDED, number, str(days))
    page = desk.page("/review/figures?weeks=4")
    assert list(table(page, "time").values())[-1] == ["1", "3", "10"]
    assert next(iter(table(page, "time").values())) == ["–", "–", "0"]


def test_the_share_of_requests_is_that_of_all_answers(desk: Browser, add: Add) -> None:
    add(Measure.DECIDED, 3, "2")
    add(Measure.ASKED, 1)
    page = desk.page("/review/figures?by=area")
    assert table(page, "requests")["Microsoft 365"] == ["25%", "1", "4"]
    assert table(page, "requests")["Business Applications"] == ["–", "0", "0"]


def test_rejections_are_drawn_by_reason_and_told_apart_in_the_table(desk: Browser, add: Add) -> None:
    add(Measure.REJECTED, 2, "customer-decline")
    add(Measure.REJECTED, 1, "customer-decline", ago=1)
    add(Measure.REJECTED, 1, "", ago=1)
    page = desk.page("/review/figures?weeks=4")
    assert [words for _length, words in drawn(page, "rejections")] == ["0", "3", "0", "0", "0", "0", "0", "0", "1"]
    rows = list(table(page, "rejections").values())
    assert [row[1] for row in rows] == ["0", "0", "1", "2"]
    assert [row[-1] for row in rows] == ["0", "0", "1", "0"]


def test_a_week_whose_end_nobody_counted_is_not_said_to_have_had_nothing_waiting(desk: Browser, add: Add) -> None:
    add(Measure.WAITING, 4, ago=1)
    assert list(table(desk.page("/review/figures?weeks=4"), "waiting").values())[1:3] == [["–", "–"], ["4", "0"]]


COUNTED = (
    (Measure.WAITING, ""),
    (Measure.DECIDED, "2"),
    (Measure.ASKED, ""),
    (Measure.REJECTED, "customer-decline"),
    (Measure.DENIED, ""),
    (Measure.UNDELIVERED, "refused"),
)


def test_every_picture_has_a_title_a_description_and_its_table(desk: Browser, add: Add) -> None:
    for measure, value in COUNTED:
        add(measure, 1, value, ago=1)
    page = desk.page("/review/figures")
    pictures = page("svg")
    assert len(pictures) == 6
    for picture in pictures:
        named = [page.find(id=each).get_text() for each in picture["aria-labelledby"].split()]
        assert all(named)
        assert picture["role"] == "img"
        assert picture.find_parent("section").select("details table tbody tr")


def test_where_nothing_was_counted_words_stand_instead_of_the_picture(desk: Browser, add: Add) -> None:
    add(Measure.DENIED, 1)
    page = desk.page("/review/figures?weeks=4")
    assert len(page("svg")) == 1
    section = page.find(id="bounces").find_parent("section")
    assert "Nothing to show." in section.get_text()
    assert set(map(tuple, table(page, "bounces").values())) == {("0", "0")}


def test_a_name_that_is_too_long_to_stand_beside_its_bars_stands_above_them(desk: Browser, add: Add) -> None:
    add(Measure.REJECTED, 2, "missing-customer-consent")
    picture = desk.page("/review/figures").find(id="rejections").find_parent("section").svg
    assert "Missing customer consent on PoE" in [each.get_text() for each in picture.select(".chart__name")]
    assert {bar["x"] for bar in picture("rect")} == {"0"}


def test_the_page_is_of_the_weeks_the_area_and_the_partner_that_its_address_names(
    desk: Browser, add: Add, committed: Session
) -> None:
    other = factories.partner(committed, "Wingtip Toys")
    add(Measure.DENIED, 1)
    add(Measure.DENIED, 2, area="business-applications")
    add(Measure.DENIED, 4, partner_id=other.id)
    add(Measure.DENIED, 8, ago=12)

    def denials(query: str) -> int:
        return sum(int(row[0]) for row in table(desk.page(f"/review/figures?{query}"), "denials").values())

    assert denials("") == 7
    assert denials("weeks=26") == 15
    assert denials("until=12") == 8
    assert denials("area=business-applications") == 2
    assert denials("partner=wingtip%20toys") == 4
    assert denials("by=partner&weeks=52") == 15
    assert denials("by=sun&weeks=-1&until=x&area=y") == 7


def test_the_beginning_of_a_partners_name_will_do_and_of_several_one_is_chosen(
    desk: Browser, add: Add, committed: Session
) -> None:
    for number, name in ((1, "Wingtip Toys"), (2, "Wingtip"), (4, "Wide World of Toys")):
        add(Measure.DENIED, number, partner_id=factories.partner(committed, name).id)

    def denials(page: BeautifulSoup) -> int:
        return sum(int(row[0]) for row in table(page, "denials").values())

    assert denials(desk.page("/review/figures?partner=wide+w")) == 4
    page = desk.page("/review/figures?partner=WORLD")
    assert denials(page) == 4
    assert "Figures of Wide World of Toys alone." in page.get_text()
    assert denials(desk.page("/review/figures?partner=wingtip")) == 2, "a whole name is meant as it is"
    several = desk.page("/review/figures?partner=toys&by=area")
    assert "Several partners' names begin so. Choose one." in several.main.get_text()
    choices = {link.get_text(): link["href"] for link in several.select("nav[aria-labelledby=fitting] a")}
    assert list(choices) == ["Wide World of Toys", "Wingtip Toys"]
    assert denials(desk.page(choices["Wingtip Toys"])) == 1
    assert "by=area" in choices["Wingtip Toys"]


def test_a_partner_that_there_is_not_is_told_and_nothing_is_shown_of_others(desk: Browser, add: Add) -> None:
    add(Measure.DENIED, 1)
    page = desk.page("/review/figures?partner=Nobody%00")
    assert "No partner's name begins so." in page.main.get_text()
    assert {row[0] for row in table(page, "denials").values()} == {"0"}


def test_a_table_is_saved_as_csv_with_the_same_filter(desk: Browser, add: Add) -> None:
    add(Measure.UNDELIVERED, 3, "bounced")
    add(Measure.UNDELIVERED, 1, "refused")
    page = desk.page("/review/figures?by=area&area=microsoft-365")
    link = page.find(id="bounces").find_parent("section").select_one("a[download]")["href"]
    rows = list(csv.reader(io.StringIO(desk.get(link).text.removeprefix("\ufeff"))))
    assert rows == [["Solution area", "Came back", "Refused"], ["Microsoft 365", "3", "1"]]
    rows = list(
        csv.reader(io.StringIO(desk.get("/review/figures.csv?of=bounces&weeks=4").text.removeprefix("\ufeff")))
    )
    assert all(date.fromisoformat(week).weekday() == 0 for week, *_ in rows[1:])
    assert desk.get("/review/figures.csv?of=the-moon").status_code == 404


def test_what_waits_now_is_said_at_the_top(desk: Browser, claim: Claim) -> None:
    page = desk.page("/review/figures?by=partner")
    assert "Now: 1 waiting for us, 0 of them overdue." in page.main.get_text()
    assert table(page, "waiting") == {claim.partner.name: ["1", "0"]}


def test_the_job_counts_every_day_that_is_over(
    app: Flask, committed: Session, claim: Claim, monkeypatch: pytest.MonkeyPatch, desk: Browser
) -> None:
    monkeypatch.setattr(jobs.upkeep, "app", lambda: app)
    committed.add(Heartbeat(name=counting.COUNTED, at=datetime.now(UTC) - timedelta(days=3)))
    committed.commit()
    jobs.upkeep.count_figures()
    committed.expire_all()
    counted = committed.get_one(Heartbeat, counting.COUNTED).at
    assert timedelta(0) < datetime.now(UTC) - counted < timedelta(days=1, hours=1, minutes=15)
    assert "up to the end of" in desk.page("/review/figures").main.get_text()


def test_a_worker_whose_clock_is_ahead_counts_no_day_that_has_not_been(
    app: Flask, committed: Session, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.upkeep, "app", lambda: app)
    with time_machine.travel(utcnow() + timedelta(days=30)):
        jobs.upkeep.count_figures()
    assert committed.get_one(Heartbeat, counting.COUNTED).at <= utcnow()


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.VIEWER])
def test_partners_have_no_such_page(
    client: Browser, committed: Session, sign_in: Callable[..., Browser], role: Role
) -> None:
    user = factories.user(committed, role)
    committed.commit()
    assert sign_in(client, user).get("/review/figures").status_code == 404
