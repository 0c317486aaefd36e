"""Mail that comes in at a running installation, by the command that a mail server's pipe runs."""

import os
import subprocess
import sys

from cpor_web.emails.returns import ReturnAddresses
from cpor_web.incoming import receiving
from tests.support.installation import ROOT, Installation
from tests.support.received_mail import Mail
from tests.support.returned_mail import report


def receive(installation: Installation, raw: bytes, **other_settings: str) -> "subprocess.CompletedProcess[bytes]":
    """Hand one mail to `cpor mail receive` and return how it ended."""
    other = {f"CPOR_{name.upper()}": value for name, value in other_settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "cpor_web", "mail", "receive"],
        input=raw,
        cwd=ROOT,
        env=os.environ | installation.env | other,
        capture_output=True,
        check=False,
        timeout=300,  # a second, but for machines that are busy
    )


def take_in(installation: Installation, raw: bytes) -> None:
    """Take a mail in as that command does, without its being started."""
    keys = installation.env["CPOR_CONSENT_KEYS"].split(",")
    returns = ReturnAddresses(keys, installation.env["CPOR_RETURN_ADDRESS"])
    with installation.session() as session:
        receiving.receive(session, raw, returns=returns, now=installation.now())


def bounce(installation: Installation, mail: Mail, **more: str) -> bytes:
    """Let the customer's server send a report about a mail that came to it, and return the report."""
    raw = report(mail.mail_from, mail.recipients[0], returned=mail.raw, **more)
    done = receive(installation, raw)
    assert done.returncode == 0, done.stderr
    return raw
