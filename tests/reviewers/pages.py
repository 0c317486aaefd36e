"""Pressing buttons on a claim's page, found by their words as people find them."""

from typing import Any

from bs4 import BeautifulSoup, Tag
from werkzeug.test import TestResponse

from cpor_web.models import Claim
from tests.support.browser import Browser


def form_with(page: BeautifulSoup, words: str) -> Tag:
    """The form whose button has exactly these words."""
    (button,) = [button for button in page("button") if button.get_text() == words]
    return button.find_parent("form")


def labelled(form: Tag, words: str) -> str:
    """The name of the field of a form that has this label; there is one such field in it."""
    (label,) = [label for label in form("label") if label.get_text() == words]
    return str(form.find(id=label["for"])["name"])


def press(desk: Browser, claim: Claim, words: str, **typed: Any) -> TestResponse:
    """Open the claim's page and press a button of it; see `press_on`."""
    return press_on(desk, desk.page(f"/review/{claim.reference}"), words, **typed)


def press_on(desk: Browser, page: BeautifulSoup, words: str, **typed: Any) -> TestResponse:
    """Press a button on a page that was opened before; `typed` has values by label (blanks as underscores)."""
    form = form_with(page, words)
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    data |= {labelled(form, label.replace("_", " ")): value for label, value in typed.items()}
    return desk.post(form["action"], data=data)


def read(answer: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def names(desk: Browser, query: str = "") -> list[str]:
    """The claims' names in the queue, from top to bottom."""
    page = desk.page(f"/review{query}")
    return [row.find("a").get_text() for row in page.select("tbody tr")]
