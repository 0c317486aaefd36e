"""A wrong link tells nothing, whatever is wrong with it, and a good one touches its own claim alone."""

from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from consent_links import new_id
from cpor_web import create_app
from cpor_web.config import Settings
from cpor_web.customers.blueprint import BAD_LINKS
from cpor_web.emails.links import Purpose, Signers
from cpor_web.extensions import db
from cpor_web.programme import Programme
from tests.customers.conftest import Asked, Deny, asked_about
from tests.customers.test_asking import PURPOSES
from tests.support import claims
from tests.support.browser import Browser
from tests.support.other_apps import give_back

# Statement 13, and wrong links


def wrong_links(asked: Asked) -> dict[str, str]:
    token = asked.token()
    return {
        "cut": token[:-1],
        "altered": token[:10] + ("A" if token[10] != "A" else "B") + token[11:],
        "malleable": token[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[token[-1]],
        "longer": token + "A",
        "with a slash": token + "/",
        "with a full stop": token + ".",
        "unknown": asked.signers.url(Purpose.DENY, new_id()).rpartition("/")[2],
        "empty-ish": "~",
        "not ascii": "ä" * 45,
        "of another purpose": asked.token(Purpose.UNDO),
    }


def test_whatever_is_wrong_with_a_link_the_page_is_the_same(asked: Asked, customer: Browser) -> None:
    answers = {name: customer.get(f"/d/{token}") for name, token in wrong_links(asked).items()}

    assert {answer.status_code for answer in answers.values()} == {404}
    assert len({answer.data for answer in answers.values()}) == 1


@pytest.mark.parametrize("is_of", PURPOSES)
@pytest.mark.parametrize("used_as", PURPOSES)
def test_a_token_of_one_purpose_is_none_of_another(
    asked: Asked, customer: Browser, is_of: Purpose, used_as: Purpose
) -> None:
    if is_of is used_as:
        return
    before = asked.rows()

    response = customer.post(
        f"/{used_as.value}/{asked.token(is_of)}", data={"reason": "other", "List-Unsubscribe": "One-Click"}
    )

    assert response.status_code == 404
    assert asked.rows() == before


def test_a_link_touches_no_other_claim(
    committed: Session, app: Flask, programme: Programme, now: datetime, asked: Asked, deny: Deny
) -> None:
    other = asked_about(committed, app, claims.running(committed, programme, now=now))
    version = other.claim.version

    deny(asked)

    assert other.fresh().claim.version == version
    assert other.claim.status.value == "approved"
    assert asked.claim.status.value == "rejected"


OLD_RING = ("consent key of the tests, long enough",)
NEW_KEY = "another consent key of the tests, long enough"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"secret_keys": ("another session key, long enough too",)}, 200, id="session key rotated"),
        pytest.param({"consent_keys": (NEW_KEY, *OLD_RING)}, 200, id="link key rotated"),
        pytest.param({"consent_keys": (NEW_KEY,)}, 404, id="link key retired"),
    ],
)
def test_a_link_works_until_its_own_key_is_retired(
    asked: Asked, settings: Settings, changes: dict[str, tuple[str, ...]], status: int
) -> None:
    app = create_app(replace(settings, **changes))
    try:
        browser = app.test_client()
        assert browser.get(asked.path()).status_code == status
        newest = Signers(changes.get("consent_keys", OLD_RING), settings.public_url)
        path = newest.url(Purpose.DENY, asked.invitation.link_id).removeprefix(settings.public_url)
        assert browser.get(path).status_code == 200
    finally:
        with app.app_context():
            db.engine.dispose()


# Statement 20


def flood(browser: Browser, times: int) -> list[int]:
    return [browser.get(f"/d/nonsense{number}").status_code for number in range(times)]


def test_bad_links_are_limited_and_good_ones_never(asked: Asked, customer: Browser) -> None:
    allowed = int(BAD_LINKS.split()[0])

    statuses = flood(customer, allowed + 20)

    assert statuses[: allowed - 1] == [404] * (allowed - 1)
    assert statuses[-10:] == [429] * 10
    assert {customer.get(asked.path()).status_code for _ in range(allowed * 2)} == {200}


def test_without_redis_bad_links_are_answered_and_good_ones_work(
    asked: Asked, settings: Settings, deny: Deny
) -> None:
    app = create_app(replace(settings, redis_url="redis://127.0.0.1:1/0"))
    try:
        browser = app.test_client()
        assert isinstance(browser, Browser)
        assert set(flood(browser, 40)) <= {404, 429}
        assert browser.get(asked.path()).status_code == 200
        assert browser.post(asked.path(), data={"reason": "other"}).status_code == 303
    finally:
        with app.app_context():
            db.engine.dispose()
        give_back(settings)

    assert asked.fresh().claim.status.value == "rejected"
