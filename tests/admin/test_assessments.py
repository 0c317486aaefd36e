"""The administrators' page of assessments: lists, tables out and in, messages sent again."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web.admin import assessments
from cpor_web.assessment import handover, results, sheets
from cpor_web.assessment.receiver import Failed
from cpor_web.assessment.results import Result
from cpor_web.config import Settings
from cpor_web.models import Assessment, AssessmentState, Claim, Handover, HandoverState
from cpor_web.programme import Programme
from tests.support.assessments import PASSED, deny, messages_of, passed
from tests.support.browser import Browser

PAGE = "/admin/assessments"
By = Callable[[str], Programme]


@pytest.fixture
def by(app: Flask, settings: Settings, programme: Programme, monkeypatch: pytest.MonkeyPatch) -> By:
    """Let assessments be made by the assessor of that name."""

    def choose(assessor: str) -> Programme:
        monkeypatch.setitem(app.extensions, "settings", replace(settings, assessor=assessor))
        monkeypatch.setitem(app.extensions, "programme", chosen := replace(programme, assessor=assessor))
        return chosen

    return choose


def text_of(page: BeautifulSoup) -> str:
    return " ".join(page.main.get_text(" ").split())


def table_of(office: Browser, path: str) -> list[list[str]]:
    answer = office.get(path)
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def upload(office: Browser, table: str | bytes) -> TestResponse:
    file = (io.BytesIO(table.encode() if isinstance(table, str) else table), "results.csv")
    return office.submit(f"{PAGE}/table", {"table": file}, page=PAGE, content_type="multipart/form-data")


def told_at_the_field(answer: TestResponse) -> list[str]:
    """Return the errors at the field of the table."""
    said = BeautifulSoup(answer.text, "html.parser").select("#table-error")
    return [each.get_text(" ", strip=True).removeprefix("Error: ") for each in said]


def give_up(session: Session, message: Handover) -> None:
    for now in (PASSED, PASSED + timedelta(days=3)):
        handover.lease(session, now=now, most=10)
        handover.begin(session, message.id, now=now)
        handover.settle(session, message.id, Failed("500 Internal Server Error <script>"), now=now)
    session.commit()


def test_without_assessments_the_page_says_so(office: Browser) -> None:
    text = text_of(office.page(PAGE))

    assert "No assessment here." in text
    assert "The catalogue's rules assess." in text
    assert "Upload results" not in text
    assert "Messages to your assessor" not in text


def test_assessments_are_listed_by_state_and_flag(office: Browser, committed: Session, by: By) -> None:
    programme = by("csv")
    waiting, found, ended = (passed(committed, programme) for _ in range(3))
    found.state, found.reasons, found.assessed_at = AssessmentState.NOT_ELIGIBLE, ["<i>No</i> 5% usage."], PASSED
    deny(committed, programme, ended.claim)
    committed.commit()
    references = {each.claim.reference for each in (waiting, found, ended)}

    def listed(query: str) -> set[str]:
        text = text_of(office.page(PAGE + query))
        return {each for each in references if each in text}

    assert listed("") == listed("?state=nonsense&after=nonsense") == references
    assert listed("?state=queued") == {waiting.claim.reference, ended.claim.reference}
    assert listed("?state=not-eligible") == {found.claim.reference}
    assert listed("?state=ended") == {ended.claim.reference}
    assert "<i>No</i> 5% usage." in text_of(office.page(PAGE + "?state=not-eligible"))


def test_what_waits_and_the_corrections_are_downloaded_without_formulas(
    office: Browser, committed: Session, by: By
) -> None:
    programme = by("csv")
    waiting, ended = passed(committed, programme), passed(committed, programme)
    waiting.claim.partner.name = "=HYPERLINK(1)"
    deny(committed, programme, ended.claim)
    committed.commit()

    (header, row), corrections = (
        table_of(office, "/admin/assessments.csv"),
        table_of(office, "/admin/corrections.csv"),
    )

    told = dict(zip(header, row, strict=True))
    assert told["assessment"] == str(waiting.id)
    assert told["partner"] == "'=HYPERLINK(1)"
    assert told["state"] == told["reasons"] == ""
    assert not [contact for contact in waiting.claim.contacts if contact.email in row or contact.name in row]
    assert [each[1:4] for each in corrections[1:]] == [[str(ended.id), ended.claim.reference, "ended"]]


def test_results_are_uploaded_and_the_same_table_twice_is_harmless(
    office: Browser, committed: Session, by: By
) -> None:
    record = passed(committed, by("csv"))
    committed.commit()
    table = f"assessment;state;reasons\n{record.id};not-eligible;No usage\n"

    answer = upload(office, table)

    assert answer.location == PAGE
    assert "One result was recorded." in text_of(office.page(PAGE))
    committed.rollback()
    committed.refresh(record)
    assert (record.state, record.reasons) == (AssessmentState.NOT_ELIGIBLE, ["No usage"])
    assert upload(office, table).status_code == 302
    assert "The table has nothing new" in text_of(office.page(PAGE))


def test_a_table_with_a_wrong_cell_is_shown_what_is_wrong_and_leaves_nothing(
    office: Browser, committed: Session, by: By
) -> None:
    record = passed(committed, by("csv"))
    committed.commit()

    answer = upload(office, f"assessment,state,reasons\n{record.id},eligible,\n{record.id + 1},eligible,\n")

    assert answer.status_code == 422
    rows = BeautifulSoup(answer.text, "html.parser").select("[aria-labelledby=problems] tbody tr")
    assert [[cell.get_text(strip=True) for cell in row(["th", "td"])] for row in rows] == [
        ["3", "assessment", "There is no such assessment."]
    ]
    committed.rollback()
    committed.refresh(record)
    assert record.state is AssessmentState.QUEUED


def when_recorded(monkeypatch: pytest.MonkeyPatch, first: Callable[[Result], None]) -> None:
    """Do something before each result of a table is recorded; a transaction holds one of them."""

    recorded = results.record

    def record(session: Session, result: Result, **about: Any) -> bool:
        first(result)
        return recorded(session, result, **about)

    monkeypatch.setattr(results, "record", record)
    monkeypatch.setattr(sheets, "AT_ONCE", 1)


def test_nobody_waits_for_a_large_table_to_its_end(
    office: Browser, committed: Session, by: By, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (passed(committed, by("csv")) for _ in range(2))
    committed.commit()
    denied: list[int] = []

    def deny_what_was_recorded_before(result: Result) -> None:
        if result.assessment_id == two.id:
            committed.refresh(one.claim, with_for_update={"of": Claim, "nowait": True})
            committed.refresh(one)
            denied.append(one.id if one.state is AssessmentState.ELIGIBLE else 0)
            committed.rollback()

    when_recorded(monkeypatch, deny_what_was_recorded_before)
    upload(office, f"assessment,state,reasons\n{one.id},eligible,\n{two.id},eligible,\n")
    assert denied == [one.id]


def test_a_row_that_another_result_came_before_is_told_and_the_others_are_taken(
    office: Browser, committed: Session, by: By, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = (passed(committed, by("csv")) for _ in range(3))
    committed.commit()

    def comes_before(result: Result) -> None:
        if result.assessment_id == two.id:
            two.state, two.assessed_at = AssessmentState.NOT_ELIGIBLE, PASSED
            committed.commit()

    when_recorded(monkeypatch, comes_before)
    rows = "".join(f"{each.id},eligible,\n" for each in (one, two, three))
    answer = upload(office, f"assessment,state,reasons\n{rows}")

    assert answer.status_code == 409
    assert told_at_the_field(answer) == [
        "2 results were recorded. See below what was not: another result came before."
    ]
    page = BeautifulSoup(answer.text, "html.parser").select("[aria-labelledby=problems] tbody tr")
    assert [[cell.get_text(strip=True) for cell in row(["th", "td"])][:2] for row in page] == [["3", "state"]]
    committed.rollback()
    for each in (one, two, three):
        committed.refresh(each)
    assert [each.state.value for each in (one, two, three)] == ["eligible", "not-eligible", "eligible"]


def test_where_the_database_goes_away_after_a_part_nobody_says_that_nothing_was_changed(
    office: Browser, committed: Session, by: By, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (passed(committed, by("csv")) for _ in range(2))
    committed.commit()

    def goes_away(result: Result) -> None:
        if result.assessment_id == two.id:
            raise OperationalError("", {}, Exception("gone"))

    when_recorded(monkeypatch, goes_away)
    answer = upload(office, f"assessment,state,reasons\n{one.id},eligible,\n{two.id},eligible,\n")
    assert answer.status_code == 503
    assert "It is not certain whether what you sent was recorded." in answer.text


def test_a_form_without_a_file_and_a_file_that_is_too_large_are_refused(
    office: Browser, by: By, monkeypatch: pytest.MonkeyPatch
) -> None:
    by("csv")
    monkeypatch.setattr(assessments, "LARGEST_TABLE", 1000)

    missing = office.submit(f"{PAGE}/table", {}, page=PAGE)
    assert (missing.status_code, "Choose a file." in missing.text) == (422, True)
    large = upload(office, "x" * 1001)
    assert (large.status_code, told_at_the_field(large)) == (422, ["The table is larger than 4 MiB."])


def test_what_is_no_table_is_told_at_its_field(office: Browser, by: By) -> None:
    by("csv")

    answer = upload(office, "assessment,state,reasons\n1,eligible,Größe\n".encode("latin-1"))

    assert (answer.status_code, told_at_the_field(answer)) == (422, ["This is not a table in CSV, UTF-8."])


@pytest.mark.parametrize("assessor", ["built-in", "webhook"])
def test_no_table_is_taken_where_somebody_else_assesses(office: Browser, by: By, assessor: str) -> None:
    by(assessor)

    assert upload(office, "assessment,state,reasons\n").status_code == 404


def test_a_message_that_was_given_up_is_seen_and_sent_again(office: Browser, committed: Session, by: By) -> None:
    record = passed(committed, by("webhook"))
    (message,) = messages_of(committed, record)
    give_up(committed, message)

    assert "500 Internal Server Error <script>" in text_of(office.page(f"{PAGE}?message=given-up"))
    assert "No message here." in text_of(office.page(f"{PAGE}?message=delivered"))
    answer = office.submit(f"{PAGE}/handovers/{message.id}/send-again", page=PAGE)

    assert answer.status_code == 302
    assert "The message is queued once more." in text_of(office.page(PAGE))
    committed.rollback()
    committed.refresh(message)
    assert (message.state, message.attempts) == (HandoverState.QUEUED, 0)
    history = text_of(office.page(f"/review/{record.claim.reference}/history"))
    assert "Message 1 to the assessor was sent again." in history

    again = office.submit(f"{PAGE}/handovers/{message.id}/send-again", page=PAGE)
    assert (again.status_code, "This message is still on its way." in again.text) == (409, True)


def test_sending_a_message_again_leads_back_to_the_filtered_lists(
    office: Browser, committed: Session, by: By
) -> None:
    (message,) = messages_of(committed, passed(committed, by("webhook")))
    give_up(committed, message)
    page = office.page(f"{PAGE}?state=queued&message=given-up")
    (form,) = [each for each in page("form") if each.button.get_text() == "Send again"]

    answer = office.submit(form["action"], page=PAGE)

    assert answer.location == f"{PAGE}?state=queued&message=given-up#messages"


def test_nothing_is_sent_again_where_nothing_is_sent(office: Browser, committed: Session, by: By) -> None:
    record: Assessment = passed(committed, by("webhook"))
    (message,) = messages_of(committed, record)
    give_up(committed, message)
    by("csv")

    assert office.submit(f"{PAGE}/handovers/{message.id}/send-again", page=PAGE).status_code == 404
    assert "Nothing is sent now" in text_of(office.page(PAGE))
