"""Fixtures around the scripted SMTP server; a conftest imports those it wants."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.smtp_server import ScriptedServer


@pytest.fixture
def smtp_server() -> Iterator[ScriptedServer]:
    """A running server, without TLS and without sign-in."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def new_smtp_server() -> Iterator[Callable[..., ScriptedServer]]:
    """Starts a server with the arguments of `ScriptedServer`, and stops it at the end."""
    with ExitStack() as running:
        yield lambda **arguments: running.enter_context(ScriptedServer(**arguments))


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that only tests trust."""
    return trustme.CA()


@pytest.fixture(scope="session")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its certificate, to be named in `MailServer.ca_file`."""
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="session")
def certificate_for(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """A server's context with a certificate for these names, from this authority (or another one)."""

    def issue(*names: str, by: trustme.CA = authority, **details: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        by.issue_cert(*names, **details).configure_cert(context)
        return context

    return issue
