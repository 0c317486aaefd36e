"""Nothing that is kept of a received mail holds a customer's link; what holds none is kept as it came."""

import base64
import quopri
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from cpor_web.config import Settings
from cpor_web.emails.links import Purpose, Signers
from cpor_web.incoming import keeping
from cpor_web.models import Mail
from tests.incoming.conftest import Desk
from tests.incoming.test_receiving import CARLA
from tests.support.returned_mail import reply, report


@pytest.fixture
def link(settings: Settings) -> str:
    return Signers(settings.consent_keys, settings.public_url).url(Purpose.DENY, b"0123456789abcdef")


def _parts_of_the_link(link: str) -> list[bytes]:
    token = link.rpartition("/")[2].encode()
    return [token, token[:22], token[23:]]


@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable"])
def test_a_link_that_a_reply_quotes_is_kept_nowhere(desk: Desk, notice: Mail, link: str, encoding: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["In-Reply-To"] = CARLA, "cpor@vendor.example.com", notice.message_id
    text = f"No, never.\n{link}\nGrüße" if encoding != "7bit" else f"No, never.\n{link}\n"
    mail.set_content(text, cte=encoding)
    mail.add_alternative(f'<p>No.</p><a href="{link}">deny</a>', subtype="html", cte=encoding)
    mail.add_attachment(mail.as_bytes(), maintype="application", subtype="octet-stream", filename="all.eml")
    received = desk.receive(mail.as_bytes())
    assert received.raw is not None
    everything = [received.raw, received.words.encode(), quopri.decodestring(received.raw)]
    for part in _leaves(received.raw):
        everything.append(part)
    for secret in _parts_of_the_link(link):
        assert not any(secret in each for each in everything)
    assert "No, never." in received.words
    assert keeping.STRUCK in received.words


@pytest.mark.parametrize(
    "broken",
    [
        lambda link: link.replace("~", "%7E"),
        lambda link: link.replace("~", "=7E"),
        lambda link: f"https://safe.example.com/?url={link.replace('~', '%257E')}&x=1",
        lambda link: link.replace("~", "&#126;"),
    ],
)
def test_a_link_that_a_program_wrote_otherwise_is_struck_out(link: str, broken: Callable[[str], str]) -> None:
    kept = keeping.kept(f"Subject: x\n\n> {broken(link)}\n".encode())
    assert not any(secret in kept for secret in _parts_of_the_link(link))


def test_a_link_that_a_program_broke_in_two_does_not_work_any_more(link: str) -> None:
    for at in range(len(link) - 44, len(link)):
        kept = keeping.kept(f"Subject: x\n\n> {link[:at]}\n> {link[at:]}\n".encode()).decode()
        assert link.rpartition("/")[2] not in kept.replace("\n> ", "")


def test_a_link_in_utf_16_or_deep_inside_is_not_kept(link: str) -> None:
    wide = b"Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n"
    wide += base64.encodebytes(link.encode("utf-16"))
    assert base64.encodebytes(link.encode("utf-16"))[:40] not in keeping.kept(wide)
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(30))
    deep += b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(link.encode())
    assert base64.encodebytes(link.encode())[:40] not in keeping.kept(deep)
    wide = b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 100 + b"--b\n"
    wide += b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(link.encode())
    assert base64.encodebytes(link.encode())[:40] not in keeping.kept(wide)


def test_of_the_mail_that_a_report_gives_back_only_harmless_headers_are_kept(
    desk: Desk, notice: Mail, link: str
) -> None:
    header = link.replace("/d/", "/o/")
    ours = f"Subject: Teams\nList-Unsubscribe: <{header}>\nMessage-ID: {notice.message_id}\n\nDeny: {link}\n"
    received = desk.receive(report(desk.returns.address(notice.id), CARLA, returned=ours.encode()))
    assert received.raw is not None
    assert b"Subject: Teams" in received.raw
    assert b"Deny:" not in received.raw
    assert not any(secret in received.raw for secret in _parts_of_the_link(link))
    assert b"Final-Recipient: rfc822; carla@contoso.example.com" in received.raw


def test_what_holds_no_link_is_kept_as_it_came(desk: Desk) -> None:
    raw = reply("sales@adatum.example.org", "Bücher ~ 10 €", html="<p>ü</p>")
    assert desk.receive(raw).raw == raw


def _leaves(raw: bytes) -> list[bytes]:
    from cpor_web.incoming import mime

    return [part.body(raw) for part in mime.parts(raw)]


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/mixed", 'multipart/mixed; boundary="nowhere"'])
@pytest.mark.parametrize("encoding", ["base64", "Quoted-Printable"])
def test_a_link_in_a_mail_that_is_encoded_as_a_whole_is_kept_nowhere(link: str, kind: str, encoding: str) -> None:
    """RFC 2045 forbids it, and mail programs read it nevertheless."""
    inner = f"Subject: x\n\n{link}\n".encode()
    encoded = base64.encodebytes(inner) if encoding == "base64" else quopri.encodestring(inner)
    head = f'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: {kind}\n'
    head += f"Content-Transfer-Encoding: {encoding}\n\n"
    kept = keeping.kept(head.encode() + encoded + b"\n--b--\n")
    assert encoded not in kept
    assert keeping.NOT_KEPT in kept
