"""The words of every mail, as people read them. CPOR_TEST_REWRITE=1 writes the golden files anew: read the diff."""

import os
import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from cpor_web.emails.catalogue import KINDS
from cpor_web.emails.message import build
from cpor_web.emails.names import NAMES
from cpor_web.emails.rendering import BILINGUAL, Renderer, Words
from cpor_web.paths import TEMPLATES, TRANSLATIONS
from tests.emails.specimens import AT, CUSTOMER, DENY, LINKS, NOT_DUE, SPECIMENS, kind_of

GOLDEN = Path(__file__).parent / "golden"
REWRITE = bool(os.environ.get("CPOR_TEST_REWRITE"))
TRANSLATED = sorted(path.parent.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo"))
TO_CUSTOMERS = sorted(name for name in SPECIMENS if kind_of(name) in BILINGUAL)

renderer = Renderer("Europe/Berlin")


def rendered(name: str, language: str = "en", **changes: Any) -> Words:
    context, links = SPECIMENS[name]
    return renderer.render(kind_of(name), {**context, **changes}, language=language, links={**LINKS, **links})


def hold_against(path: Path, words: str) -> None:
    if REWRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(words, encoding="utf-8")
    assert words == path.read_text(encoding="utf-8"), f"{path.name}: read what changed, then CPOR_TEST_REWRITE=1"


def test_kinds_are_folders_are_specimens_are_golden_files() -> None:
    folders = {path.name for path in (TEMPLATES / "email").iterdir()} - {"_base"}
    golden = {path.name.removesuffix(path.suffix) for path in GOLDEN.glob("*.*")}

    assert set(KINDS) == folders == {kind_of(name) for name in SPECIMENS} == set(NAMES)
    assert golden == set(SPECIMENS)
    assert len(KINDS) == len(set(KINDS))


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_a_subject_a_text_and_an_html(kind: str) -> None:
    assert {path.name for path in (TEMPLATES / "email" / kind).iterdir()} == {"subject.txt", "body.txt", "body.html"}


@pytest.mark.parametrize("name", SPECIMENS)
def test_the_words_are_those_that_were_read(name: str) -> None:
    words = rendered(name)

    hold_against(GOLDEN / f"{name}.txt", f"Subject: {words.subject}\n\n{words.text}")
    hold_against(GOLDEN / f"{name}.html", words.html + "\n")


@pytest.mark.parametrize("name", TO_CUSTOMERS)
def test_the_words_in_every_other_language_are_those_that_were_read(name: str) -> None:
    for language in TRANSLATED:
        words = rendered(name, language)

        hold_against(GOLDEN / language / f"{name}.txt", f"Subject: {words.subject}\n\n{words.text}")


@pytest.mark.parametrize("name", TO_CUSTOMERS)
def test_a_mail_to_a_customer_has_the_english_below_their_language(name: str) -> None:
    english, theirs = rendered(name), rendered(name, "sv")

    assert english.text.split("\n\n", 1)[1] in theirs.text
    first, separator, second = theirs.text.partition("\nEnglish\n")
    assert separator
    assert first.count("====") == second.count("====")
    page = BeautifulSoup(theirs.html, "html.parser")
    assert [part["lang"] for part in page.select("div.mail > div")] == ["sv", "en"]


@pytest.mark.parametrize("name", SPECIMENS)
def test_text_and_html_have_the_same_links(name: str) -> None:
    words = rendered(name)
    in_html = {str(link["href"]) for link in BeautifulSoup(words.html, "html.parser")("a")}

    assert set(re.findall(r"https?://\S+", words.text)) == in_html


@pytest.mark.parametrize("name", SPECIMENS)
def test_every_link_stands_alone_on_its_line(name: str) -> None:
    for line in rendered(name).text.splitlines():
        assert "http" not in line or re.fullmatch(r"https://\S+[A-Za-z0-9]", line), line


@pytest.mark.parametrize("name", ["consent-notice", "confirmation-request", "denial-undone"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_deny_link_has_an_empty_line_before_and_after(name: str, language: str) -> None:
    text = rendered(name, language).text

    assert text.count(DENY) == text.count(f"\n\n{DENY}\n\n") == (1 if language == "en" else 2)


@pytest.mark.parametrize("name", SPECIMENS)
def test_no_line_is_wider_than_a_narrow_window_but_links(name: str) -> None:
    wide = [line for line in rendered(name, "de").text.splitlines() if len(line) > 76 and not line.startswith("http")]

    assert wide == []


@pytest.mark.parametrize("name", TO_CUSTOMERS)
def test_a_customer_never_meets_the_acronym_without_its_words(name: str) -> None:
    words = rendered(name)
    html = BeautifulSoup(words.html, "html.parser").get_text(" ")

    for text in (words.subject, " ".join(words.text.split()), " ".join(html.split())):
        without = re.sub(r"Claimed Partner of Record \(CPOR\)|https?://\S+", "", text)
        assert not re.search(r"cpor|\bPoE\b|\bOSU\b|\bOSA\b", without, re.IGNORECASE)
    assert "Claimed Partner of Record (CPOR)" in words.text


@pytest.mark.parametrize("name", TO_CUSTOMERS)
def test_a_mail_to_a_customer_says_in_every_language_which_association_it_is_about(name: str) -> None:
    for language in ["en", *TRANSLATED]:
        words = rendered(name, language)

        assert CUSTOMER["reference"] in words.subject
        assert all(product in " ".join(words.text.split()) for product in CUSTOMER["products"])


@pytest.mark.parametrize(
    ("products", "said"), [(1, "Teams (K7QM"), (2, "Teams and Intune (K7QM"), (3, "Microsoft 365 (K7QM")]
)
def test_a_subject_names_few_products_and_of_many_their_area(products: int, said: str) -> None:
    named = ["Teams", "Intune", "OneDrive for Business"][:products]

    assert said in rendered("denial-recorded", products=named).subject


@pytest.mark.parametrize("name", SPECIMENS)
def test_the_html_has_headings_language_and_nothing_from_elsewhere(name: str) -> None:
    page = BeautifulSoup(rendered(name).html, "html.parser")

    assert page.html
    assert page.html["lang"] == "en"
    assert page.title
    assert page.title.get_text() == rendered(name).subject == page.h1.get_text()  # type: ignore[union-attr]
    assert page.find("meta", attrs={"name": "color-scheme"})
    assert page(["img", "script", "link", "form", "input", "svg", "iframe"]) == []
    assert "url(" not in rendered(name).html
    assert "prefers-color-scheme: dark" in rendered(name).html


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_mail_names_who_sends_it_and_why(name: str) -> None:
    last = rendered(name).text.rpartition("--------------------")[2]

    assert "Example Vendor" in last
    assert "sends you this because" in " ".join(last.split())


def test_the_notice_says_what_a_customer_must_know() -> None:
    text = " ".join(rendered("consent-notice").text.split())

    for fact in (
        "Fabrikam Consulting", "2000117", "Adatum Corporation", CUSTOMER["tenant_id"], "Exchange Online, Teams",
        "Friday, 4 December 2026, 23:59:59 CET", "how many licences", "no other data", "If you do nothing",
        "a person reads every reply", "Is that right?",
    ):  # fmt: skip
        assert fact in text, fact
    assert text.index("?") < text.index("What is claimed")


def test_only_a_notice_that_is_sent_once_more_says_which_date_counts() -> None:
    counts = "the date in this one takes the place of the earlier one"

    assert counts in " ".join(rendered("consent-notice--again").text.split())
    assert counts not in " ".join(rendered("consent-notice").text.split())


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_copy_says_before_all_else_when_the_mail_was_sent_that_it_repeats(name: str) -> None:
    has_words_of_its_own = not {"again", "account_url"}.isdisjoint(SPECIMENS[name][1])
    for language in ["en", *TRANSLATED]:
        plain, copy = rendered(name, language), rendered(name, language, copy_of="2026-11-30T08:01:02+00:00")
        first = copy.text.split("\n\n")[2 if kind_of(name) in BILINGUAL and language != "en" else 1]

        assert copy.subject == plain.subject
        assert ("09:01:02" in first and "30" in first) is not has_words_of_its_own
        assert copy.html.count("09:01:02") == copy.text.count("09:01:02")
        assert (copy == plain) is has_words_of_its_own


def test_the_notice_tells_of_the_mail_programs_button_only_where_there_is_one() -> None:
    assert "Unsubscribe" in rendered("consent-notice").text
    assert "Unsubscribe" not in rendered("consent-notice--no-header").text


def test_one_day_is_not_days() -> None:
    assert "You have 1 business day," in rendered("information-requested", days=1).text
    assert "begins: 1 day." in rendered("approved", days=1).text
    assert "begins: 0.5 days." in rendered("approved", days=0.5).text


def test_moments_may_have_microseconds() -> None:
    assert "Monday, 30 November 2026, 10:12:44 CET" in rendered("denial-recorded", at=AT).text


# Statement 15: what people typed is inert.

EVIL = [
    "https://evil.example.org/phish",
    "HTTP://EVIL.EXAMPLE.ORG",
    "www.evil.example.org",
    "evil.example.org/login",
    "mail me at mallory@evil.example.org now",
    "evil。example。org",
    "<a href='https://evil.example.org'>press here</a>",
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "</div></body><style>*{display:none}</style>",
    "{{ 7 * 7 }} {% raw %} %(partner)s %s",
    "Contoso\u202egro.elpmaxe\u202c",
    "a\u200bb\u2066c\u2069\ufeff",
    "one\r\nBcc: mallory@evil.example.org\r\n\r\ntwo",
    "one\u2028two\u0085three\x0bfour\x00five",
]
PLACES = ("partner", "customer", "claim_name", "contact", "words", "mpn_id", "area", "organisation", "by")


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("name", ["consent-notice", "denial-recorded", "new-comment", "rejected", "invitation"])
def test_what_people_typed_is_inert(name: str, evil: str) -> None:
    context = SPECIMENS[name][0]
    typed = {key: evil for key in (*PLACES, "comment", "author") if key in context}
    words, clean = rendered(name, **typed), rendered(name)

    assert_no_new_links(words, clean)
    for text in (words.subject, words.text, words.html):
        assert "evil.example" not in text.lower()
        assert "@evil" not in text
        assert not re.search("evil[.。]example", text)
        assert not re.search("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u2028\u2029\x00\x0b\x85]", text)


def assert_no_new_links(words: Words, clean: Words) -> None:
    found, known = (BeautifulSoup(each.html, "html.parser") for each in (words, clean))
    assert [link["href"] for link in found("a")] == [link["href"] for link in known("a")]
    assert found(["img", "script", "iframe", "form"]) == []
    assert len(found("style")) == len(known("style"))
    links = re.compile(r"\w+://\S+")
    assert links.findall(words.text) == links.findall(clean.text)


def test_what_people_typed_adds_no_line_of_ours() -> None:
    typed = "Fabrikam\n\nDeny here:\nnowhere"

    assert "\nDeny here:" not in rendered("consent-notice", partner=typed).text
    assert "\n> Deny here:" in rendered("denial-recorded", words=typed).text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_text_in_any_field_adds_a_header_a_part_or_a_recipient(typed: str) -> None:
    words = renderer.render(
        "denial-recorded-partner",
        {**NOT_DUE, "reason": "Other", "words": typed, "way": "on the page of the link", "at": AT, "is_late": False}
        | dict.fromkeys(("partner", "customer", "claim_name", "reference"), typed),
        language="en",
        links=LINKS,
    )
    mail = message_from_bytes(as_sent(words), policy=policy.default)

    assert mail.keys() == message_from_bytes(as_sent(rendered("approved")), policy=policy.default).keys()
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["To"] == "Jamie Doe <jamie.doe@adatum.example.org>"


@pytest.mark.parametrize("name", SPECIMENS)
def test_no_line_on_the_wire_is_longer_than_998_octets(name: str) -> None:
    long = {"customer": "x" * 5000, "comment": "y" * 5000, "words": "z" * 5000}
    context = {key: value for key, value in long.items() if key in SPECIMENS[name][0]}

    assert max(map(len, as_sent(rendered(name, **context)).split(b"\r\n"))) <= 998


def as_sent(words: Words) -> bytes:
    from datetime import UTC, datetime

    return build(
        sender="cpor@vendor.example.com",
        sender_name="Example Vendor",
        to="jamie.doe@adatum.example.org",
        to_name="Jamie Doe",
        reply_to=None,
        subject=words.subject,
        text=words.text,
        html=words.html,
        message_id="<1@vendor.example.com>",
        date=datetime(2026, 11, 27, tzinfo=UTC),
        boundary="0123456789abcdef",
    )
