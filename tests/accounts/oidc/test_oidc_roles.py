"""The provider alone says what the operator's people may do, and nothing of partners' people."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web.models import Identity, SecurityEvent
from cpor_web.rules.roles import Role
from tests.accounts.oidc.visiting import accounts, is_refused, kinds_of, rune_of, signs_in
from tests.support import factories
from tests.support.browser import Browser
from tests.support.oidc_server import OidcServer

SignIn = Callable[..., Browser]


def test_a_role_that_changed_there_is_changed_here_and_noted(
    visitor: Browser, provider: OidcServer, committed: Session
) -> None:
    signs_in(visitor)
    provider.person["roles"] = ["cpor-admins"]
    signs_in(visitor)
    rune = rune_of(committed)
    assert rune.role is Role.ADMINISTRATOR
    change = committed.scalars(select(SecurityEvent).where(SecurityEvent.kind == "role-changed")).one()
    assert (change.facts["old"], change.facts["new"]) == ("Reviewer", "Administrator")


@pytest.mark.parametrize("roles", [[], ["everybody"], None, "administrator", {"cpor-reviewers": False}])
def test_a_role_that_was_taken_away_ends_the_access_everywhere(
    visitor: Browser, house: Flask, provider: OidcServer, committed: Session, sign_in: SignIn, roles: object
) -> None:
    rune = factories.user(committed, Role.REVIEWER, email="rune@vendor.example.com")
    committed.commit()
    elsewhere = sign_in(house.test_client(), rune)
    signs_in(visitor)
    provider.person["roles"] = roles
    leaver = house.test_client()
    assert isinstance(leaver, Browser)
    is_refused(leaver, "Adatum ID gives you no role here.")
    assert [each.get("/").location for each in (visitor, elsewhere)] == ["/login", "/login"]
    form = {"email": rune.email, "password": factories.PASSWORD}
    assert leaver.submit("/login", form, page="/login").status_code == 200, "the password still opens the door"
    assert kinds_of(committed, rune)[-1] == "deactivated"


def test_a_role_that_is_given_back_opens_the_account_again(
    visitor: Browser, house: Flask, provider: OidcServer, committed: Session
) -> None:
    signs_in(visitor)
    provider.person["roles"] = []
    for _ in range(2):
        is_refused(visitor, "no role here")
    provider.person["roles"] = ["cpor-reviewers"]
    assert signs_in(visitor) == "/"
    kinds = kinds_of(committed, rune_of(committed))
    assert (kinds.count("deactivated"), kinds.count("reactivated")) == (1, 1)


def test_whom_an_administrator_has_shut_out_the_provider_does_not_let_in(
    visitor: Browser, house: Flask, provider: OidcServer, committed: Session, sign_in: SignIn
) -> None:
    signs_in(visitor)
    admin = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    page = f"/people/{rune_of(committed).id}"
    boss = sign_in(house.test_client(), admin)
    assert boss.submit(f"{page}/deactivate", page=page).status_code == 302
    is_refused(visitor, "Your account here is not active.")


def test_what_the_provider_ended_and_a_person_ended_again_stays_ended(
    visitor: Browser, house: Flask, provider: OidcServer, committed: Session, sign_in: SignIn
) -> None:
    signs_in(visitor)
    provider.person["roles"] = []
    is_refused(visitor, "no role here")
    admin = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    page = f"/people/{rune_of(committed).id}"
    boss = sign_in(house.test_client(), admin)
    for button in ("activate", "deactivate"):
        assert boss.submit(f"{page}/{button}", page=page).status_code == 302
    provider.person["roles"] = ["cpor-reviewers"]
    is_refused(visitor, "Your account here is not active.")


def test_no_group_of_the_providers_makes_a_partners_person_one_of_the_operators(
    visitor: Browser, provider: OidcServer, committed: Session
) -> None:
    ines = factories.user(committed, email="ines@fabrikam.example.org")
    committed.commit()
    provider.person = {"sub": "ines-1", "email": ines.email, "email_verified": True}
    signs_in(visitor)
    provider.person["roles"] = ["cpor-admins"]
    signs_in(visitor)
    assert accounts(committed) == {ines.email: Role.INCENTIVES_ADMIN}


def test_an_account_that_a_partner_made_for_one_of_the_operators_people_is_not_theirs(
    visitor: Browser, committed: Session
) -> None:
    factories.user(committed, email="rune@vendor.example.com")
    committed.commit()
    is_refused(visitor, "belongs to somebody else")
    assert committed.scalar(select(func.count()).select_from(Identity)) == 0
