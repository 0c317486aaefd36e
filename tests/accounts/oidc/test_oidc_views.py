"""Signing in through the operator's provider, and out again."""

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web.accounts.oidc_provider import Provider
from cpor_web.models import Mail
from cpor_web.rules.roles import Role
from tests.accounts.oidc.visiting import BACK, BEGIN, accounts, kinds_of, rune_of, signs_in, there_and_back
from tests.support import factories
from tests.support.browser import Browser
from tests.support.oidc_server import CLIENT, SECRET, OidcServer

SignIn = Callable[..., Browser]


def test_the_operators_people_are_brought_in_with_the_role_that_the_provider_gives(
    visitor: Browser, committed: Session
) -> None:
    assert signs_in(visitor) == "/"
    assert visitor.get("/").location == "/review"
    rune = rune_of(committed)
    assert (rune.name, rune.role, rune.partner_id, rune.password) == ("Rune Reviewer", Role.REVIEWER, None, None)
    assert kinds_of(committed, rune) == ["identity-linked", "signed-in"]
    assert committed.scalar(select(func.count()).select_from(Mail).where(Mail.user_id == rune.id)) == 1


def test_who_may_do_more_by_one_group_may_do_more(visitor: Browser, provider: OidcServer, committed: Session) -> None:
    provider.person["roles"] = ["cpor-reviewers", "cpor-admins"]
    signs_in(visitor)
    assert rune_of(committed).role is Role.ADMINISTRATOR


def test_a_partners_person_who_was_invited_signs_in_to_their_own_account(
    visitor: Browser, provider: OidcServer, committed: Session
) -> None:
    ines = factories.user(committed, email="ines@fabrikam.example.org", password=None)
    committed.commit()
    provider.person = {"sub": "ines-1", "email": "Ines@Fabrikam.example.org", "email_verified": True}
    signs_in(visitor)
    assert visitor.get("/").location == "/claims"
    assert accounts(committed) == {ines.email: Role.INCENTIVES_ADMIN}
    assert kinds_of(committed, ines) == ["identity-linked", "signed-in"]


def test_an_account_stays_somebodys_whatever_their_address_becomes(
    visitor: Browser, provider: OidcServer, committed: Session
) -> None:
    signs_in(visitor)
    provider.person |= {"email": "rune.married@elsewhere.example.com", "email_verified": False}
    signs_in(visitor)
    assert accounts(committed) == {"rune@vendor.example.com": Role.REVIEWER}


def test_the_page_to_sign_in_offers_the_provider_and_one_ends_up_where_one_wanted_to_go(visitor: Browser) -> None:
    page = visitor.page("/login?next=/review/mails?state%3Dqueued")
    link = page.find("a", string="Sign in with Adatum ID")
    assert signs_in(visitor, link["href"]) == "/review/mails?state=queued"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_link_begins_no_sign_in_but_shows_where_to(visitor: Browser, site: str) -> None:
    there = {"Sec-Fetch-Site": site}
    answer = visitor.get(f"{BEGIN}?next=/review/mails", headers=there)
    assert answer.location == "/login?next=/review/mails"
    page = BeautifulSoup(visitor.get(answer.location, headers=there).text, "html.parser")
    button = page.find("a", string="Sign in with Adatum ID")
    assert signs_in(visitor, button["href"]) == "/review/mails"
    assert visitor.get("/review/mails", headers=there).status_code == 200, "a link in a mail leads here"


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_ones_own_press_and_ones_own_bookmark_begin_it(visitor: Browser, provider: OidcServer, site: str) -> None:
    assert visitor.get(BEGIN, headers={"Sec-Fetch-Site": site}).location.startswith(provider.issuer)


def test_without_a_provider_nothing_is_offered(client: Browser) -> None:
    assert client.page("/login").find("a", href=re.compile(BEGIN)) is None
    assert [client.get(path).status_code for path in (BEGIN, BACK, "/signed-out")] == [404, 404, 404]


def test_the_question_has_what_protects_its_answer(visitor: Browser, provider: OidcServer) -> None:
    asked = parse_qs(urlsplit(visitor.get(BEGIN).location).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [provider.back]
    assert len({asked[name][0] for name in ("state", "nonce", "code_challenge")}) == 3
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43


def test_what_only_the_userinfo_endpoint_tells_counts_too(
    visitor: Browser, provider: OidcServer, committed: Session
) -> None:
    provider.told_when_asked = {name: provider.person.pop(name) for name in ("email", "email_verified", "roles")}
    signs_in(visitor)
    assert rune_of(committed).role is Role.REVIEWER


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
def test_we_say_who_we_are_in_the_way_that_the_provider_knows(
    visitor: Browser, provider: OidcServer, way: str
) -> None:
    provider.ways_to_authenticate = (way,)
    assert signs_in(visitor) == "/"


def test_another_browser_of_the_same_person_is_the_same_account(
    visitor: Browser, house: Flask, committed: Session
) -> None:
    signs_in(visitor)
    other = house.test_client()
    assert isinstance(other, Browser)
    signs_in(other)
    assert len(accounts(committed)) == 1
    assert kinds_of(committed, rune_of(committed)) == ["identity-linked", "signed-in", "signed-in"]


def test_signing_out_here_offers_to_sign_out_there(visitor: Browser, provider: OidcServer) -> None:
    signs_in(visitor)
    answer = visitor.submit("/logout", page="/account")
    assert answer.location == "/signed-out"
    assert visitor.get("/").location == "/login"
    link = visitor.page("/signed-out").find("a", string="Sign out at Adatum ID")["href"]
    assert link.startswith(f"{provider.issuer}/bye?")
    assert parse_qs(urlsplit(link).query)["client_id"] == [CLIENT]


def test_signing_out_while_the_provider_is_away_just_signs_out(
    visitor: Browser, house: Flask, provider: OidcServer
) -> None:
    signs_in(visitor)
    visitor.submit("/logout", page="/account")
    provider.is_broken = True
    house.extensions["oidc"] = Provider.from_settings(house.extensions["settings"])
    assert "You are signed out here." in visitor.page("/signed-out").get_text()


def test_who_signs_in_with_a_password_afterwards_has_not_come_from_the_provider(
    visitor: Browser, committed: Session, sign_in: SignIn
) -> None:
    signs_in(visitor)
    visitor.submit("/logout", page="/account")
    other = factories.user(committed, Role.REVIEWER)
    committed.commit()
    sign_in(visitor, other)
    assert visitor.submit("/logout", page="/account").location != "/signed-out"


def test_no_secret_and_no_token_is_logged_or_kept(
    visitor: Browser, provider: OidcServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    signs_in(visitor)
    provider.sign = lambda _claims: "eyJ.eyJ.eyJ"
    assert visitor.get(there_and_back(visitor)).status_code == 400
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("cpor_web")]
    assert ours
    assert not [line for line in ours if SECRET in line or "eyJ" in line or "rune" in line]
    with visitor.session_transaction(base_url="https://cpor.vendor.example.com") as kept:
        assert "eyJ" not in json.dumps(dict(kept), default=str)
