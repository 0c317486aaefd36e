"""The page of one account, for those who manage it."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import Mail, User
from cpor_web.rules.roles import PARTNER_ROLES, REVIEWERS, Role
from tests.support import factories
from tests.support.browser import Browser, form_in

SignIn = Callable[..., Browser]
POSTS = ("", "/deactivate", "/activate", "/invite")


@pytest.fixture
def chief(committed: Session) -> User:
    made = factories.user(committed, Role.GLOBAL_ADMIN, name="Greta Gard")
    committed.commit()
    return made


@pytest.fixture
def browser(client: Browser, sign_in: SignIn, chief: User) -> Browser:
    """A Global admin's."""
    return sign_in(client, chief)


@pytest.fixture
def colleague(committed: Session, chief: User) -> User:
    made = factories.user(committed, Role.VIEWER, partner=chief.partner, name="Vera Vang")
    committed.commit()
    return made


def address(user: User, action: str = "") -> str:
    return f"/people/{user.id}{action}"


def test_a_global_admin_changes_name_and_role(browser: Browser, committed: Session, colleague: User) -> None:
    changes = {"name": "Vera Wang", "role": "billing-admin"}
    answer = browser.submit(address(colleague), changes, page=address(colleague))
    assert answer.location == "/team"
    committed.refresh(colleague)
    assert (colleague.name, colleague.role) == ("Vera Wang", Role.BILLING_ADMIN)
    assert "Saved." in browser.page("/team").main.get_text()


def test_a_page_that_was_left_open_gives_no_role_back(
    browser: Browser, committed: Session, chief: User, colleague: User
) -> None:
    colleague.role = Role.GLOBAL_ADMIN
    committed.commit()
    left_open = browser.form_on(address(colleague))
    colleague.role = Role.VIEWER
    committed.commit()
    assert browser.post(address(colleague), data={**left_open, "name": "Vera Wang"}).location == "/team"
    committed.refresh(colleague)
    assert (colleague.name, colleague.role) == ("Vera Wang", Role.VIEWER)


def test_what_two_have_changed_is_refused_to_the_second_who_decides_anew(
    browser: Browser, committed: Session, colleague: User
) -> None:
    left_open = browser.form_on(address(colleague))
    colleague.role = Role.GLOBAL_ADMIN
    committed.commit()
    answer = browser.post(address(colleague), data={**left_open, "name": "Vera Wang", "role": "billing-admin"})
    assert answer.status_code == 409
    assert "Somebody else has changed this meanwhile, to “Global admin”." in answer.text
    again = form_in(answer.text)
    assert (again["name"], again["role"]) == ("Vera Wang", "billing-admin"), "what was typed is lost"
    committed.refresh(colleague)
    assert (colleague.name, colleague.role) == ("Vera Vang", Role.GLOBAL_ADMIN)
    assert browser.post(address(colleague), data=again).location == "/team"
    committed.refresh(colleague)
    assert (colleague.name, colleague.role) == ("Vera Wang", Role.BILLING_ADMIN)


def test_what_was_not_changed_follows_what_somebody_else_saved_also_after_a_refusal(
    browser: Browser, committed: Session, colleague: User
) -> None:
    left_open = browser.form_on(address(colleague))
    colleague.role, colleague.name = Role.GLOBAL_ADMIN, "V. Vang"
    committed.commit()
    answer = browser.post(address(colleague), data={**left_open, "name": "Vera Wang"})
    assert answer.status_code == 409
    assert browser.post(address(colleague), data=form_in(answer.text)).location == "/team"
    committed.refresh(colleague)
    assert (colleague.name, colleague.role) == ("Vera Wang", Role.GLOBAL_ADMIN)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "Fill in the name."),
        ({"name": "x" * 201}, "Enter at most 200 characters."),
        ({"role": ""}, "Choose a role."),
        ({"role": "reviewer"}, "Not a valid choice"),
        ({"role": "administrator"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    browser: Browser, committed: Session, colleague: User, fields: dict[str, str], sentence: str
) -> None:
    typed = {"name": "Somebody Else", "role": "billing-admin", **fields}
    answer = browser.submit(address(colleague), typed, page=address(colleague))
    assert answer.status_code == 422
    assert sentence in answer.text
    committed.refresh(colleague)
    assert (colleague.name, colleague.role) == ("Vera Vang", Role.VIEWER)


def test_the_last_global_admin_stays_one_and_nothing_typed_is_lost(
    browser: Browser, committed: Session, chief: User
) -> None:
    typed = {"name": "Greta Gardner", "role": "viewer"}
    answer = browser.submit(address(chief), typed, page=address(chief))
    assert answer.status_code == 409
    assert "is the last active Global admin." in answer.text
    assert 'value="Greta Gardner"' in answer.text
    committed.refresh(chief)
    assert (chief.name, chief.role) == ("Greta Gard", Role.GLOBAL_ADMIN)


def test_nobody_is_offered_to_deactivate_themselves(browser: Browser, committed: Session, chief: User) -> None:
    assert "Deactivate" not in [button.get_text() for button in browser.page(address(chief)).main("button")]
    answer = browser.submit(address(chief, "/deactivate"), page=address(chief))
    assert answer.status_code == 409
    assert "You cannot deactivate your own account." in answer.text
    committed.refresh(chief)
    assert chief.active


def test_who_is_deactivated_is_signed_out_and_cannot_sign_in_until_activated(
    browser: Browser, app: Flask, colleague: User, sign_in: SignIn
) -> None:
    theirs = app.test_client()
    sign_in(theirs, colleague)
    assert theirs.get("/claims").status_code == 200

    browser.submit(address(colleague, "/deactivate"), page=address(colleague))

    assert theirs.get("/claims").location.startswith("/login")
    refused = theirs.submit("/login", {"email": colleague.email, "password": factories.PASSWORD}, page="/login")
    assert refused.status_code == 200
    team = browser.page("/team").main.get_text()
    assert "Vera Vang can no longer sign in." in team
    assert "Not active" in team

    browser.submit(address(colleague, "/activate"), page=address(colleague))
    sign_in(theirs, colleague)


def test_who_has_not_chosen_a_password_is_invited_again(
    browser: Browser, committed: Session, chief: User, colleague: User
) -> None:
    colleague.password = None
    committed.commit()
    assert "Invited" in browser.page("/team").main.get_text()
    browser.submit(address(colleague, "/invite"), page=address(colleague))
    assert [(mail.kind, mail.user_id) for mail in committed.scalars(select(Mail))] == [("invitation", colleague.id)]

    assert browser.submit(address(chief, "/invite"), page=address(colleague)).status_code == 409


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REVIEWER, Role.ADMINISTRATOR])
@pytest.mark.parametrize("action", POSTS)
def test_people_who_are_not_of_the_team_do_not_exist(
    browser: Browser, committed: Session, role: Role, action: str
) -> None:
    stranger = factories.user(committed, role, password=None)
    committed.commit()
    before = stranger.name, stranger.role, stranger.active, stranger.fs_uniquifier
    typed = {"name": "Mine Now", "role": "viewer"}
    assert browser.get(address(stranger)).status_code == 404
    assert browser.submit(address(stranger, action), typed, page="/team").status_code == 404
    committed.refresh(stranger)
    assert (stranger.name, stranger.role, stranger.active, stranger.fs_uniquifier) == before
    assert committed.scalars(select(Mail)).all() == []


@pytest.mark.parametrize("role", sorted((PARTNER_ROLES | REVIEWERS) - {Role.GLOBAL_ADMIN, Role.ADMINISTRATOR}))
def test_other_roles_do_not_find_these_pages(
    client: Browser, committed: Session, sign_in: SignIn, colleague: User, role: Role
) -> None:
    partner = colleague.partner if role in PARTNER_ROLES else None
    somebody = factories.user(committed, role, partner=partner)
    committed.commit()
    sign_in(client, somebody)
    assert client.get(address(colleague)).status_code == 404
    token = client.csrf_token("/account")
    for action in POSTS:
        answer = client.post(address(colleague, action), data={"csrf_token": token, "name": "X", "role": "viewer"})
        assert answer.status_code == 404


def test_an_administrator_manages_people_of_partners_and_of_the_operator(
    app: Flask, committed: Session, sign_in: SignIn, colleague: User
) -> None:
    administrator = factories.user(committed, Role.ADMINISTRATOR)
    reviewer = factories.user(committed, Role.REVIEWER)
    committed.commit()
    office = sign_in(app.test_client(), administrator)
    answer = office.submit(address(colleague), {"name": "V", "role": "global-admin"}, page=address(colleague))
    assert answer.location == "/admin/users"
    office.submit(address(reviewer), {"name": "R", "role": "administrator"}, page=address(reviewer))
    committed.expire_all()
    assert (colleague.role, reviewer.role) == (Role.GLOBAL_ADMIN, Role.ADMINISTRATOR)
