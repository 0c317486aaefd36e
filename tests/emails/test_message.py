"""The bytes of a mail: the same for the same words, and nothing that a person types adds to their structure."""

from __future__ import annotations

import email.policy
import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cpor_web.addresses import UnsupportedAddress
from cpor_web.emails.message import UnsafeHeader, build

MAIL: dict[str, Any] = {
    "sender": "cpor@contoso.example.com",
    "sender_name": "Contoso Partner Programme",
    "to": "anna@fabrikam.example.org",
    "to_name": "Anna Berg",
    "reply_to": "replies@contoso.example.com",
    "subject": "A partner says that they work with you",
    "text": "Hello Anna,\n\nplease read this.\n",
    "html": "<p>Hello Anna,</p>\n<p>please read this.</p>\n",
    "message_id": "<4f1c@contoso.example.com>",
    "date": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    "boundary": "0123456789abcdef",
    "headers": {},
}
OWN_HEADERS = [
    "MIME-Version",
    "Content-Type",
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
]
# What would decode to a line break and a header of its own in a program that decodes before it writes.
SMUGGLED = "=?utf-8?q?Adatum=0ABcc:_eve@example.org?="
typed = st.text(max_size=120) | st.lists(
    st.sampled_from(
        [*'\r\n\0\x0b\x0c\x85\u2028\u2029\u202e,;:<>"\\@ =?_.()äß한🙂', SMUGGLED, "Bcc: eve@example.org", "--=_"]
    ),
    max_size=12,
).map("".join)


def written(**changes: Any) -> bytes:
    return build(**{**MAIL, **changes})


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, EmailMessage, policy=email.policy.default)


def decoded(value: str) -> str:
    return str(make_header(decode_header(value)))


def words(part: Message) -> str:
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


def lines_of(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


def header_lines(raw: bytes, name: str) -> list[bytes]:
    head = raw.partition(b"\r\n\r\n")[0]
    return [line for line in re.split(rb"\r\n(?![ \t])", head) if line.startswith(name.encode() + b":")]


def test_the_same_words_give_the_same_bytes() -> None:
    assert written() == written()


@pytest.mark.parametrize("changed", ["text", "html", "subject", "message_id", "date", "boundary", "to"])
def test_other_words_give_other_bytes(changed: str) -> None:
    others = {
        "message_id": "<5a2d@contoso.example.com>",
        "date": datetime(2026, 3, 3, tzinfo=UTC),
        "boundary": "fedcba9876543210",
        "to": "other@fabrikam.example.org",
    }
    assert written(**{changed: others.get(changed, "other")}) != written()


def test_the_plain_text_comes_first_and_the_html_is_its_alternative() -> None:
    mail = read(written(text="Grüße an Anna\n", html="<p>Grüße an <b>Anna</b></p>\n"))
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert (text.get_content_type(), text.get_content_charset()) == ("text/plain", "utf-8")
    assert (html.get_content_type(), html.get_content_charset()) == ("text/html", "utf-8")
    assert words(text) == "Grüße an Anna\r\n"
    assert words(html) == "<p>Grüße an <b>Anna</b></p>\r\n"


def test_an_out_of_office_reply_is_not_asked_for_but_a_bounce_is_not_suppressed() -> None:
    mail = read(written())
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "RN, NRN"


def test_the_date_is_written_with_its_zone() -> None:
    summer = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert read(written(date=summer))["Date"] == "Wed, 01 Jul 2026 12:00:00 +0200"
    with pytest.raises(ValueError, match="aware"):
        written(date=datetime(2026, 7, 1, 12, 0))  # noqa: DTZ001 - that it is naive is the point


@pytest.mark.parametrize(
    "name",
    [
        "Adatum, Nord",
        'The "Adatum" Company',
        "Müller, Söhne & Co.",
        "Back\\slash (and comment)",
        "한국 파트너",
        "Åse " * 40 + "end",
        "x" * 600,
        SMUGGLED,
        "someone@else.example.org",
    ],
)
def test_a_senders_name_is_read_as_it_was_given(name: str) -> None:
    raw = written(sender_name=name)
    phrase, address = parseaddr(header_lines(raw, "From")[0].decode().partition(": ")[2].replace("\r\n", ""))
    assert address == MAIL["sender"]
    assert decoded(phrase) == name


def test_a_name_may_be_empty() -> None:
    assert read(written(to_name=""))["To"] == "anna@fabrikam.example.org"


@pytest.mark.parametrize("length", [76, 120, 200])
def test_list_unsubscribe_stays_one_unfolded_unencoded_line(length: int) -> None:
    url = "https://partners.example.org/o/".ljust(length, "a")
    headers = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    lines = written(headers=headers).split(b"\r\n")
    assert f"List-Unsubscribe: <{url}>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


def test_a_link_of_75_characters_stands_unbroken_on_its_line() -> None:
    link = "https://p.example.org/d/".ljust(75, "a")
    lines = written(text=f"Deny:\n{link}\nThank you\n").split(b"\r\n")
    assert link.encode() in lines


@pytest.mark.parametrize(
    "break_", ["\r", "\n", "\r\n", "\0", "\x0b", "\x0c", "\x1b", "\x85", "\u2028", "\u2029", "\ud800"]
)
@pytest.mark.parametrize("field", ["sender_name", "to_name", "subject", "sender", "to", "reply_to", "message_id"])
def test_a_control_character_in_a_header_is_refused_by_name(field: str, break_: str) -> None:
    value = MAIL[field][:-1] + break_ + "Bcc: eve@example.org" + MAIL[field][-1:]
    with pytest.raises(UnsafeHeader) as caught:
        written(**{field: value})
    assert caught.value.value == value
    assert "eve@" not in str(caught.value)


@pytest.mark.parametrize(
    "headers",
    [
        {"List-Unsubscribe": "<https://a.example.org>\r\nBcc: eve@example.org"},
        {"List-Unsubscribe": "<https://ä.example.org>"},
        {"X-Empty": ""},
        {"X-Spaces": "   "},
        {"X-Long": "a" * 1000},
        {"X-Name: x\r\nBcc": "eve@example.org"},
        {"Bcc ": "eve@example.org"},
        {"subject": "a second one"},
        {"Content-Transfer-Encoding\n": "8bit"},
    ],
)
def test_a_further_header_that_would_not_stand_as_it_is_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(UnsafeHeader):
        written(headers=headers)


@pytest.mark.parametrize("boundary", ["", "short", "has space 123", "a" * 61, 'quote"quote', "new\r\nline12"])
def test_a_boundary_of_another_form_is_refused(boundary: str) -> None:
    with pytest.raises(UnsafeHeader):
        written(boundary=boundary)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@example.org",
        "a@b@example.org",
        "a b@example.org",
        "<a@example.org>",
        "a@example.org>",
        "a@example.org, b@example.org",
        '"a b"@example.org',
        "änna@example.org",
        "a@exa\u00admple..org",
    ],
)
def test_an_address_that_no_header_can_hold_is_refused(address: str) -> None:
    with pytest.raises(UnsupportedAddress) as caught:
        written(to=address)
    assert caught.value.address == address
    assert str(caught.value) == "not a mail address that we can write to"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_domain_beyond_ascii_is_written_in_its_ascii_form() -> None:
    assert read(written(to="anna@straße.example.org"))["To"].addresses[0].domain == "xn--strae-oqa.example.org"


def structure(mail: Message) -> list[str]:
    parts = [part.get_content_type() for part in mail.walk()]
    return [*mail.keys(), *parts]


@given(sender_name=typed, to_name=typed, subject=typed)
@example(sender_name=SMUGGLED, to_name=SMUGGLED, subject=SMUGGLED)
@example(sender_name="a" * 1200, to_name=" ", subject="ä\u3000" * 200)
def test_no_typed_name_or_subject_adds_a_header(sender_name: str, to_name: str, subject: str) -> None:
    try:
        raw = written(sender_name=sender_name, to_name=to_name, subject=subject)
    except UnsafeHeader:
        return
    mail = message_from_bytes(raw)
    assert structure(mail) == [*OWN_HEADERS, "multipart/alternative", "text/plain", "text/html"]
    assert parseaddr(mail["To"].replace("\r\n", ""))[1] == MAIL["to"]
    assert parseaddr(mail["From"].replace("\r\n", ""))[1] == MAIL["sender"]
    assert decoded(mail["Subject"].replace("\r\n", "")) == " ".join(subject.split())


@given(
    to=typed.map(lambda t: t + "@example.org") | st.emails() | typed,
    reply_to=typed.map(lambda t: f"anna@{t}"),
)
def test_no_typed_address_adds_a_header_or_a_recipient(to: str, reply_to: str) -> None:
    try:
        raw = written(to=to, reply_to=reply_to)
    except (UnsafeHeader, UnsupportedAddress):
        return
    mail = read(raw)
    assert mail.keys() == OWN_HEADERS
    assert len(mail["To"].addresses) == 1
    assert len(mail["Reply-To"].addresses) == 1


@given(text=st.text(max_size=400) | typed, html=st.text(max_size=400) | typed)
@example(
    text="--=_0123456789abcdef--\nContent-Type: text/html\n\nsmuggled", html="\r\n.\r\nMAIL FROM:<eve@example.org>"
)
@example(text="--0123456789abcdef--", html="--0123456789abcdef\n\n<p>smuggled")
@example(text="x" * 5000, html="ä" * 3000 + " \n \t")
def test_no_typed_words_add_a_body_part_or_a_line_that_a_server_refuses(text: str, html: str) -> None:
    try:
        raw = written(text=text, html=html)
    except UnicodeEncodeError:
        assert any("\ud800" <= c <= "\udfff" for c in text + html)
        return
    assert raw.isascii()
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 76
    mail = message_from_bytes(raw)
    assert structure(mail) == [*OWN_HEADERS, "multipart/alternative", "text/plain", "text/html"]
    for part, given_words in zip(list(mail.walk())[1:], (text, html), strict=True):
        assert lines_of(words(part)) == lines_of(given_words)
