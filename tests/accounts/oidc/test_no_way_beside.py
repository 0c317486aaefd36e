"""A way in of one's own would outlive one's account at the provider: who gets none, and who keeps theirs."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import Mail, User
from cpor_web.rules.roles import Role
from tests.accounts.oidc.visiting import RUNE, rune_of, signs_in
from tests.support import factories
from tests.support.browser import Browser
from tests.support.soft_passkey import SoftPasskey
from tests.users.test_passkeys import HOST, ORIGIN, add, enter

OWN_PASSWORD = "/account/password"


@pytest.fixture
def alone(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator lets in by the provider alone whom it has signed in."""
    only = replace(house.extensions["settings"], oidc_only=True)
    monkeypatch.setitem(house.extensions, "settings", only)


@pytest.fixture
def administrator(house: Flask, committed: Session, sign_in: Callable[..., Browser]) -> Browser:
    """Somebody with a password, who manages the others."""
    made = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    return sign_in(house.test_client(), made)


def asks_for_a_password(house: Flask, session: Session, user: User) -> tuple[str, list[str]]:
    """Return what the page says, and the kinds of the mails that followed."""
    said = house.test_client().submit("/reset", {"email": user.email}, page="/reset")
    kinds = session.scalars(select(Mail.kind).where(Mail.user_id == user.id, Mail.kind == "password-reset"))
    return said.text, list(kinds)


def invited(session: Session) -> list[int | None]:
    """Return the ids of those who got an invitation."""
    return list(session.scalars(select(Mail.user_id).where(Mail.kind == "invitation")))


def types_the_password(house: Flask, user: User) -> tuple[int, str]:
    said = {"email": user.email, "password": factories.PASSWORD}
    answer = house.test_client().submit("/login", said, page="/login")
    return answer.status_code, answer.text


def test_whom_the_provider_made_gets_no_mail_to_choose_a_password_and_nobody_can_tell(
    house: Flask, visitor: Browser, committed: Session
) -> None:
    signs_in(visitor)
    other = factories.user(committed, Role.REVIEWER)
    committed.commit()
    said, mails = asks_for_a_password(house, committed, rune_of(committed))
    said_to_another, mails_to_another = asks_for_a_password(house, committed, other)
    assert (mails, mails_to_another) == ([], ["password-reset"])
    words = "If there is an account with this address"
    assert (words in said, words in said_to_another) == (True, True)


def test_whom_the_provider_made_chooses_no_password_while_signed_in_either(
    visitor: Browser, committed: Session
) -> None:
    signs_in(visitor)
    assert OWN_PASSWORD not in visitor.get("/account/security").text
    chosen = {"new_password": "eleven geese and one", "new_password_confirm": "eleven geese and one"}
    assert visitor.get(OWN_PASSWORD).status_code == 404
    assert visitor.submit(OWN_PASSWORD, chosen, page="/account").status_code == 404
    assert rune_of(committed).password is None


def test_whom_the_provider_made_is_activated_without_a_mail_to_choose_a_password(
    visitor: Browser, administrator: Browser, committed: Session
) -> None:
    signs_in(visitor)
    rune = rune_of(committed)
    page = f"/people/{rune.id}"
    for action in ("deactivate", "activate"):
        assert administrator.submit(f"{page}/{action}", page=page).location == "/admin/users"
    assert invited(committed) == []
    assert signs_in(visitor) == "/"


def test_whom_the_provider_made_is_not_called_invited_and_is_so_by_a_decision_alone(
    visitor: Browser, administrator: Browser, committed: Session
) -> None:
    signs_in(visitor)
    rune = rune_of(committed)
    page = f"/people/{rune.id}"
    assert "Invited" not in administrator.page("/admin/users").main.get_text()
    said = administrator.page(page).main.get_text(" ")
    assert "Invited" not in said
    assert "Has not chosen a password yet." not in said
    assert "Signs in with Adatum ID, and has no password here." in said
    assert administrator.submit(f"{page}/invite", page=page).location == "/admin/users"
    assert invited(committed) == [rune.id]


@pytest.mark.usefixtures("alone")
def test_where_no_password_lets_in_nobody_is_offered_to_choose_one_by_an_invitation(
    visitor: Browser, administrator: Browser, committed: Session
) -> None:
    signs_in(visitor)
    page = administrator.page(f"/people/{rune_of(committed).id}").main
    said = page.get_text(" ")
    assert "Signs in with Adatum ID alone." in said
    assert "An invitation" not in said
    assert page.find("form", action=lambda to: str(to).endswith("/invite")) is None


def test_who_had_a_password_before_keeps_it(house: Flask, visitor: Browser, committed: Session) -> None:
    rune = factories.user(committed, Role.REVIEWER, email=RUNE["email"])
    committed.commit()
    signs_in(visitor)
    assert types_the_password(house, rune)[0] == 302
    assert asks_for_a_password(house, committed, rune)[1] == ["password-reset"]
    assert OWN_PASSWORD in visitor.get("/account/security").text
    assert visitor.get(OWN_PASSWORD).status_code == 200


@pytest.mark.usefixtures("alone")
def test_where_the_operator_says_so_neither_password_nor_passkey_lets_in(
    house: Flask, visitor: Browser, committed: Session
) -> None:
    rune = factories.user(committed, Role.REVIEWER, email=RUNE["email"])
    committed.commit()
    assert types_the_password(house, rune)[0] == 302, "the provider has not signed them in yet"
    signs_in(visitor)
    device = SoftPasskey(ORIGIN, HOST)
    assert add(visitor, device) == 302
    status, said = types_the_password(house, rune)
    assert status == 200
    assert "Your account signs in with Adatum ID alone." in said
    assert visitor.get(OWN_PASSWORD).status_code == 404
    assert enter(house.test_client(), device)[0] == 422
    assert asks_for_a_password(house, committed, rune)[1] == []
    wrong = {"email": rune.email, "password": "wrong"}
    assert "Adatum ID alone" not in house.test_client().submit("/login", wrong, page="/login").text
