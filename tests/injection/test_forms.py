"""Whatever is typed into whichever form: the mails that come of it have no other headers, recipients and parts.

Each run fills every form of partner, reviewer, administrator and customer with the same words, lets the outbox go
out, and compares each mail, as bytes, with the one that harmless words make.
"""

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import chain

import pytest
import redis
from bs4 import BeautifulSoup
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web.config import Settings
from cpor_web.emails.catalogue import KINDS
from cpor_web.extensions import limiter
from tests.injection.story import Sent, SignIn, Story
from tests.support.rows import empty

MARK = "Zq7"
BCC, LINK, PART = "Bcc: mallory@evil.example.org", "https://evil.example.org/phish", "Content-Type: text/html"
BREAKS = {
    "ends of lines": ["\r", "\n", "\r\n", "\r\n ", "\n\n", "\r\n--=_0123456789abcdef01234567--\r\n", "\r\n.\r\n"],
    "controls": ["\0", "\v", "\f", "\x1c\x1d\x1e", "\x85", "\x7f"],
    "Unicode's ends of lines and paragraphs": ["\u2028", "\u2029"],
    "lone surrogates": ["\ud800", "\udc0a\ud83d"],
    "what turns text around or hides it": [
        "\u202e",
        "\u2066",
        "\u2069",
        "\u200f",
        "\u200e",
        "\u061c",
        "\ufeff",
        "\xad",
    ],
    "what is decoded later": ["=?utf-8?q?=0d=0a?=", "%0d%0a", "=0D=0A", "&#13;&#10;", "\\r\\n", "</p><img src=x>"],
}
"""What could end a line, a header or a part, or turn one around. Of one kind together: some fields refuse a kind."""

NOT_TYPED = {"closing-held", "overdue-digest", "partner-reminder", "not-delivered", "assessment-result"} | {
    "competing-associations",
    "consent-period-passed",
    "security-notice",
    "confirmation-request",
    "yes-confirmation",
}
"""Mails for which time has to pass, something has to break or an account to change. They carry the same facts as
those that come, and tests/emails/test_injection.py writes every kind.
"""

Tell = Callable[[str], list[Sent]]


@pytest.fixture(scope="module")
def tell(app: Flask, engine: Engine, settings: Settings, module_sign_in: SignIn) -> Tell:
    """Runs the story with some words, and returns the mails that came of it."""

    def run(typed: str) -> list[Sent]:
        limiter.reset()
        try:
            with Session(engine, expire_on_commit=False) as session:
                story = Story(app, session, module_sign_in, typed)
                story.run()
                return story.mails
        finally:
            empty(engine)
            limiter.reset()
            with redis.Redis.from_url(settings.redis_url) as bell:
                bell.flushdb()

    return run


@pytest.fixture(scope="module")
def harmless(tell: Tell) -> list[Sent]:
    """The mails that come where people type words and no more."""
    return tell(f" {MARK} and more")


def read(raw: bytes) -> EmailMessage:
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return message_from_bytes(raw, EmailMessage, policy=policy.default)


def shape(mail: EmailMessage) -> Iterator[object]:
    """Yield what of a mail must not depend on what was typed."""
    yield mail.keys()
    yield mail.get_content_type(), [part.get_content_type() for part in mail.walk()], mail.preamble, mail.epilogue
    yield [(part.keys(), part.defects) for part in mail.walk()]
    yield [len(mail[header].addresses) for header in ("From", "To", "Reply-To")]
    yield mail["From"].addresses[0].addr_spec, mail["Reply-To"].addresses[0].addr_spec
    text, html = (part.get_content() for part in mail.iter_parts())
    page = BeautifulSoup(html, "html.parser")
    yield [re.sub(r"/\w+/\S+", "/…", url) for url in re.findall(r"\w+://\S+", text)]
    yield [
        tag.name for tag in page(["a", "img", "script", "iframe", "form", "svg", "object", "style", "meta", "link"])
    ]
    yield not any("evil" in str(tag.attrs) for tag in page(True))


def check(told: list[Sent], harmless: list[Sent]) -> None:
    """Fail unless the same mails came, each to its one recipient and in the same shape."""
    assert [mail.kind for mail in told] == [mail.kind for mail in harmless]
    for mail, plain in zip(told, harmless, strict=True):
        found = read(mail.raw)
        assert [each.addr_spec for each in found["To"].addresses] == [mail.to]
        assert list(shape(found)) == list(shape(read(plain.raw))), f"{mail.kind}:\n{found}"


@pytest.mark.parametrize("kind", BREAKS)
def test_a_break_in_every_field_of_every_form_changes_no_mail(tell: Tell, harmless: list[Sent], kind: str) -> None:
    headers = "".join(f"{each}{BCC}{each}{PART}{each}{each}{LINK}" for each in BREAKS[kind])
    check(tell(f" {MARK}{headers}"), harmless)


@pytest.mark.hypothesis
@hypothesis_settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(
    pieces=st.lists(
        st.sampled_from([BCC, LINK, PART, *chain.from_iterable(BREAKS.values())]) | st.text(max_size=9), max_size=9
    )
)
def test_no_words_in_any_field_of_any_form_change_a_mail(tell: Tell, harmless: list[Sent], pieces: list[str]) -> None:
    check(tell(f" {MARK}{''.join(pieces)}"), harmless)


def test_the_words_come_into_every_kind_of_mail_that_people_can_bring_about(
    harmless: list[Sent],
) -> None:
    words = {mail.kind: [read(mail.raw)["To"], *map(str, read(mail.raw).iter_parts())] for mail in harmless}

    assert set(words) == set(KINDS) - NOT_TYPED
    assert [kind for kind, said in words.items() if not any(MARK in each for each in said)] == []
