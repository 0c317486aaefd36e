from __future__ import annotations

import email
import email.policy
import re
import string
from email.header import Header
from email.message import EmailMessage
from email.mime.text import MIMEText
from email.policy import EmailPolicy

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consent_links import (
    HEADER_POLICY,
    URL_LIMIT,
    HeaderUnsafe,
    LinkSigner,
    LinkTooLong,
    is_one_click,
    one_click_headers,
)

PREFIX = "https://claims.example.org/o/"
TOKEN = LinkSigner(["k" * 32], purpose="header").sign(bytes(range(16)))
ALLOWED = string.ascii_letters + string.digits + "-._~:/?[]@!$&'()*+,;=%"
paths = st.text(ALLOWED, max_size=120 - len(PREFIX)).filter(lambda path: "=?" not in path)


def url_of(length: int) -> str:
    return PREFIX + "a" * (length - len(PREFIX))


def serialized(url: str, policy: EmailPolicy[EmailMessage] = HEADER_POLICY) -> bytes:
    message = EmailMessage(policy=policy)
    message["Subject"] = "Ein Partner gibt an, für Sie zu arbeiten"
    message["To"] = "Änne Müller <anne@adatum.example.org>"
    for name, value in one_click_headers(url).items():
        message[name] = value
    message.set_content("Grüße\n")
    return message.as_bytes()


def one_line(url: str) -> bytes:
    return f"\r\nList-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode()


def test_both_headers_are_given_with_the_values_of_the_rfc() -> None:
    assert one_click_headers(PREFIX + TOKEN) == {
        "List-Unsubscribe": f"<{PREFIX}{TOKEN}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@settings(deadline=None)
@given(paths)
@example(TOKEN)
@example("a" * 91)
def test_the_header_of_a_url_of_up_to_120_characters_is_one_plain_line(path: str) -> None:
    assert one_line(PREFIX + path) in serialized(PREFIX + path)


@pytest.mark.parametrize("length", [58, 59, 75, 76, 120, 121, URL_LIMIT])
def test_the_header_is_one_plain_line_at_every_edge(length: int) -> None:
    assert one_line(url_of(length)) in serialized(url_of(length))


@pytest.mark.parametrize(("length", "is_broken"), [(58, False), (59, True), (120, True)])
def test_the_standard_policy_breaks_the_line_from_59_characters_on(length: int, is_broken: bool) -> None:
    assert (one_line(url_of(length)) not in serialized(url_of(length), email.policy.SMTP)) is is_broken


@pytest.mark.parametrize("length", [76, 120, URL_LIMIT])
def test_the_header_is_one_plain_line_in_a_message_of_the_older_kind_too(length: int) -> None:
    message = MIMEText("Grüße\n", "plain", "utf-8")
    for name, value in one_click_headers(url_of(length)).items():
        message[name] = value
    message.policy = HEADER_POLICY

    assert one_line(url_of(length)) in message.as_bytes()


def test_a_subject_that_was_encoded_first_keeps_encoded_words_of_the_rfcs_length() -> None:
    subject = "Überprüfung der Zuordnung für größere Umgebungen, " * 5 + "bitte"
    message = MIMEText("", "plain", "utf-8")
    message["Subject"] = Header(subject, "utf-8", maxlinelen=75).encode()
    message.policy = HEADER_POLICY
    raw = message.as_bytes()

    assert max(map(len, re.findall(rb"=\?[^?]*\?.\?[^?]*\?=", raw))) <= 75
    assert email.message_from_bytes(raw, policy=HEADER_POLICY)["Subject"] == subject


@pytest.mark.parametrize(
    "url",
    [
        "",
        PREFIX + "a\r\nBcc: eve@example.com",
        PREFIX + "a\n",
        PREFIX + "a\r",
        "\n" + PREFIX,
        PREFIX + "a b",
        PREFIX + "a\tb",
        PREFIX + "a\0b",
        PREFIX + "a\u2028b",
        PREFIX + "ä",
        "https://bücher.example.org/",
        PREFIX + "a>, <mailto:eve@example.com",
        PREFIX + "<a",
        PREFIX + '"a',
        PREFIX + "\\a",
        PREFIX + "#" + TOKEN,
        PREFIX + "?a=?utf-8?q?abc?=",
        "http://claims.example.org/o/a",
        "mailto:leave@example.org",
        "//claims.example.org/o/a",
        "/o/a",
        "https:///o/a",
        "https:claims.example.org",
        "https://[::1/o/a",
        "https://:443/o/a",
    ],
)
def test_a_url_that_a_header_cannot_hold_is_refused(url: str) -> None:
    with pytest.raises(HeaderUnsafe):
        one_click_headers(url)


@given(paths, st.characters().filter(lambda c: c not in ALLOWED), st.integers(0, 120))
def test_any_other_character_anywhere_is_refused(path: str, character: str, place: int) -> None:
    url = PREFIX + path
    with pytest.raises(HeaderUnsafe):
        one_click_headers(url[:place] + character + url[place:])


def test_http_is_accepted_only_when_allowed() -> None:
    url = "http://localhost:8000/o/" + TOKEN

    assert one_click_headers(url, allow_http=True)["List-Unsubscribe"] == f"<{url}>"
    with pytest.raises(HeaderUnsafe, match="not https"):
        one_click_headers(url)
    with pytest.raises(HeaderUnsafe, match="not https"):
        one_click_headers("ftp://localhost/o/", allow_http=True)


def test_a_url_that_fills_more_than_a_line_is_refused() -> None:
    with pytest.raises(LinkTooLong) as caught:
        one_click_headers(url_of(URL_LIMIT + 1))
    assert (caught.value.length, caught.value.limit) == (979, 978)
    assert str(caught.value) == "a URL of 979 characters does not fit on one header line; 978 do"


def test_no_error_shows_the_url() -> None:
    for url in (PREFIX + TOKEN + "\n", PREFIX + TOKEN + "a" * 1000, "http" + (PREFIX + TOKEN)[5:]):
        with pytest.raises((HeaderUnsafe, LinkTooLong)) as caught:
            one_click_headers(url)
        assert TOKEN not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    ("form", "is_click"),
    [
        ({"List-Unsubscribe": "One-Click"}, True),
        ({"List-Unsubscribe": "One-Click", "more": "fields"}, True),
        ({}, False),
        ({"List-Unsubscribe": ""}, False),
        ({"List-Unsubscribe": "one-click"}, False),
        ({"List-Unsubscribe": "Two-Clicks"}, False),
        ({"list-unsubscribe": "One-Click"}, False),
        ({"List-Unsubscribe=One-Click": ""}, False),
    ],
)
def test_only_the_pair_of_the_rfc_is_one_click(form: dict[str, str], is_click: bool) -> None:
    assert is_one_click(form) is is_click
