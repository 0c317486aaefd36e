"""The mail server that these tests talk to, and a connection to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cpor_web.emails.session import MailServer
from cpor_web.emails.transport import Transport
from tests.support.smtp_fixtures import (
    authority,
    authority_file,
    certificate_for,
    new_smtp_server,
    smtp_server,
)
from tests.support.smtp_server import ScriptedServer

__all__ = ["authority", "authority_file", "certificate_for", "new_smtp_server", "smtp_server"]


@pytest.fixture
def transport(smtp_server: ScriptedServer) -> Iterator[Transport]:
    server = MailServer(smtp_server.host, smtp_server.port, security="none", timeout=60)
    with Transport(server, data_timeout=60) as transport:
        yield transport
