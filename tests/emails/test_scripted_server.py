"""The server that the other tests rest on: as a process it keeps mails where another process finds them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cpor_web.emails.outcomes import Accepted
from cpor_web.emails.session import MailServer
from cpor_web.emails.transport import Transport
from tests.support.received_mail import mails_in

ROOT = Path(__file__).parents[2]


def test_a_server_in_a_process_of_its_own_writes_each_mail_into_its_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.smtp_server", "--maildir", str(tmp_path / "mails")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            server = MailServer("127.0.0.1", int(process.stdout.readline()), security="none")
            with Transport(server) as transport:
                for number in range(11):
                    message = f"Subject: {number}\r\n\r\nHello\r\n".encode()
                    outcome = transport.send(message, mail_from="", rcpt_to=f"anna{number}@fabrikam.example.org")
                    assert isinstance(outcome, Accepted)
        finally:
            process.terminate()
    mails = mails_in(tmp_path / "mails")
    assert [mail.message["Subject"] for mail in mails] == [str(number) for number in range(11)]
    assert [mail.recipients for mail in mails] == [(f"anna{number}@fabrikam.example.org",) for number in range(11)]
    assert {mail.mail_from for mail in mails} == {""}
