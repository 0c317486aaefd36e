"""A real Dovecot of the test's own: its configuration and mail in a folder, IMAP over TLS on a port that is free.

Everybody signs in with PASSWORD. Dovecot must be started by root.
"""

import imaplib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import trustme

from cpor_web.clock import utcnow
from tests.support.servers import free_port

PASSWORD = "sieben-stille-Störche"
WITHIN = 120.0

CONFIG = """\
base_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {port}
    ssl = yes
  }}
}}
{more}
"""


def is_there() -> bool:
    """Tell whether this machine has Dovecot, and whether it may be started."""
    return shutil.which("dovecot") is not None and os.geteuid() == 0


class Dovecot:
    """Use it as a context manager.

    :param prefix: what the names of all folders begin with, but for INBOX; its last character parts names
    :param capabilities: what it offers instead of all that it can
    """

    host = "127.0.0.1"

    def __init__(self, authority: trustme.CA, *, prefix: str = "", capabilities: str = "") -> None:
        self.port = free_port()
        self._authority, self._prefix, self._capabilities = authority, prefix, capabilities
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack as stack:
            # Not in a folder of pytest's own: those are closed to Dovecot's users.
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cpor-dovecot-")))
            self.folder.chmod(0o755)
            self._write()
            command = ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]
            server = subprocess.Popen(command, start_new_session=True)
            stack.callback(server.wait, WITHIN)
            stack.callback(server.terminate)
            self._wait()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def put(self, user: str, raw: bytes, folder: str = "INBOX") -> None:
        """Let a mail arrive."""
        with self._signed_in(user) as server:
            status, answer = server.append(folder, "", imaplib.Time2Internaldate(utcnow()), raw)
            assert status == "OK", answer

    def count(self, user: str, folder: str = "INBOX") -> int:
        """Return how many mails are in a folder, and not deleted; 0 where there is none of that name."""
        with self._signed_in(user) as server:
            if server.select(f'"{folder}"', readonly=True)[0] != "OK":
                return 0
            (found,) = server.search(None, "UNDELETED")[1]
            return len(found.split())

    def _signed_in(self, user: str) -> imaplib.IMAP4_SSL:
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        server = imaplib.IMAP4_SSL(self.host, self.port, ssl_context=context, timeout=WITHIN)
        try:
            server.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{PASSWORD}".encode())
        except BaseException:
            server.shutdown()
            raise
        return server

    def _write(self) -> None:
        mail = self.folder / "mail"
        mail.mkdir()
        shutil.chown(mail, "nobody", "nogroup")
        issued = self._authority.issue_cert(self.host)
        issued.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        for number, pem in enumerate(issued.cert_chain_pems):
            pem.write_to_path(str(self.folder / "certificate.pem"), append=number > 0)
        more = f"imap_capability = {self._capabilities}" if self._capabilities else ""
        text = CONFIG.format(
            folder=self.folder,
            port=self.port,
            password=PASSWORD,
            separator=self._prefix[-1:] or "/",
            prefix=self._prefix,
            more=more,
        )
        (self.folder / "dovecot.conf").write_text(text)

    def _answers(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), WITHIN).close()
        except OSError:
            return False
        return True

    def _wait(self) -> None:
        until = time.monotonic() + WITHIN
        while not self._answers():
            assert time.monotonic() < until, f"Dovecot does not start\n{self.folder}"
            time.sleep(0.1)
