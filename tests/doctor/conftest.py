"""An installation whose mail is in order, to be put out of order: settings, a name server, an SMTP server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cpor_web.config import Settings
from cpor_web.doctor.names import Names
from cpor_web.emails.dkim import DkimSigner
from cpor_web.keys import dkim as dkim_keys
from tests.support.dkim import rsa, write_key
from tests.support.dns_server import NameServer
from tests.support.smtp_fixtures import authority, authority_file, certificate_for, new_smtp_server, smtp_server
from tests.support.smtp_server import ScriptedServer

__all__ = ["authority", "authority_file", "certificate_for", "new_smtp_server", "smtp_server"]

NOW = datetime.now(UTC)
"""The real time: signatures are verified at it."""


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_key(tmp_path_factory.mktemp("keys"), rsa(2048))


@pytest.fixture
def sound(settings: Settings, smtp_server: ScriptedServer, key_file: Path) -> Settings:
    """The settings of an installation that signs for its own domain and sends to the scripted server."""
    return replace(
        settings,
        mail_server=smtp_server.host,
        mail_port=smtp_server.port,
        mail_security="none",
        mail_timeout=60,
        mail_from="cpor@vendor.test-vendor.com",
        reply_to="claims@test-vendor.com",
        return_address="returns@vendor.test-vendor.com",
        dkim_domain="test-vendor.com",
        dkim_key_file=str(key_file),
    )


@pytest.fixture
def signer(sound: Settings) -> DkimSigner:
    signer = DkimSigner.from_settings(sound)
    assert signer
    return signer


@pytest.fixture
def name_server(key_file: Path) -> Iterator[NameServer]:
    """Knows every record that the sound settings need."""
    record = dkim_keys.strings(dkim_keys.read(key_file).record)
    records = {
        ("vendor.test-vendor.com", "MX"): ["20 mx2.test-vendor.com.", "10 mx1.test-vendor.com."],
        ("test-vendor.com", "MX"): ["10 mx1.test-vendor.com."],
        ("vendor.test-vendor.com", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"', '"something else"'],
        ("cpor._domainkey.test-vendor.com", "TXT"): [record],
        ("_dmarc.test-vendor.com", "TXT"): ['"v=DMARC1; p=reject; rua=mailto:dmarc@test-vendor.com"'],
    }
    with NameServer(records) as server:
        yield server


@pytest.fixture
def names(name_server: NameServer) -> Names:
    return Names(name_server.address)
