"""Consent records on the pages: each side gets its copy, and anybody has one verified."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.consent import sealing
from cpor_web.extensions import limiter
from cpor_web.models import Claim, User
from cpor_web.programme import Programme
from cpor_web.records import FORM_AROUND_IT, TRIES
from cpor_web.rules.roles import Role
from tests.support import claims, factories
from tests.support.browser import Browser
from tests.support.rows import changed, dump

SignIn = Callable[..., Browser]


@pytest.fixture(autouse=True)
def unlimited_before(app: Flask) -> Iterator[None]:
    limiter.reset()
    yield
    limiter.reset()


@pytest.fixture
def now() -> datetime:
    return clock.utcnow()


@pytest.fixture
def denied(committed: Session, programme: Programme, now: datetime) -> Claim:
    claim = claims.denied(committed, programme, now=now)
    committed.commit()
    return claim


def reviewer_of(claim: Claim) -> User:
    assert claim.reviewer
    return claim.reviewer


def brought(browser: Browser, raw: bytes) -> Any:
    return browser.post("/consent-record", data={"record": (io.BytesIO(raw), "record.json")})


# Saving it


def test_the_reviewers_copy_has_the_address_and_the_partners_has_not(
    app: Flask, denied: Claim, sign_in: SignIn
) -> None:
    reviewers = sign_in(app.test_client(), reviewer_of(denied)).get(f"/review/{denied.reference}/consent-record")
    partners = sign_in(app.test_client(), denied.filed_by).get(f"/claims/{denied.reference}/consent-record")

    assert "carla@contoso.example.com" in reviewers.text
    assert "carla" not in partners.text.lower()
    for answer in (reviewers, partners):
        assert answer.mimetype == "application/json"
        assert f"{denied.reference}-consent-record.json" in answer.headers["Content-Disposition"]
        genuine = sealing.read(answer.data, app.extensions["signing_keys"].public)
        assert genuine.record["claim"]["reference"] == denied.reference


def test_both_pages_of_the_claim_lead_to_it(app: Flask, denied: Claim, sign_in: SignIn) -> None:
    for user, path in ((reviewer_of(denied), "/review/"), (denied.filed_by, "/claims/")):
        page = sign_in(app.test_client(), user).page(f"{path}{denied.reference}")
        (link,) = [a for a in page.select("main a") if a.get_text() == "Consent record"]
        assert link["href"] == f"{path}{denied.reference}/consent-record"


def test_where_nobody_was_asked_there_is_none(
    app: Flask, committed: Session, programme: Programme, sign_in: SignIn
) -> None:
    claim = claims.under_review(committed, programme)
    committed.commit()
    for user, path in ((reviewer_of(claim), "/review/"), (claim.filed_by, "/claims/")):
        browser = sign_in(app.test_client(), user)
        assert "Consent record" not in browser.page(f"{path}{claim.reference}").get_text()
        assert browser.get(f"{path}{claim.reference}/consent-record").status_code == 404


def test_another_partner_has_no_copy(client: Browser, committed: Session, denied: Claim, sign_in: SignIn) -> None:
    stranger = factories.user(committed, Role.GLOBAL_ADMIN)
    committed.commit()
    sign_in(client, stranger)

    assert client.get(f"/claims/{denied.reference}/consent-record").status_code == 404
    assert client.get(f"/review/{denied.reference}/consent-record").status_code == 404


# Having it verified


def record_of(app: Flask, denied: Claim, sign_in: SignIn) -> bytes:
    browser = sign_in(app.test_client(), denied.filed_by)
    return bytes(browser.get(f"/claims/{denied.reference}/consent-record").data)


def test_anybody_is_told_what_a_genuine_record_says(
    app: Flask, client: Browser, committed: Session, denied: Claim, sign_in: SignIn
) -> None:
    raw = record_of(app, denied, sign_in)
    committed.rollback()
    before = dump(committed)

    answer = brought(client, raw)

    assert answer.status_code == 200
    for words in ("is genuine", denied.reference, denied.partner.name, "Contoso", "Teams", "Not our partner"):
        assert words in answer.text, words
    assert "Set-Cookie" not in answer.headers
    committed.rollback()
    assert changed(before, dump(committed)) == []


def test_a_changed_record_is_told_to_be_none(app: Flask, client: Browser, denied: Claim, sign_in: SignIn) -> None:
    file = json.loads(record_of(app, denied, sign_in))
    file["record"]["rounds"][0]["state"] = "passed"

    answer = brought(client, json.dumps(file).encode())

    assert answer.status_code == 422
    assert "was changed after it was signed" in answer.text
    assert denied.reference not in answer.text


def test_the_page_asks_without_a_script_and_sets_no_cookie(client: Browser) -> None:
    answer = client.get("/consent-record")
    page = client.page("/consent-record")

    assert "Set-Cookie" not in answer.headers
    form = page.select_one("main form")
    assert form
    assert (form["action"], form["enctype"]) == ("/consent-record", "multipart/form-data")
    assert page.select_one("label[for=record]")


@pytest.mark.parametrize("data", [{}, {"record": "text"}, {"other": (io.BytesIO(b"x"), "x")}])
def test_without_a_file_the_answer_is_calm(client: Browser, data: dict[str, Any]) -> None:
    assert client.post("/consent-record", data=data, content_type="multipart/form-data").status_code == 422


def test_what_is_too_large_is_refused_unread(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LARGEST", 1000)

    assert brought(client, b" " * (1000 + 2 * FORM_AROUND_IT)).status_code == 413


def test_tries_are_limited(client: Browser) -> None:
    allowed = int(TRIES.split()[0])
    statuses = [brought(client, b"{}").status_code for _ in range(allowed + 5)]

    assert statuses[:allowed] == [422] * allowed
    assert statuses[-1] == 429
    assert client.get("/consent-record").status_code == 200


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.binary(max_size=400))
def test_whatever_is_dropped_the_answer_is_calm(client: Browser, raw: bytes) -> None:
    limiter.reset()
    answer = brought(client, raw)

    assert answer.status_code == 422
    assert "This is no genuine consent record" in answer.text
