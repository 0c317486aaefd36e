"""The site as people reach it: its address, its certificate, and whether a stalled upload would hold others up."""

import http.client
import socket
import ssl
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from cpor_web.config import Settings
from cpor_web.doctor.findings import Finding, look, ok, wrong

ANSWER_SECONDS = 10.0
STALLED_SECONDS = 2.0
PAGE = "/keys"
"""Everybody may read it, and only by a name of ours: what machines ask is answered by any."""
OURS = b'"algorithm":"Ed25519"'


def settings_of_front(settings: Settings) -> list[Finding]:
    """Return what the settings themselves tell of the way in."""
    if not settings.in_production:
        return [look("environment", "is development, for trying out", "Unset CPOR_ENVIRONMENT for people's claims.")]
    findings = [ok("environment", "production")]
    if not settings.trusted_proxies:
        do = "Put a proxy in front that takes requests in whole (deploy/nginx.conf), and set CPOR_TRUSTED_PROXIES=1."
        findings.append(look("proxy", "none is trusted: everybody seems to come from its address", do))
    return findings


def public_address(settings: Settings) -> list[Finding]:
    """Open the public address from here, and send a request that stops in its middle."""
    where = urlsplit(settings.public_url)
    try:
        status, body = _asked(where)
    except ssl.SSLCertVerificationError as error:
        return [wrong("public address", f"its certificate: {error.verify_message}", "Renew or mend it at the proxy.")]
    except (OSError, http.client.HTTPException) as error:
        do = "Start web and proxy; check CPOR_PUBLIC_URL, the DNS, and whether this machine may reach it."
        return [wrong("public address", f"{settings.public_url} does not answer: {type(error).__name__}", do)]
    if status != 200 or OURS not in body.replace(b" ", b""):
        do = "Another site answers, or the proxy cannot reach us: check its configuration, and CPOR_TRUSTED_HOSTS."
        return [wrong("public address", f"{PAGE} answers {status}, and not as we do", do)]
    return [ok("public address", f"{settings.public_url} answers"), _stalled(where)]


def _asked(where: SplitResult) -> tuple[int, bytes]:
    connection = _connection(where)
    try:
        connection.request("GET", f"{where.path}{PAGE}")
        answer = connection.getresponse()
        return answer.status, answer.read(1000)
    finally:
        connection.close()


def _connection(where: SplitResult) -> http.client.HTTPConnection:
    host, port = where.hostname or "", where.port
    if where.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=ANSWER_SECONDS, context=context)
    return http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)


def _stalled(where: SplitResult) -> Finding:
    """Send the beginning of a request alone: who answers it already has given a thread to it."""
    connection = _connection(where)
    try:
        connection.putrequest("POST", f"{where.path}/healthz")
        connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"a=")
        connection.sock.settimeout(STALLED_SECONDS)
        with suppress(TimeoutError):
            if connection.sock.recv(1):
                do = "Use the server of cpor web, and proxy_request_buffering on in nginx (deploy/nginx.conf)."
                return look("stalled uploads", "a request is worked on before all of it is there", do)
    except (OSError, http.client.HTTPException, socket.gaierror) as error:
        return look("stalled uploads", f"could not be tried: {type(error).__name__}")
    finally:
        connection.close()
    return ok("stalled uploads", "wait outside: a request is taken in whole before anybody works on it")
