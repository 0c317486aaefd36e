"""The mail catcher: real SMTP in, files and pages out."""

import smtplib
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from cpor_web.embedded.catcher import Catcher
from cpor_web.embedded.exc import StartError
from cpor_web.embedded.mailbox import Mailbox

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[Catcher]:
    with Catcher(tmp_path, web_port=0) as running:
        yield running


def notice(subject: str = "Zuordnung: Adatum für Fabrikam") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Programme <programme@example.org>"
    mail["To"] = "Ada <ada@adatum.example.org>"
    mail["Subject"] = subject
    mail.set_content("Deny: https://cpor.example.org/d/abc~def\n<b>not bold</b>\n")
    mail.add_alternative('<p>Deny <a href="https://cpor.example.org/d/abc~def">here</a></p>', subtype="html")
    return mail


def post(catcher: Catcher, mail: EmailMessage | bytes, sender: str = "bounce+1@example.org") -> None:
    raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP)
    with smtplib.SMTP(catcher.host, catcher.smtp_port, timeout=60) as client:
        client.sendmail(sender, ["ada@adatum.example.org", "bo@adatum.example.org"], raw)


def get(catcher: Catcher, path: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(f"{catcher.web_url}{path.lstrip('/')}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, dict(response.headers), response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, dict(refusal.headers), refusal.read().decode("utf-8", "replace")


def test_a_mail_is_kept_byte_for_byte_with_its_envelope(catcher: Catcher) -> None:
    raw = b"Subject: plain\r\n\r\n.leading dot\r\nbare end\r\n"
    post(catcher, raw)
    [mail] = catcher.mailbox.newest()
    assert mail.raw == raw
    assert (mail.sender, mail.recipients) == (
        "bounce+1@example.org",
        ("ada@adatum.example.org", "bo@adatum.example.org"),
    )


def test_numbers_go_on_after_a_restart_and_the_newest_comes_first(tmp_path: Path) -> None:
    for subject in ("first", "second"):
        with Catcher(tmp_path) as catcher:
            post(catcher, notice(subject))
    mails = Mailbox(tmp_path / "mail").newest()
    assert [(mail.number, mail.header("Subject")) for mail in mails] == [(2, "second"), (1, "first")]
    assert [mail.number for mail in Mailbox(tmp_path / "mail").newest(1)] == [2]


def test_a_mail_half_written_is_not_listed(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    mailbox.add("a@example.org", ["b@example.org"], b"Subject: whole\r\n\r\n")
    (tmp_path / "00000002.json").write_text('{"sender": "", "recipients": []}')
    (tmp_path / "00000002.part").write_bytes(b"Subject: ha")
    assert [mail.number for mail in mailbox.newest()] == [1]
    assert mailbox.mail(2) is None


def test_a_mail_for_which_there_is_no_room_is_asked_to_come_again(catcher: Catcher) -> None:
    catcher.mailbox.folder.touch()  # where a folder cannot be, nothing can be kept
    with pytest.raises(smtplib.SMTPDataError) as refused:
        post(catcher, notice())
    assert (refused.value.smtp_code, refused.value.smtp_error) == (452, b"4.3.1 Insufficient system storage")
    catcher.mailbox.folder.unlink()
    post(catcher, notice())
    assert [mail.number for mail in catcher.mailbox.newest()] == [1]


def test_a_taken_port_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match="cannot listen"):
            Catcher(tmp_path, smtp_port=port).start()
        with pytest.raises(StartError, match="cannot listen"):
            Catcher(tmp_path, web_port=port).start()


def test_it_stops_while_a_client_is_connected(tmp_path: Path) -> None:
    with Catcher(tmp_path) as catcher:
        client = smtplib.SMTP(catcher.host, catcher.smtp_port, timeout=60)
    assert client.sock is not None
    assert client.sock.recv(1) == b""
    client.close()


def test_the_list_shows_subject_and_recipients_newest_first(catcher: Catcher) -> None:
    assert "No mail yet" in get(catcher, "/")[2]
    post(catcher, notice("first"))
    post(catcher, notice())
    page = BeautifulSoup(get(catcher, "/")[2], "html.parser")
    links = [(link.text, link["href"]) for link in page.select(".mails a")]
    assert links == [("Zuordnung: Adatum für Fabrikam", "/mail/2"), ("first", "/mail/1")]
    assert "bo@adatum.example.org" in page.select(".mails .to")[0].text


def test_a_mails_links_open_a_new_tab_from_text_and_from_html(catcher: Catcher) -> None:
    post(catcher, notice())
    page = BeautifulSoup(get(catcher, "/mail/1")[2], "html.parser")
    [link] = page.select("pre a")
    assert (link["href"], link["target"]) == ("https://cpor.example.org/d/abc~def", "_blank")
    assert "noopener" in link["rel"]
    [frame] = page.select("iframe")
    html = BeautifulSoup(get(catcher, str(frame["src"]))[2], "html.parser")
    assert [(base.get("href"), base["target"]) for base in html.select("base")] == [(None, "_blank")]
    assert html.select("a")[0]["href"] == "https://cpor.example.org/d/abc~def"


def test_the_html_of_a_mail_is_framed_without_scripts_and_without_requests(catcher: Catcher) -> None:
    mail = notice()
    mail.get_body(("html",)).set_content(f"<p>{HOSTILE}</p>", subtype="html")  # type: ignore[union-attr]
    post(catcher, mail)
    [frame] = BeautifulSoup(get(catcher, "/mail/1")[2], "html.parser").select("iframe")
    assert frame["sandbox"] == ["allow-popups", "allow-popups-to-escape-sandbox"]
    policy = get(catcher, "/mail/1/html")[1]["Content-Security-Policy"]
    assert "sandbox allow-popups allow-popups-to-escape-sandbox;" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("path", ["/", "/mail/1"])
def test_nothing_in_a_mail_becomes_markup_on_our_pages(catcher: Catcher, path: str) -> None:
    mail = notice(f"Subject {HOSTILE}")
    mail["X-Note"] = HOSTILE
    mail["Reply-To"] = "x@example.org"
    mail.get_body(("plain",)).set_content(f"text {HOSTILE} https://example.org/{HOSTILE}")  # type: ignore[union-attr]
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename=f"{HOSTILE}.pdf")
    post(catcher, mail, sender='"<script>x</script>"@example.org')
    status, headers, body = get(catcher, path)
    assert status == 200
    assert "Subject &#34;&gt;&lt;script&gt;" in body
    assert BeautifulSoup(body, "html.parser").select("script") == []
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\r\n\r\n\xff",
        b"Subject: =?no-such-charset?q?x?=\r\nTo: <<<\r\nDate: yesterday\r\n\r\nx",
        b"Content-Type: text/plain; charset=no-such\r\n\r\n\xe4",
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nno end",
        b"From: a\r\nFrom: b\r\nMessage-ID: \xe4<>@@\r\n\r\n",
    ],
)
def test_a_broken_mail_is_shown_and_breaks_no_page(catcher: Catcher, raw: bytes) -> None:
    catcher.mailbox.add("", ["ada@adatum.example.org"], raw)
    assert [get(catcher, path)[0] for path in ("/", "/mail/1", "/mail/1/source")] == [200, 200, 200]


def test_the_source_is_plain_text(catcher: Catcher) -> None:
    post(catcher, notice())
    status, headers, body = get(catcher, "/mail/1/source")
    assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert body.encode() == catcher.mailbox.newest()[0].raw


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/mail/9", 404),
        ("GET", "/mail/9/html", 404),
        ("GET", "/mail/9/source", 404),
        ("GET", "/mail/1/html", 404),
        ("GET", "/mail/..%2f..%2fpyproject.toml", 404),
        ("GET", "/mail/٣", 404),
        ("POST", "/", 405),
        ("DELETE", "/mail/1", 405),
        ("HEAD", "/mail/1", 200),
        ("GET", "/style.css", 200),
    ],
)
def test_the_pages_are_read_only_and_end_where_they_end(
    catcher: Catcher, method: str, path: str, status: int
) -> None:
    catcher.mailbox.add("", ["ada@adatum.example.org"], b"Subject: no html\r\n\r\ntext")
    assert get(catcher, urllib.parse.quote(path, safe="/%"), method)[0] == status


@pytest.mark.parametrize("path", ["/", "/mail/1", "/mail/9"])
def test_every_page_has_a_language_a_title_and_one_heading(catcher: Catcher, path: str) -> None:
    post(catcher, notice())
    page = BeautifulSoup(get(catcher, path)[2], "html.parser")
    assert page.html is not None
    assert page.html["lang"] == "en"
    assert page.title is not None
    assert page.title.text.strip()
    assert len(page.select("h1")) == 1
    assert all(frame["title"] for frame in page.select("iframe"))
    assert page.select("[style], style, script") == []
