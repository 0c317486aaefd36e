"""The settings of mail and the connection to the server: what each trouble looks like, and what to do."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from cpor_web.config import Settings
from cpor_web.doctor.findings import Finding, Mark
from cpor_web.doctor.wiring import belong_together, connection, settings_of_mail
from cpor_web.emails.dkim import DkimSigner
from tests.doctor.conftest import NOW
from tests.support.smtp_server import ScriptedServer

CertificateFor = Callable[..., ssl.SSLContext]
NewServer = Callable[..., ScriptedServer]


def about(findings: list[Finding], what: str) -> Finding:
    (finding,) = (finding for finding in findings if finding.about == what)
    return finding


def test_settings_in_order_are_all_ok(sound: Settings, signer: DkimSigner) -> None:
    assert {finding.mark for finding in settings_of_mail(sound, signer)} == {Mark.OK}


@pytest.mark.parametrize(
    ("what", "changes", "mark"),
    [
        ("sender", {"mail_from": "cpor@vendor.example.com"}, Mark.LOOK),
        ("sender", {"mail_from": "cpor@example.org"}, Mark.LOOK),
        ("reports", {"return_address": ""}, Mark.LOOK),
        ("reports", {"return_address": "returns@elsewhere.test-bounces.com"}, Mark.LOOK),
        ("reports", {"return_address": "returns@bounces.vendor.test-vendor.com"}, Mark.OK),
        ("replies", {"reply_to": ""}, Mark.OK),
        ("one-click button", {"one_click": False}, Mark.LOOK),
        ("one-click button", {"public_url": "http://cpor.test-vendor.com"}, Mark.LOOK),
    ],
)
def test_a_setting_that_stands_in_the_way(
    sound: Settings, signer: DkimSigner, what: str, changes: dict[str, str], mark: Mark
) -> None:
    assert about(settings_of_mail(replace(sound, **changes), signer), what).mark is mark  # type: ignore[arg-type]


def test_without_a_key_of_ours_the_relay_is_to_be_looked_at(sound: Settings) -> None:
    finding = about(settings_of_mail(sound, None), "signature")

    assert finding.mark is Mark.LOOK
    assert "--returned" in finding.do


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("a.org", "a.org", True),
        ("mail.a.org", "a.org", True),
        ("a.org", "mail.a.org", True),
        ("ba.org", "a.org", False),
        ("b.org", "a.org", False),
    ],
)
def test_domains_belong_together_where_one_is_above_the_other(one: str, other: str, together: bool) -> None:
    assert belong_together(one, other) is together


def test_a_server_on_this_machine_may_go_without_encryption(sound: Settings) -> None:
    findings = connection(sound, NOW)

    assert [(each.mark, each.about) for each in findings] == [
        (Mark.OK, "mail server"),
        (Mark.OK, "encryption"),
        (Mark.OK, "sign-in"),
    ]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(("days", "mark"), [(90, Mark.OK), (3, Mark.LOOK)])
def test_encryption_and_the_certificates_end_are_told(
    sound: Settings,
    new_smtp_server: NewServer,
    certificate_for: CertificateFor,
    authority_file: Path,
    security: Literal["starttls", "tls"],
    days: int,
    mark: Mark,
) -> None:
    end = NOW + timedelta(days=days)
    certificate = certificate_for("127.0.0.1", not_after=end)
    server = new_smtp_server(certificate=certificate, implicit_tls=security == "tls", users={"cpor": "secret"})
    secure = replace(
        sound,
        mail_port=server.port,
        mail_security=security,
        mail_ca_file=str(authority_file),
        mail_username="cpor",
        mail_password="secret",
    )

    findings = connection(secure, NOW)

    assert about(findings, "encryption").mark is mark
    assert "TLSv1.3" in about(findings, "encryption").words
    assert f"{end:%Y-%m-%d}" in about(findings, "encryption").words
    assert about(findings, "sign-in").words == "as cpor"


def test_a_wrong_certificate_is_told_with_what_to_check(
    sound: Settings, new_smtp_server: NewServer, certificate_for: CertificateFor, authority_file: Path
) -> None:
    server = new_smtp_server(certificate=certificate_for("mail.example.org"))
    wrong = replace(sound, mail_port=server.port, mail_security="starttls", mail_ca_file=str(authority_file))

    (finding,) = connection(wrong, NOW)

    assert finding.mark is Mark.WRONG
    assert "CERTIFICATE_VERIFY_FAILED" in finding.words
    assert "CPOR_MAIL_SECURITY" in finding.do


def test_nobody_listening_and_a_wrong_password_are_told(sound: Settings, new_smtp_server: NewServer) -> None:
    server = new_smtp_server(users={"cpor": "secret"})
    password = replace(sound, mail_port=server.port, mail_username="cpor", mail_password="wrong")
    (refused,) = connection(password, NOW)
    server.stop()
    (nobody,) = connection(replace(sound, mail_port=server.port), NOW)

    assert (refused.mark, nobody.mark) == (Mark.WRONG, Mark.WRONG)
    assert "CPOR_MAIL_PASSWORD" in refused.do
    assert "CPOR_MAIL_PORT" in nobody.do
    assert "wrong" not in refused.words
