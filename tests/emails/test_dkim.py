"""Our own signature: others verify it, it covers what it must, and a mail that goes out again is the same mail."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dkim
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.emails.composing import Composer
from cpor_web.emails.dkim import ONE_CLICK, SIGNED, DkimSigner
from cpor_web.emails.message import build
from cpor_web.emails.rendering import Renderer
from cpor_web.keys import dkim as dkim_keys
from cpor_web.models import Mail
from cpor_web.programme import Programme
from tests.emails.test_composing import begun
from tests.support import claims
from tests.support.dkim import dns_of, rsa, write_key

AT = datetime(2025, 11, 27, 9, 30, 15, 999999, tzinfo=UTC)  # past: a signature of the future is none
HEADERS = {
    "List-Unsubscribe": f"<https://cpor.vendor.example.com/o/{'a' * 120}>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


def mail(subject: str = "Is “Fabrikam” your partner? " * 8, headers: dict[str, str] | None = None) -> bytes:
    return build(
        sender="cpor@vendor.example.com",
        sender_name="Example Vendor, Ärzte & Söhne",
        to="anna@adatum.example.org",
        to_name="Anna",
        reply_to="claims@vendor.example.com",
        subject=subject,
        text="Hello\n\n.\nFrom here on  \n" + "ä" * 500,
        html="<p>Hello</p>",
        message_id="<1@vendor.example.com>",
        date=AT,
        boundary="0123456789abcdef",
        headers=HEADERS if headers is None else headers,
    )


@pytest.fixture(scope="module", params=["rsa", "ed25519"])
def signer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DkimSigner:
    file = write_key(tmp_path_factory.mktemp("keys"), rsa(2048) if request.param == "rsa" else None)
    return DkimSigner("vendor.example.com", "cpor", dkim_keys.read(file))


def verifies(signer: DkimSigner, message: bytes) -> bool:
    try:
        return bool(dkim.verify(message, dnsfunc=dns_of({signer.place: signer.key.record})))
    except dkim.DKIMException:
        return False


def tags(message: bytes) -> dict[str, str]:
    """Return the tags of the only signature, without spaces."""
    head = message.partition(b"\r\n\r\n")[0].decode("ascii")
    (value,) = (line for line in re.split(r"\r\n(?=\S)", head) if line.startswith("DKIM-Signature:"))
    pairs = (tag.partition("=") for tag in value.partition(":")[2].split(";"))
    return {name.strip(): "".join(text.split()) for name, _, text in pairs}


def test_others_verify_it(signer: DkimSigner) -> None:
    assert verifies(signer, signer.signed(mail(), AT))


def test_the_mail_itself_is_not_touched(signer: DkimSigner) -> None:
    assert signer.signed(mail(), AT).endswith(b"\r\n" + mail())


def test_it_is_relaxed_and_dated_as_the_mail(signer: DkimSigner) -> None:
    found = tags(signer.signed(mail(), AT))

    assert found["c"] == "relaxed/relaxed"
    assert found["t"] == str(int(AT.timestamp()))
    assert found["a"] == signer.key.algorithm
    assert (found["d"], found["s"]) == ("vendor.example.com", "cpor")
    assert "l" not in found, "a signature over a part of the body lets others add to it"


def test_it_covers_every_header_that_matters_and_from_twice(signer: DkimSigner) -> None:
    covered = tags(signer.signed(mail(), AT))["h"].split(":")

    assert sorted(covered) == sorted(name.lower() for name in (*SIGNED, "From"))
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(covered)


def test_a_mail_without_the_one_click_headers_is_signed_without_them(signer: DkimSigner) -> None:
    signed = signer.signed(mail(headers={}), AT)

    assert verifies(signer, signed)
    assert not {name.lower() for name in ONE_CLICK} & set(tags(signed)["h"].split(":"))


def test_the_same_mail_at_the_same_moment_is_the_same_bytes(signer: DkimSigner) -> None:
    assert signer.signed(mail(), AT) == signer.signed(mail(), AT)
    assert signer.signed(mail(), AT) != signer.signed(mail(), AT + timedelta(seconds=1))


@pytest.mark.parametrize("subject", ["x", "x" * 5000, "ä" * 3000, "word " * 900])
def test_its_lines_are_short_and_so_are_the_mails(signer: DkimSigner, subject: str) -> None:
    signed = signer.signed(mail(subject), AT)
    added = signed.removesuffix(mail(subject)).split(b"\r\n")

    assert verifies(signer, signed)
    assert max(map(len, added)) <= 78
    assert max(map(len, signed.split(b"\r\n"))) <= 998
    assert signed.isascii()
    assert signed.count(b"\r\n") == signed.count(b"\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"List-Unsubscribe: <https://cpor", b"List-Unsubscribe: <https://evil"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"To: Anna", b"To: Eve"),
        (b"From here on", b"From there on"),
        (b"Reply-To: claims@", b"Reply-To: eve@"),
        (b"\r\nFrom: ", b"\r\nFrom: eve@example.org\r\nFrom: "),
    ],
)
def test_a_change_on_the_way_is_seen(signer: DkimSigner, before: bytes, after: bytes) -> None:
    signed = signer.signed(mail(), AT)
    assert signed.count(before) == 1

    assert not verifies(signer, signed.replace(before, after))


def test_a_relay_that_folds_spaces_or_adds_a_trace_breaks_nothing(signer: DkimSigner) -> None:
    signed = signer.signed(mail(), AT)

    assert verifies(signer, b"Received: from a\r\n\tby b\r\n" + signed.replace(b"\r\n ", b"\r\n\t") + b"\r\n\r\n")


def test_what_is_composed_is_signed_and_the_repeat_is_identical(
    db_session: Session, programme: Programme, app: Flask, signer: DkimSigner
) -> None:
    claims.approved(db_session, programme)
    signers = app.extensions["signers"]
    composer = Composer(programme, signers, Renderer("Europe/Berlin"), lambda _: None, signer)
    notice, invited = begun(db_session, db_session.scalars(select(Mail).where(Mail.kind == "consent-notice")).one())

    first, again = composer.compose(notice, invited), composer.compose(notice, invited)

    assert first == again
    assert verifies(signer, first)
    assert notice.dated_at
    assert tags(first)["t"] == str(int(notice.dated_at.timestamp()))
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(tags(first)["h"].split(":"))


def test_without_a_domain_nobody_signs(tmp_path: Path, app: Flask) -> None:
    assert DkimSigner.from_settings(app.extensions["settings"]) is None
