"""One's own second factor: setting it up, its codes at sign-in, recovery codes, doing without."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.accounts.mails import reset_link
from cpor_web.extensions import db
from cpor_web.models import Mail, SecurityEvent, User
from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.authenticator_app import NEW, App, letters_on, set_up
from tests.support.browser import Browser

SignIn = Callable[..., Browser]
PAGE = "/account/second-factor"
CODE = "/login/code"
RECOVERY = "/login/recovery-code"


@pytest.fixture
def user(committed: Session) -> User:
    made = factories.user(committed, Role.BILLING_ADMIN, name="Bo Berg")
    committed.commit()
    return made


@pytest.fixture
def browser(client: Browser, sign_in: SignIn, user: User) -> Browser:
    return sign_in(client, user)


@pytest.fixture
def phone(browser: Browser) -> App:
    return set_up(browser)[0]


def half_signed_in(app: Flask, user: User, at: str = "", *, visitor: Browser | None = None) -> Browser:
    """Somebody who has typed the right password; `at` is where they wanted to go."""
    visitor = visitor or app.test_client()  # type: ignore[assignment]
    assert visitor is not None
    form = {"email": user.email, "password": factories.PASSWORD, "next": at}
    assert visitor.submit("/login", form, page="/login").location == CODE
    return visitor


def type_code(visitor: Browser, code: str, path: str = CODE) -> tuple[int, str]:
    answer = visitor.submit(path, {"code": code}, page=path)
    return answer.status_code, answer.location or ""


def is_in(visitor: Browser) -> bool:
    return not visitor.get("/account").location


def test_the_page_shows_a_picture_and_the_same_secret_in_letters(browser: Browser) -> None:
    page = browser.page(NEW)
    assert re.fullmatch(r"[A-Z2-7]{4}( [A-Z2-7]{4})+", letters_on(browser))
    picture = page.main.find("svg", class_="qr-code")
    assert picture is not None
    assert "style" not in picture.attrs
    assert letters_on(browser) == letters_on(browser), "a page that is loaded again has another secret"


def test_a_wrong_code_sets_nothing_up_and_the_picture_stays(browser: Browser, committed: Session, user: User) -> None:
    letters = letters_on(browser)
    answer = browser.submit(NEW, {"code": App(letters).wrong_code()}, page=NEW)
    assert answer.status_code == 422
    assert letters in answer.text
    committed.refresh(user)
    assert user.totp_secret is None


def test_the_app_that_read_the_picture_is_set_up_also_after_saying_once_more_who_one_is(browser: Browser) -> None:
    app = App(letters_on(browser))
    with time_machine.travel(clock.utcnow() + timedelta(minutes=11)):
        confirm = browser.get(NEW).location
        browser.submit("/account/confirm", {"password": factories.PASSWORD}, page=confirm)
        assert browser.submit(NEW, {"code": app.code()}, page=NEW).status_code == 200


def test_the_code_is_asked_for_after_the_password_and_lets_in(app: Flask, phone: App, user: User) -> None:
    visitor = half_signed_in(app, user)
    assert not is_in(visitor)
    assert type_code(visitor, phone.code(steps=1)) == (302, "/")
    assert is_in(visitor)


def test_after_the_code_one_is_where_one_wanted_to_go(app: Flask, phone: App, user: User) -> None:
    visitor = half_signed_in(app, user, "/claims?status=approved")
    assert type_code(visitor, phone.code(steps=1)) == (302, "/claims?status=approved")


def test_nobody_is_led_elsewhere_by_the_second_step(app: Flask, phone: App, user: User) -> None:
    visitor = half_signed_in(app, user, "https://evil.example.net/")
    assert type_code(visitor, phone.code(steps=1)) == (302, "/")


def test_a_wrong_code_does_not_let_in(app: Flask, phone: App, user: User) -> None:
    visitor = half_signed_in(app, user)
    for code in (phone.wrong_code(), "", "x", "123", "9" * 500, "١٢٣٤٥٦"):
        assert type_code(visitor, code)[0] == 422
    assert not is_in(visitor)


def test_no_code_works_twice(app: Flask, phone: App, user: User) -> None:
    code = phone.code(steps=1)
    assert type_code(half_signed_in(app, user), code)[0] == 302
    again = half_signed_in(app, user)
    assert type_code(again, code)[0] == 422
    assert type_code(again, phone.code())[0] == 422, "an older one is as good as used"
    assert not is_in(again)


def test_the_code_that_set_it_up_lets_nobody_in(app: Flask, browser: Browser, user: User) -> None:
    with time_machine.travel(clock.utcnow(), tick=False):
        phone, _codes = set_up(browser)
        assert type_code(half_signed_in(app, user), phone.code())[0] == 422


def test_of_two_at_once_with_the_same_code_one_is_let_in(app: Flask, phone: App, user: User) -> None:
    visitors = [half_signed_in(app, user) for _ in range(2)]
    tokens = [visitor.csrf_token(CODE) for visitor in visitors]
    code = phone.code(steps=1)

    def post(number: int) -> int:
        return visitors[number].post(CODE, data={"csrf_token": tokens[number], "code": code}).status_code

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(post, range(2))) == [302, 422]


def test_an_old_code_and_one_of_the_future_are_wrong(app: Flask, phone: App, user: User) -> None:
    with time_machine.travel(clock.utcnow() + timedelta(minutes=5), tick=False):
        visitor = half_signed_in(app, user)
        assert {type_code(visitor, phone.code(steps=steps))[0] for steps in (-3, -2, 2, 3)} == {422}
        assert type_code(visitor, phone.code(steps=-1))[0] == 302


def test_the_second_step_is_nobodys_without_the_first(client: Browser) -> None:
    for path in (CODE, RECOVERY):
        assert client.get(path).location == "/login"
        assert client.post(path, data={"csrf_token": client.csrf_token(), "code": "123456"}).location == "/login"


def test_the_second_step_waits_ten_minutes(app: Flask, phone: App, user: User) -> None:
    visitor = half_signed_in(app, user)
    with time_machine.travel(clock.utcnow() + timedelta(minutes=11)):
        assert visitor.get(CODE).location == "/login"
        assert "That took too long" in visitor.page("/login").main.get_text()


def test_guessing_is_limited_and_its_victim_signs_in_from_elsewhere(app: Flask, phone: App, user: User) -> None:
    here, there = {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": "198.51.100.9"}
    guesser = half_signed_in(app, user)
    token = guesser.csrf_token(CODE)

    def guess(code: str, at: dict[str, str]) -> int:
        return guesser.post(CODE, data={"csrf_token": token, "code": code}, environ_base=at).status_code

    assert [guess(phone.wrong_code(), here) for _ in range(11)] == [422] * 10 + [429]
    assert guess(phone.code(steps=1), here) == 429
    assert guess(phone.code(steps=1), there) == 302


def test_who_has_typed_too_many_codes_is_shown_the_way_by_a_recovery_code(
    app: Flask, browser: Browser, user: User
) -> None:
    phone, codes = set_up(browser)
    visitor = half_signed_in(app, user)
    for _ in range(10):
        type_code(visitor, phone.wrong_code())
    page = visitor.submit(CODE, {"code": phone.code(steps=1)}, page=CODE)
    assert (page.status_code, RECOVERY in page.text) == (429, True)
    assert "You can try again in 15 minutes." in page.text
    assert type_code(visitor, codes[0], RECOVERY) == (302, "/")


def test_from_all_addresses_together_nobody_guesses_a_hundred_times_a_day(
    app: Flask, browser: Browser, user: User
) -> None:
    phone, codes = set_up(browser)
    guesser = half_signed_in(app, user)
    token = guesser.csrf_token(CODE)
    sent = {"csrf_token": token, "code": phone.wrong_code()}
    guesses = [
        guesser.post(CODE, data=sent, environ_base={"REMOTE_ADDR": f"192.0.2.{n // 9}"}).status_code
        for n in range(101)
    ]
    assert guesses == [422] * 100 + [429]
    assert type_code(half_signed_in(app, user), phone.code(steps=1))[0] == 429
    browser.submit("/logout", page="/account")
    assert type_code(half_signed_in(app, user, visitor=browser), phone.code(steps=1))[0] == 302, "its own browser"
    assert type_code(half_signed_in(app, user), codes[0], RECOVERY)[0] == 302, "its owner has another way"


def test_who_has_the_password_and_the_mailbox_guesses_no_more_often(app: Flask, browser: Browser, user: User) -> None:
    phone, _codes = set_up(browser)
    wrong = {"code": phone.wrong_code()}
    guesses = []
    for turn in range(2):  # each time from a browser that choosing a password has made known
        guesser = app.test_client()
        with app.app_context():
            link = reset_link(db.session.get_one(User, user.id)).removeprefix("https://cpor.vendor.example.com")
        chosen = {"password": f"correct horse battery {turn}", "password_confirm": f"correct horse battery {turn}"}
        assert guesser.submit(link, chosen, page=link).status_code == 302
        said = {"email": user.email, "password": chosen["password"]}
        assert guesser.submit("/login", said, page="/login").location == CODE
        sent = {"csrf_token": guesser.csrf_token(CODE), **wrong}
        guesses += [
            guesser.post(CODE, data=sent, environ_base={"REMOTE_ADDR": f"192.0.{turn}.{n // 9}"}).status_code
            for n in range(51)
        ]
    assert guesses == [422] * 100 + [429] * 2


def test_there_are_ten_recovery_codes_and_each_works_once(app: Flask, browser: Browser, user: User) -> None:
    _phone, codes = set_up(browser)
    assert len(set(codes)) == 10
    typed = codes[3].upper().replace("-", " ")
    assert type_code(half_signed_in(app, user), typed, RECOVERY) == (302, "/")
    again = half_signed_in(app, user)
    assert type_code(again, codes[3], RECOVERY)[0] == 422
    assert not is_in(again)
    assert type_code(again, codes[4], RECOVERY)[0] == 302
    assert "Recovery codes that are left: 8." in again.page("/account").main.get_text()


def test_of_two_at_once_with_the_same_recovery_code_one_is_let_in(app: Flask, browser: Browser, user: User) -> None:
    _phone, codes = set_up(browser)
    visitors = [half_signed_in(app, user) for _ in range(2)]
    tokens = [visitor.csrf_token(RECOVERY) for visitor in visitors]

    def post(number: int) -> int:
        return visitors[number].post(RECOVERY, data={"csrf_token": tokens[number], "code": codes[0]}).status_code

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(post, range(2))) == [302, 422]


def test_another_persons_recovery_code_is_wrong(
    app: Flask, browser: Browser, committed: Session, sign_in: SignIn, user: User
) -> None:
    set_up(browser)
    other = factories.user(committed, Role.VIEWER)
    committed.commit()
    _phone, codes = set_up(sign_in(app.test_client(), other))
    assert type_code(half_signed_in(app, user), codes[0], RECOVERY)[0] == 422


def test_new_recovery_codes_end_the_former_ones(app: Flask, browser: Browser, user: User) -> None:
    _phone, former = set_up(browser)
    answer = browser.submit(f"{PAGE}/recovery-codes", page=PAGE)
    new = re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)
    assert len(new) == 10
    assert type_code(half_signed_in(app, user), former[0], RECOVERY)[0] == 422
    visitor = half_signed_in(app, user)
    assert type_code(visitor, new[0], RECOVERY)[0] == 302
    assert "9 codes are left." in visitor.page(PAGE).main.get_text()


def test_the_codes_and_the_secret_are_nowhere_in_the_database(
    browser: Browser, committed: Session, user: User
) -> None:
    letters = letters_on(browser)
    phone, codes = set_up(browser)
    committed.refresh(user)
    kept = f"{user.totp_secret} {user.recovery_codes}"
    assert letters.replace(" ", "") not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    assert phone.code() not in kept


def test_nobody_sets_up_the_secret_that_another_has_seen_in_this_browser(
    browser: Browser, committed: Session, sign_in: SignIn
) -> None:
    seen = letters_on(browser)
    assert letters_on(browser) == seen
    browser.submit("/logout", page="/account")
    other = factories.user(committed, Role.REVIEWER)
    committed.commit()
    assert letters_on(sign_in(browser, other)) != seen


def test_the_session_shows_nobody_the_secret_that_is_being_set_up(browser: Browser) -> None:
    import base64
    import zlib

    letters = letters_on(browser).replace(" ", "")
    name = browser.application.config["SESSION_COOKIE_NAME"]
    cookie = browser.get_cookie(name, domain="cpor.vendor.example.com").value
    packed = cookie.lstrip(".").split(".")[0]
    raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    content = zlib.decompress(raw) if cookie.startswith(".") else raw
    assert b"second_factor_secret" in content
    assert letters.encode() not in content


def test_who_removes_it_signs_in_by_the_password_alone(
    app: Flask, browser: Browser, phone: App, sign_in: SignIn, user: User
) -> None:
    browser.submit(f"{PAGE}/remove", page=PAGE)
    assert is_in(sign_in(app.test_client(), user))
    assert browser.get(PAGE).location == NEW


def test_another_app_takes_the_place_of_the_former_one(app: Flask, browser: Browser, user: User) -> None:
    former, _ = set_up(browser)
    new, _ = set_up(browser)
    visitor = half_signed_in(app, user)
    assert type_code(visitor, former.code(steps=1))[0] == 422
    assert type_code(visitor, new.code(steps=1))[0] == 302


def test_setting_it_up_signs_out_everywhere_else(app: Flask, browser: Browser, sign_in: SignIn, user: User) -> None:
    elsewhere = sign_in(app.test_client(), user)
    set_up(browser)
    assert is_in(browser)
    assert not is_in(elsewhere)


def test_what_happens_to_it_is_logged_and_mailed(
    app: Flask, browser: Browser, committed: Session, user: User
) -> None:
    _phone, codes = set_up(browser)
    type_code(half_signed_in(app, user), codes[0], RECOVERY)
    browser.submit(f"{PAGE}/recovery-codes", page=PAGE)
    browser.submit(f"{PAGE}/remove", page=PAGE)
    kinds = [str(each.kind) for each in committed.scalars(select(SecurityEvent).order_by(SecurityEvent.id))]
    told = ["second-factor-added", "recovery-code-used", "recovery-codes-renewed", "second-factor-removed"]
    assert [kind for kind in kinds if kind in told] == told
    assert [mail.user_id for mail in committed.scalars(select(Mail))] == [user.id] * 4


def test_without_one_there_are_no_recovery_codes_to_be_made(browser: Browser) -> None:
    answer = browser.post(f"{PAGE}/recovery-codes", data={"csrf_token": browser.csrf_token("/account")})
    assert answer.location == PAGE
    assert "You have no second factor." in browser.page(NEW).main.get_text()
