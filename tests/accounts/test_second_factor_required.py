"""Who must have a second factor, and getting in again without it: an administrator's reset, and the command."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.config import Settings
from cpor_web.models import Mail, Passkey, SecurityEvent, User
from cpor_web.rules.roles import REVIEWERS, USER_ROLES, Role
from cpor_web.users import passkeys, second_factor
from cpor_web.users.authenticator import Authenticator
from tests.support import factories
from tests.support.authenticator_app import NEW, App, set_up
from tests.support.browser import Browser

SignIn = Callable[..., Browser]


@pytest.fixture
def strict(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application of an operator whose reviewers and administrators must have a second factor."""
    monkeypatch.setitem(app.extensions, "settings", replace(settings, second_factor_roles=REVIEWERS))
    return app


@pytest.fixture
def reviewer(committed: Session) -> User:
    made = factories.user(committed, Role.REVIEWER, name="Rosa Roth")
    committed.commit()
    return made


@pytest.fixture
def administrator(committed: Session) -> User:
    made = factories.user(committed, Role.ADMINISTRATOR, name="Ada Ahl")
    committed.commit()
    return made


def test_by_default_the_operators_people_must_have_one_in_production_and_nobody_elsewhere(settings: Settings) -> None:
    assert replace(settings, environment="production").required_second_factor == REVIEWERS
    assert settings.required_second_factor == frozenset()
    nobody = replace(settings, environment="production", second_factor_roles=frozenset())
    assert nobody.required_second_factor == frozenset()


@pytest.mark.parametrize("role", sorted(USER_ROLES))
def test_who_must_set_it_up_opens_nothing_else_before(
    strict: Flask, client: Browser, committed: Session, sign_in: SignIn, role: Role
) -> None:
    user = factories.user(committed, role)
    committed.commit()
    sign_in(client, user)
    paths = ("/", "/account", "/account/passkeys", "/account/security", "/claims", "/review", "/admin")
    led = {path for path in paths if client.get(path).location == NEW}
    hidden = {"/claims"} if role in REVIEWERS else {"/review", "/admin"}
    hidden |= {"/admin"} if role is Role.REVIEWER else set()
    assert led == (set(paths) - hidden if role in REVIEWERS else set())


def test_what_is_posted_before_it_is_set_up_is_not_done(
    strict: Flask, client: Browser, committed: Session, sign_in: SignIn, reviewer: User
) -> None:
    sign_in(client, reviewer)
    answer = client.submit("/account", {"language": "sv"}, page=NEW)
    assert answer.location == NEW
    committed.refresh(reviewer)
    assert reviewer.language == "en"


def test_once_it_is_set_up_everything_opens(strict: Flask, client: Browser, sign_in: SignIn, reviewer: User) -> None:
    sign_in(client, reviewer)
    assert "Your role needs a second factor." in client.page(NEW).main.get_text()
    set_up(client)
    assert client.get("/").location == "/review"
    assert client.get("/review").status_code == 200


def test_who_must_have_it_can_sign_out_before(
    strict: Flask, client: Browser, sign_in: SignIn, reviewer: User
) -> None:
    sign_in(client, reviewer)
    assert client.submit("/logout", page=NEW).status_code == 302
    assert client.get("/").location == "/login"


def test_who_must_have_it_cannot_remove_it(
    strict: Flask, client: Browser, committed: Session, sign_in: SignIn, reviewer: User
) -> None:
    sign_in(client, reviewer)
    set_up(client)
    page = client.page("/account/second-factor")
    assert "Remove" not in [button.get_text() for button in page.main("button")]
    answer = client.submit("/account/second-factor/remove", page="/account/second-factor")
    assert answer.location == "/account/second-factor"
    committed.refresh(reviewer)
    assert reviewer.totp_secret is not None


def test_another_role_that_needs_one_leads_to_set_it_up_at_the_next_page(
    strict: Flask, client: Browser, committed: Session, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn
) -> None:
    user = factories.user(committed, Role.VIEWER)
    committed.commit()
    sign_in(client, user)
    assert client.get("/claims").status_code == 200
    of_now = strict.extensions["settings"]
    monkeypatch.setitem(strict.extensions, "settings", replace(of_now, second_factor_roles=USER_ROLES))
    assert client.get("/claims").location == NEW


# Lost


@pytest.fixture
def lost(app: Flask, committed: Session, reviewer: User, sign_in: SignIn) -> Browser:
    """A reviewer with a second factor and a passkey, signed in, whose phone is about to be lost."""
    browser = sign_in(app.test_client(), reviewer)
    set_up(browser)
    add_passkey(committed, reviewer)
    return browser


def add_passkey(session: Session, user: User) -> None:
    session.add(
        Passkey(
            user_id=user.id, name="Phone", credential_id=b"x", public_key=b"x", sign_count=0, added_at=clock.utcnow()
        )
    )
    session.commit()


def test_an_administrator_resets_it_and_the_person_is_told(
    app: Flask,
    client: Browser,
    committed: Session,
    administrator: User,
    lost: Browser,
    reviewer: User,
    sign_in: SignIn,
) -> None:
    sign_in(client, administrator)
    page = f"/people/{reviewer.id}"
    assert client.submit(f"{page}/reset-second-factor", page=page).location == "/admin/users"
    committed.expire_all()
    assert (reviewer.totp_secret, reviewer.recovery_codes) == (None, [])
    assert passkeys.passkeys_of(committed, reviewer) == []
    assert lost.get("/account").location.startswith("/login"), "whoever has the phone is still in"
    sign_in(app.test_client(), reviewer)
    event = committed.scalars(select(SecurityEvent).where(SecurityEvent.kind == "second-factor-reset")).one()
    assert (event.user_id, event.by_id) == (reviewer.id, administrator.id)
    assert committed.scalars(select(Mail).order_by(Mail.id.desc())).first().user_id == reviewer.id  # type: ignore[union-attr]


def test_an_administrator_does_not_reset_their_own(
    client: Browser, committed: Session, administrator: User, sign_in: SignIn
) -> None:
    sign_in(client, administrator)
    set_up(client)
    page = f"/people/{administrator.id}"
    assert "Reset the second factor" not in client.page(page).main.get_text()
    assert client.submit(f"{page}/reset-second-factor", page=page).status_code == 409
    committed.refresh(administrator)
    assert administrator.totp_secret is not None


@pytest.mark.parametrize("role", sorted(USER_ROLES - {Role.ADMINISTRATOR}))
def test_nobody_else_resets_one(
    client: Browser, committed: Session, lost: Browser, reviewer: User, role: Role, sign_in: SignIn
) -> None:
    somebody = factories.user(committed, role)
    committed.commit()
    sign_in(client, somebody)
    token = client.csrf_token("/account")
    answer = client.post(f"/people/{reviewer.id}/reset-second-factor", data={"csrf_token": token})
    assert answer.status_code == 404
    committed.refresh(reviewer)
    assert reviewer.totp_secret is not None


def test_a_global_admin_does_not_reset_it_for_the_team(
    app: Flask, client: Browser, committed: Session, sign_in: SignIn
) -> None:
    chief = factories.user(committed, Role.GLOBAL_ADMIN)
    colleague = factories.user(committed, Role.VIEWER, partner=chief.partner)
    committed.commit()
    set_up(sign_in(app.test_client(), colleague))
    sign_in(client, chief)
    page = f"/people/{colleague.id}"
    assert "second factor" not in client.page(page).main.get_text().lower()
    assert client.submit(f"{page}/reset-second-factor", page=page).status_code == 404


@pytest.fixture
def shell(app: Flask, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The commands, over the application of the tests."""
    monkeypatch.setattr("cpor_web.create_app", lambda: app)
    return CliRunner()


def test_the_command_helps_the_last_administrator(
    app: Flask, client: Browser, committed: Session, administrator: User, shell: CliRunner, sign_in: SignIn
) -> None:
    from cpor_web.commands.accounts import user as command

    set_up(sign_in(client, administrator))
    done = shell.invoke(command, ["reset-second-factor", administrator.email.upper()], catch_exceptions=False)
    assert done.exit_code == 0
    assert client.get("/account").location.startswith("/login")
    committed.refresh(administrator)
    assert administrator.totp_secret is None
    assert [mail.user_id for mail in committed.scalars(select(Mail))] == [administrator.id] * 2
    sign_in(app.test_client(), administrator)


# The keys


OLD, NEWER = ("o" * 40,), ("n" * 40, "o" * 40)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@time_machine.travel(NOON, tick=False)  # so that the next code is that of the next half minute
def test_a_new_key_in_front_of_the_ring_keeps_every_second_factor(committed: Session, reviewer: User) -> None:
    now = clock.utcnow()
    first, both, new_alone = Authenticator(OLD, "X"), Authenticator(NEWER, "X"), Authenticator(NEWER[:1], "X")
    secret = first.new()
    phone = App(first.letters(secret))
    second_factor.set_up(committed, reviewer, secret, phone.code(), authenticator=first, now=now)
    assert second_factor.renew_secrets(committed, new_alone) == 0, "without its key it stays as it is"
    assert not second_factor.use_code(committed, reviewer, phone.code(steps=1), authenticator=new_alone, now=now)

    assert second_factor.renew_secrets(committed, both) == 1
    assert second_factor.renew_secrets(committed, both) == 0
    assert second_factor.use_code(committed, reviewer, phone.code(steps=1), authenticator=new_alone, now=now)


@time_machine.travel(NOON, tick=False)
def test_a_sign_in_encrypts_anew_by_the_newest_key(committed: Session, reviewer: User) -> None:
    now = clock.utcnow()
    first, both = Authenticator(OLD, "X"), Authenticator(NEWER, "X")
    secret = first.new()
    phone = App(first.letters(secret))
    second_factor.set_up(committed, reviewer, secret, phone.code(), authenticator=first, now=now)
    assert second_factor.use_code(committed, reviewer, phone.code(steps=1), authenticator=both, now=now)
    assert second_factor.renew_secrets(committed, both) == 0
