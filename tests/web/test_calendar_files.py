"""A claim's deadlines as a file for one's calendar, by RFC 5545."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from icalendar import Calendar, Event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web import clock
from cpor_web.models import Claim
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.support import claims, factories
from tests.support.browser import Browser

SignIn = Callable[..., Browser]

NAME = "Grüße; aus, Åmål \\ – ein sehr langer Name, der nicht in eine Zeile passt, und auch nicht in zwei"


@pytest.fixture
def claim(committed: Session, programme: Programme) -> Claim:
    made = claims.running(committed, programme, now=clock.utcnow(), name=NAME)
    committed.commit()
    return made


def the_event(answer: TestResponse) -> Event:
    (event,) = Calendar.from_ical(answer.data).events
    return event


def test_the_partner_saves_the_running_deadline(
    client: Browser, committed: Session, claim: Claim, sign_in: SignIn
) -> None:
    sign_in(client, claim.filed_by)
    link = client.page(f"/claims/{claim.reference}").main.find("a", string="Save to your calendar")
    answer = client.get(link["href"])
    assert answer.mimetype == "text/calendar"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={claim.reference}.ics"
    (invitation,) = claims.invitations_of(committed, claim)
    event = the_event(answer)
    assert event["dtstart"].dt == invitation.round.ends_at
    assert event["dtstart"].to_ical().endswith(b"Z"), "a moment in UTC means the same everywhere"
    assert event["summary"] == f"The consent period ends: {NAME}"
    assert event["url"] == f"https://cpor.vendor.example.com/claims/{claim.reference}"
    assert "It runs for 7 days" in event["description"]


def test_the_reviewer_saves_it_with_a_link_to_their_own_page(
    client: Browser, committed: Session, claim: Claim, sign_in: SignIn
) -> None:
    reviewer = factories.user(committed, Role.REVIEWER)
    committed.commit()
    sign_in(client, reviewer)
    link = client.page(f"/review/{claim.reference}").main.find("a", string="Save to your calendar")
    assert the_event(client.get(link["href"]))["url"].endswith(f"/review/{claim.reference}")


def test_nothing_of_the_customers_contact_is_in_it(client: Browser, claim: Claim, sign_in: SignIn) -> None:
    text = sign_in(client, claim.filed_by).get(f"/claims/{claim.reference}/deadlines.ics").text
    for contact in claim.contacts:
        assert contact.email not in text.replace("\r\n ", "")
        assert contact.name not in text.replace("\r\n ", "")


def test_the_lines_are_folded_and_end_as_the_standard_asks(client: Browser, claim: Claim, sign_in: SignIn) -> None:
    data = sign_in(client, claim.filed_by).get(f"/claims/{claim.reference}/deadlines.ics").data
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"\n" not in b"".join(lines)
    assert lines[0] == b"BEGIN:VCALENDAR"


def test_the_same_deadline_keeps_its_uid_and_a_later_version_counts_up(
    client: Browser, committed: Session, programme: Programme, sign_in: SignIn
) -> None:
    claim = claims.submitted(committed, programme, now=clock.utcnow())
    committed.commit()
    sign_in(client, claim.filed_by)
    address = f"/claims/{claim.reference}/deadlines.ics"
    first, again = the_event(client.get(address)), the_event(client.get(address))
    assert first["uid"] == again["uid"] == f"{claim.reference}.review@cpor.vendor.example.com".lower()
    claim.version += 1
    claim.due_at += timedelta(days=1)
    committed.commit()
    later = the_event(client.get(address))
    assert later["uid"] == first["uid"]
    assert later["sequence"] > first["sequence"]
    assert later["dtstart"].dt == first["dtstart"].dt + timedelta(days=1)


def test_where_nothing_runs_there_is_no_file_and_no_link(
    client: Browser, committed: Session, programme: Programme, sign_in: SignIn
) -> None:
    claim = claims.editing(committed, programme, now=clock.utcnow())
    committed.commit()
    sign_in(client, claim.filed_by)
    assert "Save to your calendar" not in client.page(f"/claims/{claim.reference}").main.get_text()
    assert client.get(f"/claims/{claim.reference}/deadlines.ics").status_code == 404


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.REVIEWER])
def test_another_partners_deadlines_do_not_exist(
    app: Flask, client: Browser, committed: Session, claim: Claim, sign_in: SignIn, role: Role
) -> None:
    stranger = factories.user(committed, role)
    committed.commit()
    sign_in(client, stranger)
    assert client.get(f"/claims/{claim.reference}/deadlines.ics").status_code == 404
