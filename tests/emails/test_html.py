"""The HTML of every mail, in every language: simple enough for every mail program, and nothing from elsewhere."""

import re
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

from cpor_web.emails.rendering import BILINGUAL, Renderer
from cpor_web.rules.languages import LANGUAGES
from cpor_web.samples.mails import LINKS, SPECIMENS, kind_of

OURS = {urlsplit(url).hostname for url in LINKS.values()}
FETCHES = {"src", "srcset", "background", "poster", "data", "action", "ping", "cite", "longdesc", "xlink:href"}
"""Attributes that make a mail program ask somebody for something."""

renderer = Renderer("Europe/Berlin")
EVERY = [(name, language) for name in SPECIMENS for language in LANGUAGES]


def html_of(name: str, language: str) -> str:
    context, links = SPECIMENS[name]
    return renderer.render(kind_of(name), context, language=language, links={**LINKS, **links}).html


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_nothing_is_fetched_and_nobody_is_tracked(name: str, language: str) -> None:
    html = html_of(name, language)
    page = BeautifulSoup(html, "html.parser")

    assert not [(tag.name, key) for tag in page(True) for key in tag.attrs if key in FETCHES or key.startswith("on")]
    assert not re.search(r"url\(|@import|@font-face|expression\(|javascript:|data:", html)
    for link in page("a"):
        address = urlsplit(str(link["href"]))
        assert (address.scheme, address.hostname in OURS) == ("https", True)
        assert not address.query, "a query string could tell who opened it"
        assert not address.fragment


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_each_language_is_marked_as_such_and_says_its_direction(name: str, language: str) -> None:
    page = BeautifulSoup(html_of(name, language), "html.parser")
    expected = [language, "en"] if kind_of(name) in BILINGUAL and language != "en" else [language]
    parts = page.select("div.mail > div")

    assert page.html
    assert (page.html["lang"], page.html["dir"]) == (language, "ltr")
    assert [(part["lang"], part["dir"]) for part in parts] == [(each, "ltr") for each in expected]
    assert [len(part("h1")) for part in parts] == [1] * len(parts)
    assert all(quotation["dir"] == "auto" for quotation in page("blockquote")), "whose language is not known"


@pytest.mark.parametrize("name", SPECIMENS)
def test_tables_are_for_looks_alone_and_say_so(name: str) -> None:
    page = BeautifulSoup(html_of(name, "en"), "html.parser")

    assert {table["role"] for table in page("table")} <= {"presentation"}
    assert not page(["th", "caption", "thead"])


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_button_is_a_link_whose_address_stands_below_it(name: str) -> None:
    page = BeautifulSoup(html_of(name, "en"), "html.parser")

    for button in page.select("td.cell > a.button"):
        below = button.find_next("p", class_="url")
        assert below
        assert below.get_text() == button["href"]
    assert len(page.select("a.button")) == len(page.select("td.cell[bgcolor] > a.button"))


@pytest.mark.parametrize("name", SPECIMENS)
def test_what_a_dark_or_narrow_window_needs_survives_the_inlining(name: str) -> None:
    html = html_of(name, "en")
    page = BeautifulSoup(html, "html.parser")
    styles = " ".join(style.get_text() for style in page("style"))

    assert {meta["content"] for meta in page("meta", attrs={"name": "color-scheme"})} == {"light dark"}
    assert re.search(r"prefers-color-scheme: dark\) \{[^}]*\.cell \{[^}]*!important", styles)
    assert re.search(r"max-width: 480px\) \{[^}]*\.mail \{[^}]*!important", styles)
    assert "<!--[if mso]><style>" in html
    # Elsewhere no colour is set: the window's own are read by day and by night.
    assert not [tag for tag in page.select("[style*='color:']") if "button" not in str(tag) and tag.name != "html"]


def test_a_reference_is_not_broken_over_two_lines() -> None:
    page = BeautifulSoup(html_of("review-started", "en"), "html.parser")

    assert [each.get_text() for each in page.select("h1 > span.whole")] == ["K7QM-2RXD"]


@pytest.mark.parametrize("typed", ["<b>K7QM-2RXD</b>", "A & B", "K7QM-2RXD <script>"])
def test_a_heading_with_a_reference_is_as_inert_as_without(typed: str) -> None:
    context, links = SPECIMENS["review-started"]
    words = renderer.render("review-started", {**context, "customer": typed}, language="en", links={**LINKS, **links})
    page = BeautifulSoup(words.html, "html.parser")

    assert page.h1
    assert page.h1.get_text() == words.subject
    assert {tag.name for tag in page.h1(True)} == {"span"}
