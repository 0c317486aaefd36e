"""What was typed while its author was signed out is shown again, and can be sent again by nobody else."""

import io
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.models import User
from cpor_web.rules.roles import Role
from cpor_web.users import signing_out
from tests.support import factories
from tests.support.browser import Browser

WORDS = "A long answer,\nwritten with care."
SignInBy = Callable[..., Browser]


@pytest.fixture
def user(committed: Session) -> User:
    made = factories.user(committed, Role.ADMINISTRATOR)
    factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    return made


@pytest.fixture
def browser(client: Browser, sign_in: SignInBy, user: User) -> Browser:
    return sign_in(client, user)


def end_session(committed: Session, user: User) -> None:
    chief = factories.user(committed, Role.ADMINISTRATOR)
    signing_out.everywhere(committed, user, actor=chief.actor, now=clock.utcnow())
    committed.commit()


def test_a_form_that_was_sent_while_signed_out_can_be_sent_again(
    browser: Browser, committed: Session, user: User, sign_in: SignInBy
) -> None:
    colleague = factories.user(committed, Role.REVIEWER)
    committed.commit()
    path = f"/people/{colleague.id}"
    page = browser.page(path)
    form = {"csrf_token": page.find("input", attrs={"name": "csrf_token"})["value"], "name": WORDS.replace("\n", " ")}
    end_session(committed, user)
    answer = browser.post(path, data={**form, "role": "administrator"})
    assert answer.status_code == 403
    assert "You were signed out meanwhile" in answer.text
    assert form["name"] in answer.text
    committed.refresh(colleague)
    assert colleague.role is Role.REVIEWER

    again = BeautifulSoup(answer.text, "html.parser").find("button", string="Send again").find_parent("form")
    kept = {field["name"]: field["value"] for field in again("input")}
    sign_in(browser, user)
    assert browser.post(again["action"], data=kept).status_code == 302
    committed.refresh(colleague)
    assert (colleague.name, colleague.role) == (form["name"], Role.ADMINISTRATOR)


def test_a_page_from_before_another_sign_in_lets_copy_and_not_send(
    browser: Browser, committed: Session, user: User, sign_in: SignInBy
) -> None:
    token = browser.csrf_token("/account")
    browser.submit("/logout", page="/account")
    sign_in(browser, user)
    answer = browser.post("/account/calendar", data={"csrf_token": token, "words": WORDS})
    assert answer.status_code == 403
    assert "written with care." in answer.text
    assert "Send again" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.net"},
        {"Origin": "https://cpor.vendor.example.com.evil.example.net"},
        {"Referer": "https://cpor.vendor.example.com.evil.example.net/a"},
        {"Referer": "https://cpor.vendor.example.com@evil.example.net/"},
        {"Origin": "null"},
    ],
)
def test_what_comes_from_elsewhere_is_not_shown(browser: Browser, headers: dict[str, str]) -> None:
    data = {"csrf_token": "x", "words": WORDS}
    answer = browser.post("/account/calendar", data=data, headers=headers)
    assert answer.status_code == 400
    assert "written with care." not in answer.text


def test_no_secret_is_shown_again(browser: Browser, committed: Session, user: User) -> None:
    form = {"password": factories.PASSWORD, "new_password": "eleven geese and one", "note": WORDS}
    token = browser.csrf_token("/account/password")
    end_session(committed, user)
    answer = browser.post("/account/password", data={"csrf_token": token, **form})
    assert "written with care." in answer.text
    assert "geese" not in answer.text
    assert "herons" not in answer.text


def test_what_was_typed_stays_text(browser: Browser, committed: Session, user: User) -> None:
    token = browser.csrf_token("/account")
    end_session(committed, user)
    answer = browser.post("/account", data={"csrf_token": token, "words": "</textarea><script>alert(1)</script>"})
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


def test_a_mere_button_leads_to_the_sign_in_page(browser: Browser, committed: Session, user: User) -> None:
    token = browser.csrf_token("/account")
    end_session(committed, user)
    assert browser.post("/account/calendar", data={"csrf_token": token}).location == "/login"


def test_what_a_page_filled_in_by_itself_is_sent_again_and_not_called_typed(
    browser: Browser, committed: Session, user: User
) -> None:
    token, key = browser.csrf_token("/account"), "1cbb29e4-6d6f-4d3d-9d83-0f6a3b2f0c11"
    end_session(committed, user)
    form = {"csrf_token": token, "once": key, "past-K7QM-2XRD": "another-claim-of-this-tenant", "words": WORDS}
    page = BeautifulSoup(browser.post("/account", data=form).text, "html.parser")
    assert [each.get_text().strip() for each in page("textarea")] == [WORDS]
    assert page.find("input", attrs={"name": "once"})["value"] == key


def test_a_table_that_was_looked_at_can_be_sent_again_and_is_not_shown(
    browser: Browser, committed: Session, user: User
) -> None:
    token = browser.csrf_token("/account")
    end_session(committed, user)
    page = browser.post("/claims/import/drafts", data={"csrf_token": token, "content": "TmFtZQ0K" * 20}).text
    assert "Send again" in page
    assert "<textarea" not in page


def test_a_document_that_was_sent_while_signed_out_is_told_of_with_the_way_back(
    browser: Browser, committed: Session, user: User
) -> None:
    token, here = browser.csrf_token("/account"), "https://cpor.vendor.example.com/claims/K7QM-2XRD"
    end_session(committed, user)
    data = {"csrf_token": token, "document": (io.BytesIO(b"Signed."), "proof.txt")}
    answer = browser.post("/claims/K7QM-2XRD/documents", data=data, headers={"Referer": here})
    assert answer.status_code == 403
    assert "Documents are not kept: you choose them again." in answer.text
    assert "Send again" not in answer.text
    assert back_in(answer.text) == here


def test_the_way_back_is_no_address_to_which_forms_are_sent(browser: Browser, committed: Session, user: User) -> None:
    token = browser.csrf_token("/account")
    end_session(committed, user)
    data = {"csrf_token": token, "document": (io.BytesIO(b"Signed."), "proof.txt")}
    there = "https://cpor.vendor.example.com/claims/K7QM-2XRD/documents"
    answer = browser.post("/claims/K7QM-2XRD/documents", data=data, headers={"Referer": there})
    assert back_in(answer.text) == "/"


def back_in(text: str) -> str:
    """Return where a page leads back to."""
    return str(BeautifulSoup(text, "html.parser").find("a", string="Back to the page")["href"])


def test_what_was_typed_beside_a_document_is_shown_and_not_sent_again_without_it(
    browser: Browser, committed: Session, user: User
) -> None:
    token = browser.csrf_token("/account")
    end_session(committed, user)
    data = {"csrf_token": token, "justification": WORDS, "document": (io.BytesIO(b"Signed."), "proof.txt")}
    answer = browser.post("/claims/K7QM-2XRD/dispute", data=data)
    assert "written with care." in answer.text
    assert "Documents are not kept: you choose them again." in answer.text
    assert "Send again" not in answer.text


def test_a_document_from_before_another_sign_in_is_told_of_too(
    browser: Browser, user: User, sign_in: SignInBy
) -> None:
    token = browser.csrf_token("/account")
    browser.submit("/logout", page="/account")
    sign_in(browser, user)
    browser.sends_referer = False
    data = {"csrf_token": token, "document": (io.BytesIO(b"Signed."), "proof.txt")}
    ours = {"Origin": "https://cpor.vendor.example.com"}
    answer = browser.post("/claims/K7QM-2XRD/documents", data=data, headers=ours)
    assert answer.status_code == 403
    assert "Documents are not kept: you choose them again." in answer.text
    assert back_in(answer.text) == "/"
