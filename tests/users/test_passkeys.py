"""Passkeys: adding one, signing in by it, and every answer that must not be believed."""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.config import Settings
from cpor_web.models import Passkey, SecurityEvent, User
from cpor_web.rules.roles import Role
from cpor_web.users import passkeys
from tests.support import factories
from tests.support.browser import Browser
from tests.support.soft_passkey import SoftPasskey

SignIn = Callable[..., Browser]
HOST = "cpor.vendor.example.com"
ORIGIN = f"https://{HOST}"
OWN, DOOR = "/account/passkeys", "/login/passkey"


@pytest.fixture
def user(committed: Session) -> User:
    made = factories.user(committed, Role.REVIEWER, name="Rosa Roth")
    committed.commit()
    return made


@pytest.fixture
def browser(client: Browser, sign_in: SignIn, user: User) -> Browser:
    return sign_in(client, user)


def asked_on(visitor: Browser, page: str) -> str:
    """Return what a page asks the device."""
    return str(visitor.page(page).main.find("form", attrs={"data-passkey": True})["data-options"])


def add(browser: Browser, device: SoftPasskey, name: str = "Phone") -> int:
    answer = device.made(asked_on(browser, OWN))
    token = str(browser.page("/account").find("input", attrs={"name": "csrf_token"})["value"])
    return browser.post(OWN, data={"csrf_token": token, "answer": answer, "name": name}).status_code


def enter(visitor: Browser, device: SoftPasskey, wanted: str = "") -> tuple[int, str]:
    page = visitor.page(DOOR)
    form = page.main.find("form", attrs={"data-passkey": True})
    token = form.find("input", attrs={"name": "csrf_token"})["value"]
    sent = {"csrf_token": token, "answer": device.proved(str(form["data-options"])), "next": wanted}
    answer = visitor.post(DOOR, data=sent)
    return answer.status_code, answer.location or ""


@pytest.fixture
def device(browser: Browser) -> SoftPasskey:
    made = SoftPasskey(ORIGIN, HOST)
    assert add(browser, made) == 302
    return made


def test_a_passkey_signs_in_without_password_and_code(app: Flask, device: SoftPasskey) -> None:
    visitor = app.test_client()
    assert enter(visitor, device) == (302, "/")
    assert "Rosa Roth" in visitor.page("/account").main.get_text()


def test_after_it_one_is_where_one_wanted_to_go_and_never_elsewhere(app: Flask, device: SoftPasskey) -> None:
    assert enter(app.test_client(), device, "/review?mine=1") == (302, "/review?mine=1")
    assert enter(app.test_client(), device, "https://evil.example.net/") == (302, "/")


def test_the_list_has_its_name_and_when_it_was_used(app: Flask, browser: Browser, device: SoftPasskey) -> None:
    assert "Last used:" not in browser.page(OWN).main.get_text()
    enter(app.test_client(), device)
    words = browser.page(OWN).main.get_text()
    assert "Phone" in words
    assert "Last used:" in words


def test_one_that_was_removed_signs_nobody_in(
    app: Flask, browser: Browser, committed: Session, device: SoftPasskey
) -> None:
    passkey = committed.scalars(select(Passkey)).one()
    assert browser.submit(f"{OWN}/{passkey.id}/remove", page=OWN).location == OWN
    assert enter(app.test_client(), device)[0] == 422


def test_nobody_removes_anothers(app: Flask, committed: Session, device: SoftPasskey, sign_in: SignIn) -> None:
    other = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    passkey = committed.scalars(select(Passkey)).one()
    stranger = sign_in(app.test_client(), other)
    assert stranger.submit(f"{OWN}/{passkey.id}/remove", page=OWN).status_code == 404
    assert committed.scalars(select(Passkey.id)).all() == [passkey.id]


def test_adding_and_removing_are_logged_by_name(browser: Browser, committed: Session, device: SoftPasskey) -> None:
    passkey = committed.scalars(select(Passkey)).one()
    browser.submit(f"{OWN}/{passkey.id}/remove", page=OWN)
    events = committed.scalars(select(SecurityEvent).order_by(SecurityEvent.id))
    told = [(str(each.kind), each.facts) for each in events if "passkey" in each.kind]
    assert told == [("passkey-added", {"label": "Phone"}), ("passkey-removed", {"label": "Phone"})]


def test_adding_one_signs_out_everywhere_else(app: Flask, browser: Browser, sign_in: SignIn, user: User) -> None:
    elsewhere = sign_in(app.test_client(), user)
    add(browser, SoftPasskey(ORIGIN, HOST))
    assert elsewhere.get("/account").location.startswith("/login")
    assert browser.get("/account").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [{"origin": "https://evil.example.net"}, {"host": "evil.example.net"}, {"verifies": False}],
    ids=["for another address", "for another site", "by a device that does not know its user"],
)
def test_answers_that_are_not_for_us_by_their_user_are_not_believed(
    app: Flask, browser: Browser, device: SoftPasskey, changes: dict[str, object]
) -> None:
    wrong = replace(device, **changes)
    assert enter(app.test_client(), wrong)[0] == 422
    assert add(browser, replace(wrong, id=b"another"), "Other") == 422


def test_the_answer_to_another_challenge_is_not_believed(app: Flask, browser: Browser, device: SoftPasskey) -> None:
    elsewhere = app.test_client()
    visitor = app.test_client()
    answer = device.proved(asked_on(elsewhere, DOOR))
    assert visitor.submit(DOOR, {"answer": answer}, page=DOOR).status_code == 422


def test_a_challenge_is_answered_within_ten_minutes(app: Flask, device: SoftPasskey) -> None:
    visitor = app.test_client()
    answer = device.proved(asked_on(visitor, DOOR))
    with time_machine.travel(clock.utcnow() + timedelta(minutes=11)):
        assert visitor.submit(DOOR, {"answer": answer}, page="/login").status_code == 422


def test_a_challenge_is_answered_once(app: Flask, device: SoftPasskey) -> None:
    visitor = app.test_client()
    asked = asked_on(visitor, DOOR)
    assert visitor.submit(DOOR, {"answer": "{}"}, page="/login").status_code == 422
    assert visitor.submit(DOOR, {"answer": device.proved(asked)}, page="/login").status_code == 422


def test_a_copy_of_cookie_and_answer_opens_nothing(app: Flask, browser: Browser) -> None:
    device = SoftPasskey(ORIGIN, HOST, count=0)
    assert add(browser, device) == 302
    visitor, thief = app.test_client(), app.test_client()
    asked, name = asked_on(visitor, DOOR), app.config["SESSION_COOKIE_NAME"]
    cookie = visitor.get_cookie(name, domain=HOST).value
    device.count = -1  # many count no uses: nothing tells a copy by its number
    sent = {"answer": device.proved(asked), "csrf_token": visitor.csrf_token("/login")}
    assert visitor.post(DOOR, data=sent).location == "/"
    thief.set_cookie(name, cookie, domain=HOST, secure=True)
    assert thief.submit(DOOR, {"answer": sent["answer"]}, page="/login").status_code == 422


def test_a_copy_that_counts_behind_is_not_believed(app: Flask, device: SoftPasskey) -> None:
    copy = replace(device)
    assert enter(app.test_client(), device)[0] == 302
    assert enter(app.test_client(), copy)[0] == 422


def test_anothers_key_for_the_same_credential_is_not_believed(app: Flask, device: SoftPasskey) -> None:
    forged = SoftPasskey(ORIGIN, HOST, id=device.id, handle=device.handle)
    assert enter(app.test_client(), forged)[0] == 422


def test_another_users_handle_is_not_believed(app: Flask, device: SoftPasskey) -> None:
    assert enter(app.test_client(), replace(device, handle="AAAA"))[0] == 422


def test_who_is_not_active_is_not_let_in(app: Flask, committed: Session, device: SoftPasskey, user: User) -> None:
    committed.refresh(user)
    user.active = False
    committed.commit()
    assert enter(app.test_client(), device)[0] == 422


NONSENSE = [
    "",
    "null",
    "[]",
    "7",
    '"x"',
    "{",
    "{}",
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {}}',
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": null}',
    '{"id": 7, "rawId": 7, "type": "public-key", "response": []}',
    "x" * 30_000,
    "[" * 15_000,
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {"clientDataJSON": "eA", "signature": "eA",'
    ' "authenticatorData": "eA", "userHandle": 5}}',
]


@pytest.mark.parametrize("answer", NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_is_refused_calmly(app: Flask, browser: Browser, answer: str) -> None:
    assert app.test_client().submit(DOOR, {"answer": answer}, page=DOOR).status_code == 422
    assert browser.submit(OWN, {"answer": answer, "name": "X"}, page=OWN).status_code == 422


def test_halves_of_a_right_answer_are_refused_calmly(app: Flask, browser: Browser, device: SoftPasskey) -> None:
    visitor = app.test_client()
    for part in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
        for wrong in ("", "eA", "////", None, 7):
            answer = json.loads(device.proved(asked_on(visitor, DOOR)))
            answer["response"][part] = wrong
            given = {"answer": json.dumps(answer)}
            if part == "userHandle" and wrong is None:
                continue  # a device need not say it
            assert visitor.submit(DOOR, given, page="/login").status_code == 422, (part, wrong)
    for part in ("clientDataJSON", "attestationObject"):
        for wrong in ("", "eA", "oA", None, 7):
            answer = json.loads(SoftPasskey(ORIGIN, HOST).made(asked_on(browser, OWN)))
            answer["response"][part] = wrong
            given = {"answer": json.dumps(answer), "name": "X"}
            assert browser.submit(OWN, given, page="/account").status_code == 422, (part, wrong)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "Phone", "a\u202eb"])
def test_a_name_that_is_none_or_taken_or_hidden_is_refused(
    browser: Browser, committed: Session, device: SoftPasskey, name: str
) -> None:
    assert add(browser, SoftPasskey(ORIGIN, HOST), name) == 422
    assert len(committed.scalars(select(Passkey)).all()) == 1


def test_the_same_passkey_is_not_added_twice(
    app: Flask, committed: Session, device: SoftPasskey, sign_in: SignIn
) -> None:
    other = factories.user(committed, Role.REVIEWER)
    committed.commit()
    assert add(sign_in(app.test_client(), other), device) == 422


def test_there_is_an_end_to_passkeys(browser: Browser, committed: Session, user: User) -> None:
    for number in range(passkeys.MOST):
        known = {"name": f"Key {number}", "credential_id": bytes([number]), "public_key": b"x", "sign_count": 0}
        committed.add(Passkey(user_id=user.id, added_at=clock.utcnow(), **known))
    committed.commit()
    assert add(browser, SoftPasskey(ORIGIN, HOST)) == 409


def test_a_site_that_is_reached_by_a_number_has_no_passkeys_and_says_so(
    app: Flask, browser: Browser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("http://127.0.0.1:8000", "http://[::1]:8000"):
        monkeypatch.setitem(app.extensions, "settings", replace(settings, public_url=url))
        visitor = app.test_client()
        for who, path in ((visitor, DOOR), (browser, OWN)):
            page = who.get(path, base_url=ORIGIN)
            assert "no passkey works here" in page.text
            assert "data-passkey" not in page.text


def test_who_is_signed_in_is_led_home(browser: Browser) -> None:
    assert browser.get(DOOR).location == "/"


def test_two_people_share_no_handle(app: Flask, browser: Browser, committed: Session, sign_in: SignIn) -> None:
    other = factories.user(committed, Role.REVIEWER)
    committed.commit()
    asked = [json.loads(asked_on(each, OWN)) for each in (browser, browser, sign_in(app.test_client(), other))]
    handles = [each["user"]["id"] for each in asked]
    assert handles[0] == handles[1] != handles[2]
    assert len({each["challenge"] for each in asked}) == 3
    assert {each["authenticatorSelection"]["userVerification"] for each in asked} == {"required"}


def test_a_passkey_with_an_id_of_thousands_of_bytes_is_not_added(browser: Browser, committed: Session) -> None:
    longest, longer = (SoftPasskey(ORIGIN, HOST, id=secrets.token_bytes(length)) for length in (1023, 4_000))
    assert add(browser, longer) == 422
    assert add(browser, longest) == 302
    assert [len(each) for each in committed.scalars(select(Passkey.credential_id))] == [1023]
