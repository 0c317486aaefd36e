"""Where to go on to after signing in is anybody's text: it leads nowhere else, and breaks nothing."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from cpor_web.accounts.way_on import within
from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.browser import Browser

UNREADABLE = ("http://[", "//[", "https://[x]/", "//\u2100.com")


@pytest.mark.parametrize("address", ["/", "/claims?status=approved&search=a%20b", "/review/ABCD-EFGH#notes"])
def test_a_path_of_ours_is_gone_on_to(address: str) -> None:
    assert within(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        None,
        "claims",
        "//evil.example.org",
        "/\\evil.example.org",
        "/a\\b",
        "/ /x",
        "/\t/x",
        "https://x/",
        "/\u2100",
    ],
)
def test_nothing_else_is(address: str | None) -> None:
    assert within(address) == ""


@pytest.mark.parametrize("address", UNREADABLE)
@pytest.mark.parametrize("page", ["/login", "/reset", "/login/passkey"])
def test_an_address_that_cannot_be_read_breaks_no_page(client: Browser, page: str, address: str) -> None:
    asked = client.get(page, query_string={"next": address})
    sent = client.submit(page, {"email": "a@example.org", "password": "x", "next": address}, page=page)
    assert {asked.status_code, sent.status_code} <= {200, 400, 422}


@pytest.mark.parametrize("address", UNREADABLE)
def test_nor_does_it_break_being_let_in(
    client: Browser, committed: Session, sign_in: Callable[..., Browser], address: str
) -> None:
    user = factories.user(committed, Role.REVIEWER)
    committed.commit()
    said = {"email": user.email, "password": factories.PASSWORD, "next": address}
    assert client.submit("/login", said, page="/login").status_code == 400
    confirm = "/account/confirm"
    said = {"password": factories.PASSWORD, "next": address}
    assert sign_in(client, user).submit(confirm, said, page=confirm).location == "/account"
