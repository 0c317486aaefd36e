"""Results that come back to /assessments/results."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web import clock
from cpor_web.assessment import signatures
from cpor_web.assessors import BODY_LIMIT
from cpor_web.emails.rendering import Renderer
from cpor_web.models import ERASED, Assessment, AssessmentState, Event, Mail
from cpor_web.programme import Programme
from tests.support.assessments import passed
from tests.support.assessor_server import SECRET
from tests.support.browser import Browser

HOSTILE = "<b>100%</b> %d of http://evil.example.com \u202e"


@pytest.fixture
def stopped_clock() -> Iterator[None]:
    """However long the test takes, it takes no time."""
    with time_machine.travel(clock.utcnow(), tick=False):
        yield


@pytest.fixture
def record(work: Flask, committed: Session, by_webhook: Programme) -> Assessment:
    made = passed(committed, by_webhook)
    committed.commit()
    return made


def send(client: Browser, body: object, *, ago: timedelta = timedelta(), **wrong: str) -> TestResponse:
    """Post a signed result; `wrong` replaces headers."""
    client.sends_referer = False
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = signatures.headers([SECRET], "msg_from_the_assessor", raw, at=clock.utcnow() - ago)
    headers = {**signed, **{name.replace("_", "-"): value for name, value in wrong.items()}}
    return client.post("/assessments/results", data=raw, headers=headers, content_type="application/json")


def found(record: Assessment, state: str = "eligible", *reasons: str, **more: Any) -> dict[str, Any]:
    return {"assessment": record.id, "state": state, "reasons": list(reasons), **more}


def afresh(session: Session, record: Assessment) -> Assessment:
    session.rollback()
    session.refresh(record)
    return record


def mails(session: Session) -> list[Mail]:
    return list(session.scalars(select(Mail).where(Mail.kind == "assessment-result")))


def test_a_result_is_recorded_put_into_the_history_and_told_to_the_partner(
    client: Browser, committed: Session, record: Assessment
) -> None:
    answer = send(client, found(record, "not-eligible", "No usage was measured.", "The seat count is nil."))

    assert answer.status_code == 200
    assert answer.json == {"assessment": record.id, "state": "not-eligible", "recorded": True}
    assert "Set-Cookie" not in answer.headers
    afresh(committed, record)
    assert record.state is AssessmentState.NOT_ELIGIBLE
    assert record.reasons == ["No usage was measured.", "The seat count is nil."]
    event = committed.scalars(select(Event).where(Event.kind == "assessment:assessed")).one()
    assert event.actor == "The operator's assessor"
    (mail,) = mails(committed)
    assert mail.to_address == record.claim.partner_contact_email


def test_the_same_result_again_is_as_good_as_once(client: Browser, committed: Session, record: Assessment) -> None:
    answers = [send(client, found(record, "not-eligible", "No usage.")) for _ in range(3)]

    assert [each.status_code for each in answers] == [200] * 3
    assert [each.json["recorded"] for each in answers] == [True, False, False]
    committed.rollback()
    assert len(mails(committed)) == 1
    assert len(committed.scalars(select(Event).where(Event.kind == "assessment:assessed")).all()) == 1


def test_a_result_whose_reasons_were_erased_is_as_good_as_once_and_another_one_is_refused(
    client: Browser, committed: Session, record: Assessment
) -> None:
    record.state, record.reasons = AssessmentState.NOT_ELIGIBLE, [ERASED, "No usage."]
    committed.commit()
    same = send(client, found(record, "not-eligible", "Carla said no.", "No usage."))
    others = [("eligible",), ("not-eligible", "No usage."), ("not-eligible", "Carla said no.", "No seats.")]

    assert (same.status_code, same.json["recorded"]) == (200, False)  # type: ignore[index]
    assert [send(client, found(record, *other)).status_code for other in others] == [409] * 3


@pytest.mark.parametrize("second", [("eligible",), ("not-eligible", "Another reason.")])
def test_another_result_is_refused_and_changes_nothing(
    client: Browser, committed: Session, record: Assessment, second: tuple[str, ...]
) -> None:
    send(client, found(record, "not-eligible", "No usage."))

    assert send(client, found(record, *second)).status_code == 409
    afresh(committed, record)
    assert (record.state, record.reasons) == (AssessmentState.NOT_ELIGIBLE, ["No usage."])
    assert len(mails(committed)) == 1


def test_of_two_results_at_the_same_instant_exactly_one_is_recorded(
    work: Flask, committed: Session, record: Assessment
) -> None:
    start, answers = threading.Barrier(2), []

    def one(state: str) -> None:
        client = work.test_client()
        assert isinstance(client, Browser)
        start.wait(120)
        answers.append((send(client, found(record, state)).status_code, state))

    threads = [threading.Thread(target=one, args=[state]) for state in ("eligible", "not-eligible")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    (winner,) = [state for status, state in answers if status == 200]
    assert sorted(status for status, _ in answers) == [200, 409]
    assert afresh(committed, record).state.value == winner
    assert len(mails(committed)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_signature": "v1,AAAA"},
        {"webhook_signature": ""},
        {"webhook_id": "msg_other"},
        {"webhook_timestamp": "1614265330"},
        {"ago": timedelta(minutes=5, seconds=5)},
        {"ago": -timedelta(minutes=5, seconds=5)},
    ],
)
@pytest.mark.usefixtures("stopped_clock")
def test_whatever_is_wrong_with_the_signature_the_answer_is_the_same_401(
    client: Browser, committed: Session, record: Assessment, wrong: dict[str, Any]
) -> None:
    answer = send(client, found(record), **wrong)

    assert (answer.status_code, answer.json) == (401, {"error": "not signed by a key of ours within five minutes"})
    unknown = send(client, {"assessment": 10**15, "state": "?"}, **wrong)
    assert (unknown.status_code, unknown.data) == (401, answer.data)
    assert afresh(committed, record).state is AssessmentState.QUEUED


@pytest.mark.usefixtures("stopped_clock")
def test_a_result_that_is_kept_for_longer_than_five_minutes_is_worth_nothing(
    client: Browser, committed: Session, record: Assessment
) -> None:
    assert send(client, found(record), ago=timedelta(minutes=4, seconds=50)).status_code == 200
    assert send(client, found(record), ago=timedelta(minutes=5, seconds=5)).status_code == 401


@pytest.mark.parametrize("id_", [0, -1, 10**15, 2**63, 10**300])
def test_an_assessment_that_is_not_there_is_not_found(client: Browser, record: Assessment, id_: int) -> None:
    assert send(client, {"assessment": id_, "state": "eligible"}).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"assessment": "1"}, "assessment"),
        ({"assessment": True}, "assessment"),
        ({"assessment": None}, "assessment"),
        ({"state": "queued"}, "state"),
        ({"state": ["eligible"]}, "state"),
        ({"reasons": "no usage"}, "reasons"),
        ({"reasons": [""]}, "reasons"),
        ({"reasons": [1]}, "reasons"),
        ({"reasons": ["x" * 501]}, "reasons"),
        ({"reasons": ["x"] * 21}, "reasons"),
        ({"reasons": ["half a character: \ud800"]}, "reasons"),
        ({"reasons": ["\x00"]}, "reasons"),
    ],
)
def test_what_is_not_a_result_is_refused_with_the_field_that_is_wrong(
    client: Browser, committed: Session, record: Assessment, wrong: dict[str, Any], field: str
) -> None:
    answer = send(client, {**found(record), **wrong})

    assert (answer.status_code, answer.json["field"]) == (400, field)
    assert afresh(committed, record).state is AssessmentState.QUEUED


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"1" * 5000, b"[" * 60_000])
def test_what_is_not_an_object_of_json_is_refused(client: Browser, record: Assessment, body: bytes) -> None:
    assert send(client, body).status_code == 400


def test_a_body_that_is_too_long_is_refused(client: Browser, record: Assessment) -> None:
    assert send(client, b" " * (BODY_LIMIT + 1)).status_code == 413


@pytest.mark.parametrize("by", ["built-in", "csv"])
def test_without_a_webhook_the_address_is_not_there(
    work: Flask, client: Browser, record: Assessment, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setitem(work.extensions, "settings", replace(work.extensions["settings"], assessor=by))

    assert send(client, found(record)).status_code == 404


def test_a_reason_is_text_and_nothing_else_on_pages_and_in_mails(
    client: Browser, committed: Session, record: Assessment, sign_in: Any
) -> None:
    send(client, found(record, "not-eligible", HOSTILE))
    committed.rollback()
    client.sends_referer = True
    sign_in(client, record.claim.filed_by)

    for path in (f"/claims/{record.claim.reference}", f"/claims/{record.claim.reference}/history"):
        text = client.get(path).text
        assert "&lt;b&gt;100%&lt;/b&gt; %d of" in text
        assert "<b>100%" not in text

    (mail,) = mails(committed)
    links = {"public_url": "https://cpor.vendor.example.com", "guide_url": "https://vendor.example.com"}
    for language in ("en", "de"):
        words = Renderer("Europe/Berlin").render(mail.kind, mail.context, language=language, links=links)
        assert "&lt;b&gt;100%&lt;/b&gt; %d of" in words.html
        assert "<b>100%</b> %d of" in words.text
        assert "http://evil.example.com" not in words.html + words.text
        assert "\u202e" not in words.html + words.text
