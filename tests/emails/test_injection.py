"""Whatever people typed, in whichever field and whichever mail: no header, recipient, part or link comes of it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpor_web.config import Settings
from cpor_web.emails.catalogue import ASKS, KINDS
from cpor_web.emails.composing import Composer
from cpor_web.emails.links import Signers
from cpor_web.emails.rendering import Renderer
from cpor_web.models import Invitation, Mail
from cpor_web.programme import Programme
from cpor_web.samples.mails import SPECIMENS, kind_of

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
OURS = {"operator", "programme", "guide_url", "reference", "way", "state", "role", "failed_kind", "reason", "detail"}
"""Facts that nobody types, as are moments: what the operator set, and words from our lists."""

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")
BREAKS = ["\r", "\n", "\r\n", "\0", "\x0b", "\x85", "\u2028", "\u2029", "\u202e", "=?utf-8?q?=0d=0a?="]
HEADER = "Bcc: mallory@evil.example.org"
LINK = "https://evil.example.org/phish"

programme = Programme.from_settings(Settings(public_url="https://cpor.vendor.example.com"))
signers = Signers(["a key of the tests that is long enough"], programme.public_url)
composer = Composer(programme, signers, Renderer("Europe/Berlin"), lambda _: f"{programme.public_url}/reset/x")
typed_words = st.lists(
    st.sampled_from([*BREAKS, HEADER, LINK, "a", " ", "<b>", "--=_0123456789abcdef01234567--"]) | st.text(),
    max_size=12,
)


def is_typed(value: object) -> bool:
    return isinstance(value, str) and not MOMENT.match(value)


def with_typed(context: dict[str, Any], typed: str) -> dict[str, Any]:
    """The facts of a mail, with the same words in everything that people type."""
    changed = {key: typed for key, value in context.items() if key not in OURS and is_typed(value)}
    asks = [{**ask, "words": typed} for ask in context.get("asks", [])]
    claims = [{**claim, "name": typed} for claim in context.get("claims", [])]
    products = [typed for _ in context.get("products", [])]
    lists = {"asks": asks, "claims": claims, "products": products}
    return {**context, **changed, **{key: value for key, value in lists.items() if key in context}}


def composed(name: str, context: dict[str, Any], to_name: str, by: Composer = composer) -> bytes:
    mail = Mail(
        kind=kind_of(name),
        to_address="jamie.doe@adatum.example.org",
        to_name=to_name,
        language="de",
        context=context,
        message_id="<0123456789abcdef@vendor.example.com>",
        boundary="0123456789abcdef01234567",
        dated_at=NOW,
    )
    return by.compose(mail, Invitation(link_id=b"0123456789abcdef", printed_end=NOW + timedelta(days=7)))


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, EmailMessage, policy=policy.default)


def links_of(mail: EmailMessage) -> tuple[list[str], list[str]]:
    text, html = (part.get_content() for part in mail.iter_parts())
    page = BeautifulSoup(html, "html.parser")
    assert not page(["img", "script", "iframe", "form", "svg", "object"])
    return re.findall(r"\w+://\S+", text), [str(link["href"]) for link in page("a")]


@pytest.mark.parametrize("name", SPECIMENS)
@settings(max_examples=8, deadline=None)
@given(pieces=typed_words)
@example(pieces=[f"x{end}{HEADER}{end}{end}{LINK}" for end in BREAKS])
def test_no_typed_word_adds_a_header_a_recipient_a_part_or_a_link(name: str, pieces: list[str]) -> None:
    typed, context = "".join(pieces), SPECIMENS[name][0]
    plain = read(composed(name, context, "Jamie Doe"))
    mail = read(composed(name, with_typed(context, typed), typed))

    assert mail.keys() == plain.keys()
    assert [each.addr_spec for each in mail["To"].addresses] == ["jamie.doe@adatum.example.org"]
    assert [each.addr_spec for each in mail["From"].addresses] == [programme.mail_from]
    assert [part.get_content_type() for part in mail.walk()] == [part.get_content_type() for part in plain.walk()]
    assert links_of(mail) == links_of(plain)


def test_the_typed_words_reach_every_kind_of_mail_to_which_people_type() -> None:
    untouched = {name for name, (context, _) in SPECIMENS.items() if with_typed(context, "Zzz") == context}

    assert {kind_of(name) for name in untouched} == {"password-reset", "closing-held"}


@pytest.mark.parametrize("length", [29, 76, 120])
@pytest.mark.parametrize("kind", KINDS)
def test_both_one_click_headers_stand_on_one_line_each_or_neither_does(kind: str, length: int) -> None:
    public_url = "https://cpor.vendor.example.com/".ljust(length, "a")[:length].rstrip("/")
    far = replace(programme, public_url=public_url)
    by = replace(composer, programme=far, signers=Signers(["a key of the tests that is long enough"], public_url))
    off = replace(by, programme=replace(far, one_click=False))
    url = re.escape(public_url.encode())

    found = re.findall(rb"^List-Unsubscribe.*$", composed(kind, SPECIMENS[kind][0], "Jamie Doe", by), re.MULTILINE)

    if kind in ASKS:
        first, second = found
        assert re.fullmatch(rb"List-Unsubscribe: <" + url + rb"/o/[A-Za-z0-9_~-]{45}>\r", first)
        assert second == b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r"
    else:
        assert not found
    assert b"List-Unsubscribe" not in composed(kind, SPECIMENS[kind][0], "Jamie Doe", off)
