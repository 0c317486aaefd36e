"""Opening a link never changes anything, and shows the customer, and nobody else, what is asked."""

import logging
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from cpor_web.emails.links import Purpose
from cpor_web.models import User
from cpor_web.programme import Programme
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.roles import Role
from tests.customers.conftest import Asked, Deny
from tests.support import factories
from tests.support.browser import Browser

PURPOSES = list(Purpose)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_page_is_the_same_whoever_is_signed_in_on_that_machine(
    asked: Asked, customer: Browser, client: Browser, sign_in: Callable[..., Browser], method: str
) -> None:
    reviewer = factories.user(asked.session, Role.REVIEWER)
    asked.session.commit()
    sign_in(client, reviewer)
    with client.session_transaction() as session:
        session["_flashes"] = [("success", "Only for the reviewer.")]

    theirs = client.open(asked.path(), method=method)

    assert theirs.data == customer.open(asked.path(), method=method).data
    assert "Set-Cookie" not in theirs.headers


@pytest.mark.parametrize(("query", "language"), [("", "sv"), ("?lang=de", "de")])
@pytest.mark.parametrize("of_no_route", [False, True])
def test_a_wrong_link_is_answered_in_the_browsers_language_whoever_is_signed_in(
    asked: Asked, client: Browser, sign_in: Callable[..., Browser], query: str, language: str, of_no_route: bool
) -> None:
    reviewer = factories.user(asked.session, Role.REVIEWER)
    reviewer.language = "nl"
    asked.session.commit()
    sign_in(client, reviewer)

    wrong = "/d/" if of_no_route else f"{asked.path()}x"
    answer = client.get(f"{wrong}{query}", headers={"Accept-Language": "sv"})

    assert answer.status_code == 404
    assert f'<html lang="{language}">' in answer.text


def test_the_page_says_who_asks_what_and_until_when(asked: Asked, customer: Browser, programme: Programme) -> None:
    page = customer.page(asked.path())
    words = " ".join(page.main.get_text(" ").split())  # type: ignore[union-attr]
    ends_at = asked.invitation.round.ends_at
    assert ends_at is not None

    assert page.h1
    assert page.h1.get_text() == f"Is {asked.claim.partner.name} your partner?"
    for fact in (
        asked.claim.mpn_id and asked.claim.mpn_id.number, "Contoso", str(asked.claim.tenant_id), "Teams", "Intune",
        "How many licences", "no other data", "If nothing is done by",
        f"{ends_at.astimezone(programme.calendar.zone):%H:%M:%S}",
    ):  # fmt: skip
        assert str(fact) in words, fact
    assert "CPOR" not in words
    assert "Claimed Partner of Record (CPOR)" in page.get_text(" ")


@pytest.mark.parametrize("is_denied", [False, True])
def test_every_page_of_a_link_says_which_association_it_is_about(
    asked: Asked, customer: Browser, deny: Deny, is_denied: bool
) -> None:
    if is_denied:
        deny(asked)
    for purpose in (Purpose.DENY, Purpose.UNDO, Purpose.YES):
        main = customer.page(asked.path(purpose)).main
        assert main
        words = main.get_text(" ")

        assert asked.claim.reference in words
        assert "Teams" in words


def test_no_reason_is_chosen_for_the_customer(asked: Asked, customer: Browser) -> None:
    radios = customer.page(asked.path()).find_all("input", type="radio")

    assert [radio["value"] for radio in radios] == [
        "not-our-partner",
        "no-longer-our-partner",
        "not-these-products",
        "other",
    ]
    assert not any(radio.has_attr("checked") for radio in radios)


def test_the_page_speaks_the_contacts_language_until_another_is_chosen(asked: Asked, customer: Browser) -> None:
    asked.invitation.contact.language = "hu"
    asked.session.commit()

    def language(path: str) -> str:
        html = customer.page(path).html
        assert html
        return str(html["lang"])

    assert language(asked.path()) == "hu"
    buttons = customer.page(asked.path()).select("nav.languages li button")
    assert [button["lang"] for button in buttons] == list(LANGUAGES)
    for button in buttons:
        assert language(str(button["formaction"])) == button["lang"]
    assert language(f"{asked.path()}?lang=xx") == "hu"


def test_choosing_a_language_keeps_what_was_filled_in_and_says_nothing(asked: Asked, customer: Browser) -> None:
    button = customer.page(asked.path()).select("nav.languages li button[lang=de]")[0]
    before = asked.rows()

    answer = customer.post(
        str(button["formaction"]),
        data={"reason": "other", "words": "We moved <away>.", str(button["name"]): str(button["value"])},
    )
    page = BeautifulSoup(answer.text, "html.parser")

    assert answer.status_code == 200
    assert page.html
    assert page.html["lang"] == "de"
    assert [radio["value"] for radio in page.select("input[type=radio][checked]")] == ["other"]
    assert page.select("textarea")[0].get_text(strip=True) == "We moved <away>."
    assert page.select(".error-summary") == []
    assert asked.rows() == before


def test_where_nothing_is_asked_the_languages_are_links(asked: Asked, customer: Browser, deny: Deny) -> None:
    deny(asked)
    for purpose in (Purpose.DENY, Purpose.UNDO, Purpose.YES):
        links = customer.page(asked.path(purpose)).select("nav.languages a")
        assert [link["hreflang"] for link in links] == list(LANGUAGES)
        for link in links:
            page = customer.page(str(link["href"]))
            assert page.html
            assert page.html["lang"] == link["hreflang"]


def test_an_answer_keeps_the_chosen_language(asked: Asked, customer: Browser) -> None:
    form = customer.page(f"{asked.path()}?lang=sv").find_all("form")[0]
    answer = customer.post(form["action"], data={"reason": "other"})

    assert answer.location.endswith(f"{asked.path()}?lang=sv")


# Statement 16


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("is_good", [True, False])
def test_every_answer_is_kept_by_nobody_and_tells_nobody_where_it_was(
    asked: Asked, customer: Browser, purpose: Purpose, is_good: bool
) -> None:
    response = customer.get(asked.path(purpose) + ("" if is_good else "x"))

    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_page_has_nothing_from_third_parties(asked: Asked, customer: Browser) -> None:
    page = customer.page(asked.path())

    assert not [tag for tag in page(True) for name in ("src", "href", "action") if "//" in str(tag.get(name) or "")]


def test_a_token_is_in_no_log(asked: Asked, customer: Browser, deny: Deny, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    customer.get(asked.path())
    customer.get(asked.path() + "x")
    customer.post(asked.path())
    deny(asked)
    customer.post(asked.path(Purpose.ONE_CLICK), data={"List-Unsubscribe": "One-Click"})

    assert "customers" in caplog.text or "/d/" in caplog.text
    for purpose in PURPOSES:
        assert asked.token(purpose) not in caplog.text
        assert asked.token(purpose)[:22] not in caplog.text


def test_a_broken_page_logs_no_token_either(
    asked: Asked, customer: Browser, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("cpor_web.customers.blueprint.standing_of", broken)
    customer.expects_failure = True

    assert customer.get(asked.path()).status_code == 500
    assert "a fault of ours" in caplog.text
    assert asked.token() not in caplog.text


def test_staff_have_no_link_of_a_customers(asked: Asked, client: Browser, sign_in: Callable[..., Browser]) -> None:
    reviewer: User = factories.user(asked.session, Role.REVIEWER)
    asked.session.commit()
    sign_in(client, reviewer)

    assert asked.token(Purpose.DENY) not in client.get(f"/review/{asked.claim.reference}").text


@pytest.mark.parametrize(
    ("purpose", "is_denied"), [(Purpose.DENY, False), (Purpose.DENY, True), (Purpose.UNDO, True)]
)
def test_names_that_others_typed_turn_none_of_our_words_around(
    asked: Asked, customer: Browser, deny: Deny, purpose: Purpose, is_denied: bool
) -> None:
    typed = asked.claim.customer_name = "<i>שלום</i>"
    asked.session.commit()
    if is_denied:
        deny(asked)
    main = customer.page(asked.path(purpose)).main
    assert main
    isolated = [each.extract().get_text() for each in main.find_all("bdi")]

    assert typed not in main.get_text()
    assert typed in isolated
