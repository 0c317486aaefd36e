"""A claim's history: every event in words, newest first, by kind, and as a table."""

import csv
import io
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import select
from sqlalchemy.orm import Session

import cpor_web
from cpor_web import clock, history_words
from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import answers
from cpor_web.models import Event, Invitation
from cpor_web.rules.fields import LABELS
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import TABLE
from tests.partners.conftest import Desk, form_of
from tests.support.browser import Browser


def told(page: BeautifulSoup) -> list[str]:
    timeline = page.find("ol", class_="timeline")
    assert isinstance(timeline, Tag)
    return [item("p")[1].get_text(strip=True) for item in timeline("li", recursive=False)]


@pytest.mark.parametrize("kind", sorted({rule.event for rule in TABLE}))
def test_every_transition_is_told_in_words(kind: str) -> None:
    assert kind in history_words.SENTENCES


def test_every_kind_that_the_code_writes_is_told_in_words() -> None:
    rooms = [path for path in Path(cpor_web.__file__).parent.rglob("*.py") if path.parent.name != "history_words"]
    written = {
        kind
        for path in rooms
        for call in path.read_text(encoding="utf-8").split("history.append(")[1:]
        for kind in re.findall(r'"([a-z]+:[a-z-]+)"', call[:150])
    }
    assert len(written) > 10
    assert written - history_words.SENTENCES.keys() == set()
    assert {kind.partition(":")[0] for kind in written} - history_words.KINDS.keys() == {"note"}


def test_the_newest_comes_first_with_who_and_what(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.PARTNER_ACTION_REQUIRED)
    page = browser.page(f"/claims/{claim.reference}/history")
    assert told(page)[::-1] == [
        "The claim was created.",
        "The document proof.txt was uploaded.",
        "The claim was submitted for approval.",
        "The review started.",
        "The reviewer asked for more.",
    ]
    assert isinstance(page.main, Tag)
    words = page.main.get_text(" ")
    assert "Rut Ros (Reviewer)" in words
    assert "Missing or old dates: The year" in words
    assert "Send the date." in words


def test_an_edit_is_told_as_old_and_new(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    edit = f"/claims/{claim.reference}/edit"
    assert desk.user.partner is not None
    browser.submit(edit, form_of(desk.user.partner, customer_name="Contoso AG", seen=claim.version), page=edit)
    page = browser.page(f"/claims/{claim.reference}/history")
    assert isinstance(page.main, Tag)
    assert f"{LABELS['customer_name']}: Contoso → Contoso AG" in page.main.get_text()


def test_a_kind_alone_can_be_shown(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    page = browser.page(f"/claims/{claim.reference}/history?kind=document")
    assert told(page) == ["The document proof.txt was uploaded."]


def test_the_table_has_what_is_shown_and_no_formula(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    browser.submit(
        f"/claims/{claim.reference}/comments",
        {"comment": "=HYPERLINK(1)"},
        page=f"/claims/{claim.reference}",
    )
    answer = browser.get(f"/claims/{claim.reference}/history.csv?kind=comment")
    assert answer.mimetype == "text/csv"
    header, row = csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))
    assert header == ["When", "Who", "What", "More"]
    assert row[1:] == ["Frida Falk (Incentives admin)", "A comment was added.", "Comment: =HYPERLINK(1)"]


def test_an_event_without_words_is_shown_by_its_name(committed: Session) -> None:
    event = Event(kind="claim:frobnicated", role=Role.SYSTEM, actor="System", data={})
    assert history_words.told(event) == "claim:frobnicated"


def test_other_programs_get_the_history_as_json(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.PARTNER_ACTION_REQUIRED)
    page = browser.page(f"/claims/{claim.reference}/history?kind=claim")
    link = page.find("a", string="Export as JSON")
    assert isinstance(link, Tag)
    answer = browser.get(str(link["href"]))
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={claim.reference}.json"
    found = answer.get_json()
    assert found["claim"] == claim.reference
    assert [event["what"] for event in found["events"]] == told(page)
    newest = found["events"][0]
    assert (newest["kind"], newest["by"], newest["role"]) == ("claim:information-requested", "Rut Ros", "reviewer")
    assert "Missing or old dates: The year" in newest["more"]


def test_json_tells_a_change_by_its_fields_name(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    edit = f"/claims/{claim.reference}/edit"
    assert desk.user.partner is not None
    browser.submit(edit, form_of(desk.user.partner, customer_name="Contoso ÅG", seen=claim.version), page=edit)
    newest, *_ = browser.get(f"/claims/{claim.reference}/history.json").get_json()["events"]
    assert newest["changes"] == {"customer_name": {"old": "Contoso", "new": "Contoso ÅG"}}


def test_why_a_period_stands_still_is_told_to_the_partner_but_for_what_is_internal(
    browser: Browser, desk: Desk
) -> None:
    claim = desk.claim(Status.APPROVED, second=ContactDraft("Dan Dahl", "", "dan@contoso.example.com"))
    replaced, _ = desk.session.scalars(select(Invitation).order_by(Invitation.id)).all()
    replaced.superseded_at = clock.utcnow()
    desk.session.flush()
    how = {"now": clock.utcnow(), "programme": desk.programme}
    answers.deny(desk.session, replaced, reason=Denial.OTHER, way=Way.PAGE, **how)
    desk.session.commit()
    where = f"/claims/{claim.reference}"
    for said in ("", "/history", "/history.csv", "/history.json"):
        text = browser.get(f"{where}{said}").text
        assert "The consent period was stopped: a reviewer looks into it." in text
        assert "denied" not in text
        assert "replaced" not in text.replace("marked as replaced", "")
    assert "Why: a reviewer looks into it" in browser.get(f"{where}/history.csv").text
    assert "The consent period stands still. A reviewer decides how it goes on." in browser.get(where).text


def test_no_json_has_what_is_internal(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.UNDER_REVIEW)
    operations.note(desk.session, claim, "Ask legal first.", actor=desk.reviewer.actor, now=clock.utcnow())
    desk.session.commit()
    text = browser.get(f"/claims/{claim.reference}/history.json").text
    assert "The review started." in text
    assert "note" not in text
    assert "internal" not in text.lower()
