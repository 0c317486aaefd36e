"""Sessions on the server's side: a cookie opens something only while its sign-in lasts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cpor_web import clock, create_app
from cpor_web.accounts.mails import reset_link
from cpor_web.config import Settings
from cpor_web.extensions import db
from cpor_web.models import Ended, Partner, SignIn, User
from cpor_web.rules.roles import Role
from cpor_web.users import people, sessions, signing_out
from cpor_web.users.security_log import Place
from cpor_web.users.sessions import Limits
from tests.support import factories, statements
from tests.support.browser import Browser

DOMAIN = "cpor.vendor.example.com"
NEW = "eleven geese and one"
SignInBy = Callable[..., Browser]


@pytest.fixture
def user(committed: Session) -> User:
    made = factories.user(committed, Role.REVIEWER)
    committed.commit()
    return made


@pytest.fixture
def browser(client: Browser, sign_in: SignInBy, user: User) -> Browser:
    return sign_in(client, user)


@pytest.fixture
def elsewhere(app: Flask, sign_in: SignInBy, user: User, browser: Browser) -> Browser:
    return sign_in(app.test_client(), user)


def is_in(browser: Browser) -> bool:
    answer = browser.get("/account")
    assert answer.status_code == 200 or answer.location.startswith("/login")
    return bool(answer.status_code == 200)


def copy_of(browser: Browser) -> Browser:
    """Return a browser of somebody who has got hold of the cookie."""
    thief: Browser = browser.application.test_client()  # type: ignore[assignment]
    cookie = browser.get_cookie(browser.application.config["SESSION_COOKIE_NAME"], domain=DOMAIN)
    assert cookie is not None
    thief.set_cookie(cookie.key, cookie.value, domain=DOMAIN)
    return thief


def ends(committed: Session, user: User) -> list[Ended | None]:
    committed.expire_all()
    of_user = select(SignIn.why_ended).where(SignIn.user_id == user.id).order_by(SignIn.id)
    return list(committed.scalars(of_user))


def test_signing_out_ends_a_copied_cookie(browser: Browser) -> None:
    thief = copy_of(browser)
    assert is_in(thief)
    browser.submit("/logout", page="/account")
    assert not is_in(thief)


def test_signing_out_leaves_other_browsers_in(browser: Browser, elsewhere: Browser) -> None:
    browser.submit("/logout", page="/account")
    assert not is_in(browser)
    assert is_in(elsewhere)


def test_the_table_holds_nothing_that_opens_a_session(browser: Browser, committed: Session) -> None:
    with browser.session_transaction(base_url=f"https://{DOMAIN}") as cookie:
        secret = cookie["sign_in"]
    (kept,) = committed.scalars(select(SignIn))
    assert len(secret) >= 32
    assert secret.encode() not in kept.key
    assert len(kept.key) == 32


def test_signing_in_again_gives_another_secret_and_ends_the_former(
    browser: Browser, committed: Session, user: User, sign_in: SignInBy
) -> None:
    thief = copy_of(browser)
    with browser.session_transaction(base_url=f"https://{DOMAIN}") as cookie:
        del cookie["_user_id"]  # as where the sign-in was over for the browser alone
    sign_in(browser, user)
    assert is_in(browser)
    assert not is_in(thief)
    assert ends(committed, user) == [Ended.RENEWED, None]


def test_one_can_sign_out_everywhere_else(
    browser: Browser, elsewhere: Browser, committed: Session, user: User
) -> None:
    thief = copy_of(browser)
    answer = browser.submit("/account/security/end-others", page="/account/security")
    assert answer.location == "/account/security"
    assert is_in(browser)
    assert not is_in(elsewhere)
    assert not is_in(thief), "the present one has another secret"
    assert sorted(map(str, ends(committed, user))) == ["None", "elsewhere", "renewed"]


def test_one_can_sign_out_one_other_browser(browser: Browser, elsewhere: Browser, committed: Session) -> None:
    (other,) = committed.scalars(select(SignIn.id).order_by(SignIn.id.desc()).limit(1))
    browser.submit(f"/account/security/{other}/end", page="/account/security")
    assert is_in(browser)
    assert not is_in(elsewhere)


def test_nobody_signs_out_somebody_else(
    app: Flask, browser: Browser, committed: Session, sign_in: SignInBy, user: User
) -> None:
    stranger = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    theirs = sign_in(app.test_client(), stranger)
    mine = committed.scalars(select(SignIn.id).where(SignIn.user_id == user.id)).one()
    theirs.submit(f"/account/security/{mine}/end", page="/account/security")
    theirs.submit("/account/security/end-others", page="/account/security")
    assert is_in(browser)


@pytest.mark.parametrize("number", ["0", str(2**63), str(2**200)])
def test_no_number_of_a_sign_in_breaks_the_page(browser: Browser, number: str) -> None:
    answer = browser.submit(f"/account/security/{number}/end", page="/account/security")
    assert answer.status_code in {302, 404}


def test_changing_the_password_ends_all_but_the_present_session(
    browser: Browser, elsewhere: Browser, committed: Session, user: User
) -> None:
    thief = copy_of(browser)
    form = {"password": factories.PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    answer = browser.submit("/account/password", form, page="/account/password")
    assert answer.location == "/account/security"
    assert "Your password was changed." in browser.get("/account/security").text
    assert not is_in(elsewhere)
    assert not is_in(thief)
    assert ends(committed, user).count(None) == 1


def test_a_password_chosen_by_the_link_of_a_mail_ends_all_sessions(
    app: Flask, browser: Browser, committed: Session, user: User
) -> None:
    with app.app_context():
        link = reset_link(user).removeprefix(f"https://{DOMAIN}")
    stranger = app.test_client()
    stranger.submit(link, {"password": NEW, "password_confirm": NEW}, page=link)
    assert not is_in(browser)
    assert ends(committed, user) == [Ended.PASSWORD]


@pytest.mark.parametrize(
    ("verb", "why"),
    [
        (lambda s, user, about: people.deactivate(s, user, **about), Ended.DEACTIVATED),
        (lambda s, user, about: people.change_role(s, user, Role.ADMINISTRATOR, **about), Ended.ROLE),
        (lambda s, user, about: signing_out.everywhere(s, user, **about), Ended.ELSEWHERE),
    ],
)
def test_an_administrator_ends_the_sessions_of_others(
    browser: Browser, committed: Session, user: User, verb: Callable[..., None], why: Ended
) -> None:
    chief = factories.user(committed, Role.ADMINISTRATOR)
    verb(committed, user, {"actor": chief.actor, "now": clock.utcnow()})
    committed.commit()
    assert ends(committed, user) == [why]
    assert not is_in(browser)


@pytest.fixture
def strict(settings: Settings) -> Iterator[Flask]:
    """An application whose sessions end after 8 hours without use, and after 2 days."""
    made = create_app(replace(settings, session_idle_hours=8, session_days=2))
    yield made
    with made.app_context():
        db.engine.dispose()


def test_a_session_ends_that_is_not_used(strict: Flask, user: User, sign_in: SignInBy) -> None:
    browser, start = strict.test_client(), clock.utcnow()
    with time_machine.travel(start, tick=False) as clockwork:
        sign_in(browser, user)
        for hours in (7.9, 7.9 + 7.9):
            clockwork.move_to(start + timedelta(hours=hours))
            assert is_in(browser)
        clockwork.move_to(start + timedelta(hours=15.8 + 8.1))
        assert not is_in(browser)


def test_a_session_ends_however_much_it_is_used(strict: Flask, user: User, sign_in: SignInBy) -> None:
    browser, start = strict.test_client(), clock.utcnow()
    with time_machine.travel(start, tick=False) as clockwork:
        sign_in(browser, user)
        for hours in range(6, 48, 6):
            clockwork.move_to(start + timedelta(hours=hours))
            assert is_in(browser)
        clockwork.move_to(start + timedelta(hours=48.1))
        assert not is_in(browser)


def test_only_sign_ins_that_are_over_are_forgotten(committed: Session, browser: Browser, elsewhere: Browser) -> None:
    elsewhere.submit("/logout", page="/account")
    later, long = clock.utcnow() + sessions.KEPT * 2, timedelta(days=3660)
    for limits, left in ((Limits(long, long), 1), (Limits(timedelta(hours=8), long), 0)):
        sessions.forget(committed, now=later, limits=limits)
        assert len(committed.scalars(select(SignIn)).all()) == left


def test_use_is_written_down_every_few_minutes_only(
    strict: Flask, committed: Session, user: User, sign_in: SignInBy
) -> None:
    browser, start = strict.test_client(), clock.utcnow()
    seen = []
    with time_machine.travel(start, tick=False) as clockwork:
        sign_in(browser, user)
        for minutes in (1, 4, 6, 7):
            clockwork.move_to(start + timedelta(minutes=minutes))
            browser.get("/account")
            committed.expire_all()
            seen.append(committed.scalars(select(SignIn.seen_at)).one() - start)
    whole = [round(after.total_seconds() / 60) for after in seen]
    assert whole == [0, 0, 6, 6]


def test_asking_who_is_signed_in_takes_one_query(browser: Browser, app: Flask) -> None:
    browser.get("/account")
    with statements.sent_by(app) as sent:
        browser.get("/account")
    asking = [each for each in sent if "sign_ins" in each]
    assert len(asking) == 1
    assert "JOIN" in asking[0]


def test_who_is_found_is_the_sessions_own_and_what_is_changed_of_them_is_written(committed: Session) -> None:
    made = factories.user(committed, Role.GLOBAL_ADMIN)
    now, limits = clock.utcnow(), Limits(timedelta(hours=1), timedelta(days=1))
    secret = sessions.begin(committed, made, way="password", now=now, place=Place("a browser", "a network"))
    committed.commit()
    asked = {"uniquifier": made.fs_uniquifier, "now": now, "limits": limits}
    with Session(committed.get_bind()) as session:
        found = sessions.find(session, secret, **asked)
        assert found is not None
        person, sign_in = found
        number = sign_in.id
        with statements.sent(statements.is_of(session)) as sent:
            assert person.partner is session.get_one(Partner, made.partner_id)
            assert sign_in is session.get_one(SignIn, sign_in.id)
            assert session.get_one(User, made.id) is person
            again = sessions.find(session, secret, **asked)
        assert len(sent) == 1, "all but the last was known"
        assert again == (person, sign_in)
        assert not session.dirty
        person.name, sign_in.seen_at = "Another Name", now + timedelta(minutes=1)
        session.commit()
    committed.expire_all()
    assert (made.name, committed.get_one(SignIn, number).seen_at) == ("Another Name", now + timedelta(minutes=1))


def test_saying_once_more_who_one_is_leaves_a_copied_cookie_worth_nothing(
    browser: Browser, elsewhere: Browser, committed: Session, user: User
) -> None:
    thief = copy_of(browser)
    wrong = browser.submit("/account/confirm", {"password": "wrong"}, page="/account/confirm")
    assert (wrong.status_code, is_in(thief)) == (422, True)
    answer = browser.submit("/account/confirm", {"password": factories.PASSWORD}, page="/account/confirm")
    assert answer.location == "/account"
    assert (is_in(browser), is_in(thief), is_in(elsewhere)) == (True, False, True)
    assert sorted(map(str, ends(committed, user))) == ["None", "None", "renewed"]


def test_another_secret_makes_no_sign_in_last_longer(browser: Browser, committed: Session, user: User) -> None:
    began = clock.utcnow() - timedelta(hours=5)
    committed.execute(update(SignIn).values(began_at=began))
    committed.commit()
    browser.submit("/account/security/end-others", page="/account/security")
    committed.expire_all()
    (present,) = committed.scalars(select(SignIn).where(SignIn.user_id == user.id, SignIn.ended_at.is_(None)))
    assert present.began_at == began, "who holds the cookie could press it for ever, and be in for ever"
