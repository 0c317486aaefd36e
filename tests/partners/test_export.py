"""What is filtered goes out as CSV and as a workbook: all of it, in its order, and a little at a time."""

import csv
import io
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from cpor_web import clock
from cpor_web.claims.drafts import ContactDraft
from cpor_web.database import capped
from cpor_web.lists import own
from cpor_web.models import Assessment, AssessmentState, Round
from cpor_web.partners import export
from cpor_web.rules.fields import FIELDS
from cpor_web.rules.statuses import Status
from cpor_web.web import downloads
from tests.partners.conftest import Desk
from tests.partners.pages import text_of
from tests.support.browser import Browser
from tests.test_spreadsheets import cells_of


def csv_of(browser: Browser, query: str = "") -> list[list[str]]:
    return list(csv.reader(io.StringIO(browser.get(f"/claims.csv?{query}").text.lstrip("\ufeff"))))


def test_the_workbook_has_the_same_cells_as_the_csv_in_the_same_order_over_many_parts(
    app: Flask, browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "READ_AT_ONCE", 2)
    for number in range(5):
        desk.claim(
            Status.SUBMITTED if number % 2 else Status.EDITING, name=f"Claim {number}", proof_date="2026-04-30"
        )
    query = "search=Claim&sort=newest"
    rows = csv_of(browser, query)
    assert [row[5] for row in rows] == ["Claim name", *(f"Claim {number}" for number in (4, 3, 2, 1, 0))]
    answer = browser.get(f"/claims.xlsx?{query}")
    assert answer.headers["Content-Disposition"] == "attachment; filename=claims.xlsx"
    written = cells_of(answer.data)
    assert [row[:2] + row[5:] for row in written] == [row[:2] + row[5:] for row in rows]
    zone = app.extensions["programme"].calendar.zone
    assert written[0][2] == f"Since ({zone.key})"
    for there, here in zip(written[1:], rows[1:], strict=True):
        told = datetime.fromisoformat(here[2])
        assert there[2] == told.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")
        assert told.utcoffset() == timedelta(0)
    assert rows[1][14] == "2026-04-30"
    assert [row[5] for row in csv_of(browser, "status=submitted&sort=newest")[1:]] == ["Claim 3", "Claim 1"]


def test_the_table_has_the_reason_who_acts_and_what_the_assessment_found_in_columns(
    browser: Browser, desk: Desk
) -> None:
    rejected, approved = desk.claim(Status.REJECTED), desk.claim(Status.APPROVED)
    round_ = desk.session.scalars(select(Round).where(Round.claim_id == approved.id)).one()
    now = clock.utcnow()
    found = AssessmentState.NOT_ELIGIBLE
    assessment = Assessment(claim_id=approved.id, round_id=round_.id, state=found, reasons=[], queued_at=now)
    assessment.assessed_at = now
    desk.session.add(assessment)
    desk.session.commit()
    header, *rows = csv_of(browser)
    told = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    columns = ("Who acts next", "Reason for rejection", "Assessment for incentives")
    assert [told[rejected.reference][each] for each in columns] == [
        "The partner",
        "Insufficient proof of execution",
        "",
    ]
    assert [told[approved.reference][each] for each in columns] == ["Nobody", "", "Not eligible"]
    assert all(datetime.fromisoformat(row["Since"]).microsecond == 0 for row in told.values())


def test_of_a_second_contact_who_is_not_there_the_table_has_no_language(browser: Browser, desk: Desk) -> None:
    second = ContactDraft("Carlo Conti", "", "carlo@contoso.example.com", "sv")
    alone, of_two = desk.claim(), desk.claim(second=second)
    header, *rows = csv_of(browser)
    at = header.index("Second customer contact language")
    assert {row[0]: row[at] for row in rows} == {alone.reference: "", of_two.reference: "svenska"}


@pytest.mark.parametrize("name", ["claims.csv", "claims.xlsx"])
def test_an_answer_begins_before_the_first_row_is_read(app: Flask, name: str) -> None:
    read: list[int] = []

    def rows() -> Iterator[list[str]]:
        read.append(1)
        yield ["a"]

    with app.test_request_context():
        answer = downloads.streamed(name, ["Reference"], rows())
        parts = iter(answer.response)
        begun = [next(parts)], list(read)
        whole = [*begun[0], *parts]
    assert (begun[1], read) == ([], [1])
    assert len(whole) > 1


@pytest.mark.parametrize("name", ["claims.csv", "claims.xlsx"])
def test_a_script_is_told_how_many_rows_come_and_how_many_are_there(
    browser: Browser, desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capped, "ENOUGH", 1)  # so far the dashboard counts
    for number in range(3):
        desk.claim(Status.SUBMITTED if number else Status.EDITING, name=f"Claim {number}")
    plain = browser.get(f"/{name}?status=submitted")
    told = browser.get(f"/{name}?status=submitted", headers={"X-Progress": "rows"})
    assert "X-Rows" not in plain.headers
    assert (told.headers["X-Rows"], told.mimetype) == ("2", "application/octet-stream")
    rows, parts, rest = [0], [], told.data
    while rest:
        number, size = struct.unpack(">II", rest[:8])
        rows.append(number)
        parts.append(rest[8 : 8 + size])
        rest = rest[8 + size :]
    assert b"".join(parts) == plain.data
    assert rows == sorted(rows)
    assert rows[-1] == 2


def test_of_more_exports_at_once_than_a_process_sends_one_waits(browser: Browser, desk: Desk) -> None:
    desk.claim()
    others = range(-export.MOST_AT_ONCE, 0)  # nobody has such a number
    assert all(export._places.take(number) for number in others)
    try:
        assert browser.get("/claims.csv").status_code == 302
        assert "Other exports are under way" in browser.get("/claims").text
    finally:
        for number in others:
            export._places.give_back(number)
    for _ in range(export.MOST_AT_ONCE + 1):  # each gives its place back
        assert browser.get("/claims.csv").status_code == 200
        assert browser.head("/claims.xlsx").status_code == 200


def test_nobody_takes_the_places_of_all_others() -> None:
    places = export._Places()
    assert [places.take(number) for number in (1, 1, 2, 3)] == [True, False, True, False]
    places.give_back(1)
    assert [places.take(number) for number in (2, 3)] == [False, True]


def test_what_is_not_fetched_in_time_is_cut_and_gives_its_place_back(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.claim()
    with monkeypatch.context() as late:
        late.setattr(export, "LONGEST", -1)
        with pytest.raises(export.TakesTooLong):
            browser.get("/claims.csv")
    assert browser.get("/claims.csv").status_code == 200


def test_what_went_out_comes_back_as_the_same_claims(browser: Browser, desk: Desk) -> None:
    desk.claim(name="=1+1")
    header, row = csv_of(browser)
    again = io.StringIO()
    form = slice(5, 5 + len(FIELDS))
    csv.writer(again).writerows([header[form], row[form]])
    sent = {"table": (io.BytesIO(again.getvalue().encode()), "claims.csv")}
    answer = browser.submit("/claims/import", sent, page="/claims/import")
    assert answer.status_code == 200, answer.text
    assert "=1+1" in answer.text
    assert "Or drop a table here." in text_of(browser.page("/claims/import"))
