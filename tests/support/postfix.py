"""A real Postfix of the test's own: its configuration, queue and log in a folder, on a port that is free.

What is for returns@vendor.example.com it hands to a pipe; customers of contoso.example.com are local to it, and none
is known; everything else it passes on to `relay`. Postfix must be started by root.
"""

import os
import shutil
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from tests.support.servers import free_port

WITHIN = 180.0

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.contoso.example.com
mydestination = contoso.example.com
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = none
relayhost = [127.0.0.1]:{relay}
smtp_dns_support_level = disabled
smtp_host_lookup = native
recipient_delimiter = +
transport_maps = inline:{{ {{returns@vendor.example.com=cpor:}} }}
cpor_destination_recipient_limit = 1
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
delay_warning_time = 1s
"""

MASTER = """\
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
pickup unix n - n 60 1 pickup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
cpor unix - n n - 2 pipe
  flags=DROhu user=nobody argv={folder}/receive
"""

# The pipe's user may not be root, nor may it always read the tests' interpreter: it knocks at a door.
RECEIVE = """\
#!/bin/bash
mail=$(mktemp) || exit 75
trap 'rm -f "$mail"' EXIT
cat >"$mail" || exit 75
exec 3<>/dev/tcp/127.0.0.1/{door} || exit 75
wc -c <"$mail" >&3
cat "$mail" >&3
read -r code <&3 || exit 75
exit "$code"
"""


def is_there() -> bool:
    """Tell whether this machine has Postfix, and whether it may be started."""
    return shutil.which("postfix") is not None and os.geteuid() == 0


class Postfix:
    """Use it as a context manager. `receive` gets each mail that the pipe gets, and returns the pipe's exit code."""

    def __init__(self, relay: int, receive: Callable[[bytes], int]) -> None:
        self.port, self._relay, self._receive = free_port(), relay, receive
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack as stack:
            # Not in a folder of pytest's own: those are closed to Postfix' user.
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cpor-postfix-")))
            self.folder.chmod(0o755)
            door = stack.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._knock))
            door.daemon_threads = True
            threading.Thread(target=door.serve_forever, daemon=True).start()
            stack.callback(door.shutdown)
            self._write(door.server_address[1])
            self._run("postfix", "start")
            stack.callback(self._run, "postfix", "stop")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    @property
    def log(self) -> str:
        file = self.folder / "maillog"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def give_up_what_waits(self) -> None:
        """Let it give up every mail that it could not deliver yet, as after the days that it tries otherwise."""
        self._run("postsuper", "-e", "ALL", "deferred")
        self._run("postqueue", "-f")

    def _write(self, door: int) -> None:
        names = {"folder": self.folder, "port": self.port, "relay": self._relay, "door": door}
        config = self.folder / "config"
        for place in (config, self.folder / "queue", self.folder / "data"):
            place.mkdir()
        shutil.chown(self.folder / "data", "postfix")
        (config / "main.cf").write_text(MAIN.format(**names))
        (config / "master.cf").write_text(MASTER.format(**names))
        script = self.folder / "receive"
        script.write_text(RECEIVE.format(**names))
        script.chmod(0o755)

    def _run(self, program: str, *arguments: str) -> None:
        command = [program, "-c", str(self.folder / "config"), *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=WITHIN)
        assert done.returncode == 0, done.stderr + self.log

    def _knock(self, *arguments: Any) -> None:
        receive = self._receive

        class Knock(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                size = int(self.rfile.readline())
                self.wfile.write(b"%d\n" % receive(self.rfile.read(size)))

        Knock(*arguments)
