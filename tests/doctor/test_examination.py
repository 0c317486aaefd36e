"""`cpor mail doctor` as an operator runs it: what it sends, what it says, and with which exit code it ends."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from email.utils import parseaddr
from pathlib import Path

import dkim
import pytest

from cpor_web.config import PREFIX, Settings, env_name
from cpor_web.doctor.examination import Wanted, examine, report
from cpor_web.doctor.findings import Mark, look, ok, summary, table, wrong
from cpor_web.doctor.headers import all_of, problems_of_one_click, read
from cpor_web.doctor.letters import Letter, letters
from cpor_web.doctor.names import Names
from cpor_web.doctor.reading import problems_of
from cpor_web.emails.catalogue import ASKS, KINDS
from cpor_web.emails.dkim import DkimSigner
from cpor_web.emails.links import Signers
from cpor_web.programme import Programme
from cpor_web.rules.languages import LANGUAGES
from tests.doctor.conftest import NOW
from tests.support.dkim import dns_of
from tests.support.dns_server import NameServer
from tests.support.smtp_server import ScriptedServer

TO = "postmaster@mailbox.example.org"


@pytest.fixture
def sent(sound: Settings, names: Names, smtp_server: ScriptedServer) -> list[bytes]:
    """Every sample as it came in at the server."""
    findings = examine(sound, Wanted(to=TO), names, now=NOW)
    assert {finding.mark for finding in findings} == {Mark.OK}, table(findings)
    return [mail.raw for mail in smtp_server.wait_for(len(KINDS))]


def test_one_sample_of_each_kind_goes_straight_to_the_server(sent: list[bytes], smtp_server: ScriptedServer) -> None:
    assert len(sent) == len(KINDS)
    assert smtp_server.connections == 2, "one to look at, one to send over"
    assert {mail.recipients for mail in smtp_server.mails} == {(TO,)}
    assert {mail.mail_from for mail in smtp_server.mails} == {"returns@vendor.test-vendor.com"}


def test_every_sample_is_marked_as_a_test(sent: list[bytes]) -> None:
    assert all(read(raw)["Subject"].startswith("[Test] ") for raw in sent)


def test_no_link_in_a_sample_works(sent: list[bytes], sound: Settings) -> None:
    signers = Signers(sound.consent_keys, sound.public_url)
    text = "".join(part.get_content() for raw in sent for part in read(raw).iter_parts())
    heads = b"".join(value for raw in sent for value in all_of(raw, "List-Unsubscribe")).decode()
    links = re.findall(rf"{re.escape(sound.public_url)}/([douy])/([A-Za-z0-9_~-]+)", text + heads)

    assert {place for place, _ in links} == set("douy")
    assert all(signers.read(purpose, token) is None for purpose in signers._signers for _, token in links)


def test_the_samples_that_ask_carry_both_one_click_headers_signed(sent: list[bytes], signer: DkimSigner) -> None:
    asking = [raw for raw in sent if all_of(raw, "List-Unsubscribe")]

    assert len(asking) == len(ASKS)
    for raw in asking:
        assert problems_of_one_click(raw) == []
        mail = dkim.DKIM(raw)
        assert mail.verify(dnsfunc=dns_of({signer.place: signer.key.record}))
        assert {b"list-unsubscribe", b"list-unsubscribe-post"} <= set(mail.include_headers)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_kind_alone_in_a_language(
    sound: Settings, names: Names, smtp_server: ScriptedServer, language: str
) -> None:
    examine(sound, Wanted(to=TO, language=language, kinds=["consent-notice"]), names, now=NOW)

    (mail,) = smtp_server.wait_for(1)
    assert f'lang="{language}"' in read(mail.raw).get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_without_an_address_nothing_is_sent(sound: Settings, names: Names, smtp_server: ScriptedServer) -> None:
    examine(sound, Wanted(), names, now=NOW)

    assert not any(command.startswith("MAIL") for command in smtp_server.commands)


def test_a_server_that_refuses_and_one_that_goes_are_told(
    sound: Settings, names: Names, smtp_server: ScriptedServer
) -> None:
    smtp_server.fail("RCPT", "550 5.1.1 No such user", times=1)
    smtp_server.drop("STORED")
    findings = examine(sound, Wanted(to=TO, kinds=KINDS[:4]), names, now=NOW)

    assert [each.mark for each in findings if each.about in KINDS] == [Mark.WRONG, Mark.WRONG]
    assert "No such user" in table(findings)


def test_where_no_server_answers_no_sample_is_tried(
    sound: Settings, names: Names, smtp_server: ScriptedServer
) -> None:
    smtp_server.stop()
    findings = examine(sound, Wanted(to=TO), names, now=NOW)

    assert not any(finding.about in KINDS for finding in findings)


@pytest.fixture
def notice(sound: Settings, signer: DkimSigner) -> Letter:
    (made,) = letters(Programme.from_settings(sound), signer, to=TO, language="en", now=NOW, kinds=["consent-notice"])
    return made


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (rb"List-Unsubscribe: ", b"List-Unsubscribe:\r\n ", "folded"),
        (rb"List-Unsubscribe: <", b"List-Unsubscribe: =?utf-8?q?<", "encoded word"),
        (rb"List-Unsubscribe: <https", b"List-Unsubscribe: <http", "no https"),
        (rb"List-Unsubscribe-Post: [^\r]*\r\n", b"", "0 List-Unsubscribe-Post"),
        (rb"List-Unsubscribe=One-Click", b"List-Unsubscribe=one-click", "is not"),
        (rb"\r\nFrom: ", b"\r\nFrom: a@example.org\r\nFrom: ", "2 headers From"),
        (rb"\r\nFrom: [^\r]*", b"\r\nFrom: a@example.org", "not the sender's"),
        (rb"\r\nMessage-ID: <", b"\r\nMessage-ID: <@", "Message-ID"),
        (rb"\r\nMessage-ID: [^\r]*", b"", "0 headers Message-ID"),
        (rb"\r\nDate: [^\r]*", b"\r\nDate: Fri, 01 Jan 2010 00:00:00 +0000", "Date"),
        (rb"\r\nDate: [^\r]*", b"\r\nDate: yesterday", "Date"),
        (rb"\r\nReply-To: [^\r]*", b"\r\nReply-To: nobody", "Reply-To"),
        (rb"\r\n\r\n", b"\r\n\r\n" + b"x" * 999 + b"\r\n", "999 characters"),
        (rb"\r\n\r\n", "\r\n\r\nä".encode(), "ASCII"),
        (rb"\r\n\r\n", b"\r\n\r\n" + b"x\r\n" * 40_000, "cut it off"),
        (rb"\r\nTo: ", b"\r\nTo: Eve ", "does not verify"),
    ],
)
def test_what_is_wrong_in_the_bytes_is_seen(
    notice: Letter, sound: Settings, signer: DkimSigner, before: bytes, after: bytes, problem: str
) -> None:
    programme = Programme.from_settings(sound)
    assert problems_of(notice, programme, signer, NOW) == []

    changed, count = re.subn(before, lambda _: after, notice.message, count=1)

    assert count == 1
    problems = problems_of(Letter(notice.kind, changed), programme, signer, NOW)
    assert any(problem in each for each in problems), problems


def test_one_click_headers_on_a_mail_that_asks_nothing_are_seen(
    notice: Letter, sound: Settings, signer: DkimSigner
) -> None:
    letter = Letter("approved", notice.message)

    (problem,) = problems_of(letter, Programme.from_settings(sound), signer, NOW)
    assert "asks nothing" in problem


def test_the_table_is_narrow_and_keeps_what_is_to_be_copied_whole() -> None:
    record = "v=DKIM1;p=" + "A" * 300
    text = table([ok("a", "word " * 60), look("b", "short"), wrong("c", "gone", f"Publish {record}")])

    assert max(len(line) for line in text.splitlines() if record not in line) <= 100
    assert record in text
    assert [line.split("  ")[0] for line in text.splitlines() if not line.startswith(" ")] == [
        "ok",
        "look at",
        "wrong",
    ]
    assert summary([ok("a", ""), ok("b", ""), wrong("c", "", "")]) == "2 ok, 0 look at, 1 wrong"


def test_the_report_ends_with_the_record_to_publish_where_we_sign(sound: Settings, signer: DkimSigner) -> None:
    text, is_well = report([look("a", "b")], sound)

    assert is_well
    assert text.splitlines()[-1].startswith('cpor._domainkey.test-vendor.com. IN TXT ( "v=DKIM1; k=rsa; p=')
    assert "DKIM" not in report([], replace(sound, dkim_domain=""))[0]
    assert report([wrong("a", "b", "c")], sound)[1] is False


# As a command

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def doctor(sound: Settings, name_server: NameServer) -> Command:
    """The command in a process of its own, without any database."""
    set_ = {
        "CPOR_ENVIRONMENT": "development",
        "CPOR_SECRET_KEYS": "s" * 32,
        "CPOR_CONSENT_KEYS": "c" * 32,
        "CPOR_SIGNING_KEYS": "A" * 43,
        "CPOR_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none",
    }
    of_mail = {
        env_name(field): str(getattr(sound, field.name))
        for field in fields(sound)
        if field.name.startswith(("mail_", "dkim_", "public_", "reply_", "return_")) and getattr(sound, field.name)
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}

    def run(*arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "cpor_web", "mail", "doctor", "--resolver", name_server.address, *arguments]
        environ = {**clean, **set_, **of_mail, **changes}
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=300)

    return run


def test_the_command_sends_says_and_ends_well(doctor: Command, smtp_server: ScriptedServer) -> None:
    told = doctor(TO, "--only", "consent-notice")

    assert (told.returncode, told.stderr) == (0, "")
    assert "0 look at, 0 wrong." in told.stdout
    assert re.search(r"^ok +consent-notice +250 ", told.stdout, re.MULTILINE)
    (mail,) = smtp_server.wait_for(1)
    assert parseaddr(read(mail.raw)["To"])[1] == TO


def test_the_command_ends_with_1_where_something_is_wrong(doctor: Command, name_server: NameServer) -> None:
    del name_server.records["cpor._domainkey.test-vendor.com", "TXT"]
    told = doctor()

    assert told.returncode == 1
    assert re.search(r"^wrong +DKIM cpor", told.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["not-an-address"], "not a mail address"),
        ([TO, "--only", "advertisement"], "consent-notice"),
        ([TO, "--language", "xx"], ", ".join(LANGUAGES)),
        (["--returned", "none.eml"], "No such file"),
        (["--resolver", "nobody"], "--resolver"),
    ],
)
def test_the_command_refuses_what_it_cannot_do_in_a_sentence(
    doctor: Command, arguments: list[str], words: str, smtp_server: ScriptedServer
) -> None:
    told = doctor(*arguments)

    assert told.returncode == 2
    assert words in told.stderr
    assert "Traceback" not in told.stderr
    assert not smtp_server.mails


def test_a_key_file_that_is_gone_is_told_with_the_settings(doctor: Command, tmp_path: Path) -> None:
    told = doctor(CPOR_DKIM_KEY_FILE=str(tmp_path / "gone.pem"))

    assert told.returncode == 1
    assert "gone.pem is not there." in told.stderr
