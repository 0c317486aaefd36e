"""The security log: its owner reads what happened to the ways into the account; nobody changes it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from psycopg.errors import RestrictViolation
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.accounts.mails import reset_link
from cpor_web.models import FailedSignIns, Mail, SecurityEvent, SecurityKind, User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from cpor_web.users import people, security_log
from cpor_web.users.security_log import ANNOUNCED, SENTENCES, UNTOLD, Place
from tests.support import factories
from tests.support.browser import Browser

NOW = clock.utcnow()
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}
HERE = {"REMOTE_ADDR": "192.0.2.77"}
NEW = "eleven geese and one"
SignInBy = Callable[..., Browser]


@pytest.fixture
def user(committed: Session) -> User:
    made = factories.user(committed, Role.REVIEWER, name="Rita Ørsted")
    committed.commit()
    return made


def kinds(committed: Session, user: User) -> list[str]:
    committed.expire_all()
    of_user = select(SecurityEvent.kind).where(SecurityEvent.user_id == user.id).order_by(SecurityEvent.id)
    return list(committed.scalars(of_user))


def mails(session: Session) -> list[Mail]:
    return list(session.scalars(select(Mail).order_by(Mail.id)))


def guess(client: Browser, email: str, password: str = "wrong") -> None:
    client.submit("/login", {"email": email, "password": password}, page="/login")


def log_of(browser: Browser) -> str:
    return " ".join(browser.page("/account/security").main.get_text(" ").split())


def test_a_sign_in_is_told_with_way_browser_and_coarse_network(client: Browser, user: User) -> None:
    form = {"email": user.email, "password": factories.PASSWORD}
    client.submit("/login", form, page="/login", headers=FIREFOX, environ_base=HERE)
    words = log_of(client)
    assert "Signed in with the password. Firefox · Linux, 192.0.2.x" in words
    assert "192.0.2.77" not in words


def test_signing_out_is_told(client: Browser, committed: Session, user: User, sign_in: SignInBy) -> None:
    sign_in(client, user)
    client.submit("/logout", page="/account")
    assert kinds(committed, user) == ["signed-in", "signed-out"]


@pytest.mark.parametrize("known", [True, False])
def test_each_failed_sign_in_is_a_line_with_its_coarse_network_and_no_account(
    client: Browser, user: User, known: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    email = user.email if known else "nobody@example.org"
    form = {"email": email, "password": "wrong canary"}
    client.submit("/login", form, page="/login", environ_base=HERE)
    ours = [each.getMessage() for each in caplog.records if each.name == "cpor_web.accounts.failures"]
    assert ours == ["a sign-in failed: password, from 192.0.2.x"]
    assert not [secret for secret in (email, "canary", "192.0.2.77") if secret in caplog.text]


def test_guesses_are_one_row_however_many_and_one_line_once_it_goes_well(
    client: Browser, committed: Session, user: User, sign_in: SignInBy
) -> None:
    for _ in range(3):
        guess(client, user.email)
    guess(client, "nobody@example.org")
    rows = committed.execute(select(FailedSignIns.user_id, FailedSignIns.times).order_by(FailedSignIns.user_id))
    assert [tuple(row) for row in rows] == [(user.id, 3), (None, 1)]
    assert kinds(committed, user) == []
    sign_in(client, user)
    assert kinds(committed, user) == ["sign-ins-failed", "signed-in"]
    assert "Signing in failed 3 times before it went well." in log_of(client)


def test_guesses_while_one_is_in_are_shown(app: Flask, client: Browser, user: User, sign_in: SignInBy) -> None:
    sign_in(client, user)
    for _ in range(2):
        guess(app.test_client(), user.email)
    assert "somebody failed to sign in 2 times" in log_of(client)


def test_a_changed_password_is_told_and_mailed(
    client: Browser, committed: Session, user: User, sign_in: SignInBy
) -> None:
    sign_in(client, user)
    form = {"password": factories.PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    client.submit("/account/password", form, page="/account/password", headers=FIREFOX, environ_base=HERE)
    assert kinds(committed, user) == ["signed-in", "password-changed"]
    (mail,) = mails(committed)
    assert (mail.kind, mail.user_id) == ("security-notice", user.id)
    assert (mail.context["what"], mail.context["network"]) == ("The password was changed.", "192.0.2.x")


def test_a_password_chosen_by_a_link_is_told_and_mailed(
    app: Flask, client: Browser, committed: Session, user: User
) -> None:
    client.submit("/reset", {"email": user.email}, page="/reset")
    with app.app_context():
        link = reset_link(user).removeprefix("https://cpor.vendor.example.com")
    client.submit(link, {"password": NEW, "password_confirm": NEW}, page=link)
    assert kinds(committed, user) == ["password-asked", "password-changed"]
    assert [mail.kind for mail in mails(committed)] == ["password-reset", "security-notice"]


def test_what_an_administrator_did_is_told_with_the_name(
    client: Browser, committed: Session, user: User, sign_in: SignInBy
) -> None:
    chief = factories.user(committed, Role.ADMINISTRATOR, name="Sam Okafor")
    people.change_role(committed, user, Role.ADMINISTRATOR, actor=chief.actor, now=NOW)
    committed.commit()
    sign_in(client, user)
    assert "The role was changed: Reviewer → Administrator. (Sam Okafor)" in log_of(client)


def test_nobody_reads_anothers_log(
    app: Flask, client: Browser, committed: Session, user: User, sign_in: SignInBy
) -> None:
    colleague = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    sign_in(app.test_client(), user)
    assert log_of(sign_in(client, colleague)).count("Signed in with") == 1


def test_long_logs_come_in_pages(client: Browser, committed: Session, user: User, sign_in: SignInBy) -> None:
    for number in range(60):
        at = NOW - timedelta(days=60 - number)
        security_log.note(
            committed, user, SecurityKind.SIGNED_IN, now=at, place=Place(f"Browser {number}"), way="the password"
        )
    committed.commit()
    sign_in(client, user)
    first = client.page("/account/security")
    assert "Browser 59" in first.main.get_text()
    assert "Browser 30" not in first.main.get_text()
    older = client.page(str(first.find("a", rel="next")["href"])).main.get_text()
    assert "Browser 30" in older
    assert "Browser 59" not in older


@pytest.mark.parametrize("before", ["x", "-1", "0", str(2**70), ""])
def test_no_number_of_a_line_breaks_the_page(client: Browser, user: User, sign_in: SignInBy, before: str) -> None:
    sign_in(client, user)
    assert client.get("/account/security", query_string={"before": before}).status_code == 200


def test_a_kind_that_a_later_version_wrote_is_shown_by_its_name(
    client: Browser, committed: Session, user: User, sign_in: SignInBy
) -> None:
    committed.add(SecurityEvent(user_id=user.id, at=NOW, kind="retina-scanned"))
    committed.commit()
    sign_in(client, user)
    assert "retina-scanned" in log_of(client)


def test_every_kind_has_its_sentence_and_what_is_mailed_needs_no_facts() -> None:
    assert set(SENTENCES) == set(SecurityKind)
    assert not [kind for kind in ANNOUNCED if "%(" in SENTENCES[kind]]


def test_what_must_be_announced_cannot_be_noted_only(db_session: Session) -> None:
    user = factories.user(db_session, Role.REVIEWER)
    with pytest.raises(ValueError, match="announced"):
        security_log.note(db_session, user, SecurityKind.PASSKEY_ADDED, now=NOW, place=UNTOLD)


def test_what_is_announced_is_a_line_and_a_mail(db_session: Session, programme: Programme) -> None:
    user, chief = factories.user(db_session, Role.REVIEWER), factories.user(db_session, Role.ADMINISTRATOR)
    kind = SecurityKind.SECOND_FACTOR_RESET
    security_log.announce(db_session, user, kind, now=NOW, programme=programme, place=UNTOLD, by=chief.actor)
    (mail,) = mails(db_session)
    assert (mail.kind, mail.to_address, mail.context["by"]) == ("security-notice", user.email, chief.name)
    (event,) = security_log.events_of(db_session, user, limit=9)
    assert event.by_id == chief.id


@pytest.mark.parametrize(
    "sql",
    ["UPDATE security_events SET kind = 'signed-out'", "DELETE FROM security_events", "TRUNCATE security_events"],
)
def test_the_database_refuses_to_change_the_log(db_session: Session, sql: str) -> None:
    user = factories.user(db_session, Role.REVIEWER)
    security_log.note(db_session, user, SecurityKind.SIGNED_OUT, now=NOW - timedelta(days=300), place=UNTOLD)
    db_session.flush()
    with pytest.raises(DBAPIError, match="are only added"), db_session.begin_nested():
        db_session.execute(text(sql))


def test_a_line_is_forgotten_after_a_year_and_not_before(db_session: Session) -> None:
    user = factories.user(db_session, Role.REVIEWER)
    for days in (367, 364):
        at = NOW - timedelta(days=days)
        security_log.note(db_session, user, SecurityKind.SIGNED_OUT, now=at, place=UNTOLD)
    security_log.forget(db_session, now=NOW)
    assert [event.at for event in security_log.events_of(db_session, user, limit=9)] == [NOW - timedelta(days=364)]


def test_the_refusal_is_one_that_programs_can_tell(db_session: Session) -> None:
    user = factories.user(db_session, Role.REVIEWER)
    security_log.note(db_session, user, SecurityKind.SIGNED_OUT, now=NOW, place=UNTOLD)
    db_session.flush()
    with pytest.raises(DBAPIError) as refused, db_session.begin_nested():
        db_session.execute(text("DELETE FROM security_events"))
    assert isinstance(refused.value.orig, RestrictViolation)
