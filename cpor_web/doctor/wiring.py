"""The settings of mail, and the connection to the server that they name."""

import ssl
from datetime import UTC, datetime, timedelta

from cpor_web.config import Settings
from cpor_web.config.together import LOOPBACK
from cpor_web.doctor.findings import Finding, look, ok, wrong
from cpor_web.doctor.records import domain_of
from cpor_web.emails.dkim import DkimSigner
from cpor_web.emails.session import MailServer, NotOpened, Session, open_session

SOON = timedelta(days=14)
MEND = {
    "connect": "Check CPOR_MAIL_SERVER and CPOR_MAIL_PORT, and that a firewall lets us out.",
    "greeting": "Something else may listen there: check CPOR_MAIL_PORT. With port 465, CPOR_MAIL_SECURITY=tls.",
    "tls": "Check CPOR_MAIL_SECURITY; the certificate must be for CPOR_MAIL_SERVER's name (CPOR_MAIL_CA_FILE).",
    "auth": "Check CPOR_MAIL_USERNAME and CPOR_MAIL_PASSWORD.",
}
RESERVED = (".example", ".invalid", ".localhost", ".test", ".example.com", ".example.net", ".example.org")  # RFC 2606


def settings_of_mail(settings: Settings, signer: DkimSigner | None) -> list[Finding]:
    """Return what the settings themselves tell, without asking anybody."""
    return [_sender(settings), _returns(settings), _replies(settings), _one_click(settings), _signature(signer)]


def _sender(settings: Settings) -> Finding:
    words = f"{settings.operator_name} <{settings.mail_from}>"
    if f".{domain_of(settings.mail_from)}".endswith(RESERVED):
        return look("sender", f"{words}: a domain for examples, whose mail nobody takes", "Set CPOR_MAIL_FROM.")
    return ok("sender", words)


def _returns(settings: Settings) -> Finding:
    if not settings.return_address:
        do = "Set CPOR_RETURN_ADDRESS, and a window stops by itself when its notice comes back."
        return look("reports", f"of undelivered mail go to the sender, {settings.mail_from}", do)
    if not belong_together(domain_of(settings.return_address), domain_of(settings.mail_from)):
        do = "Use an address at the sender's domain or below it: else SPF says nothing of the sender (DMARC)."
        return look("reports", f"go to {settings.return_address}, of another domain than the sender's", do)
    return ok("reports", f"of undelivered mail go to {settings.return_address}")


def belong_together(one: str, other: str) -> bool:
    """Tell whether one domain is the other, or below it (DMARC's relaxed alignment, as far as names alone tell)."""
    return f".{one}".endswith(f".{other}") or f".{other}".endswith(f".{one}")


def _replies(settings: Settings) -> Finding:
    return ok("replies", f"go to {settings.reply_to or settings.mail_from}; a person reads them")


def _one_click(settings: Settings) -> Finding:
    if not settings.one_click:
        return look("one-click button", "is off", "CPOR_ONE_CLICK=1 lets mail programs show it (RFC 8058).")
    if not settings.public_url.startswith("https://"):
        return look("one-click button", f"needs https, {settings.public_url} is not", "Set CPOR_PUBLIC_URL.")
    return ok("one-click button", f"posts to {settings.public_url}/o/…")


def _signature(signer: DkimSigner | None) -> Finding:
    if signer is None:
        do = "Check a returned copy of a consent notice: cpor mail doctor --returned FILE"
        return look("signature", "your relay is to sign (DKIM), with both List-Unsubscribe headers covered", do)
    return ok("signature", f"we sign for {signer.domain} ({signer.key.algorithm}, selector {signer.selector})")


def connection(settings: Settings, now: datetime) -> list[Finding]:
    """Open a connection to the mail server as the worker does, and leave it again."""
    where = f"{settings.mail_server}:{settings.mail_port}"
    try:
        session = open_session(MailServer.from_settings(settings))
    except NotOpened as failure:
        return [wrong("mail server", f"{where}: {failure.outcome.error}", MEND[failure.outcome.kind])]
    try:
        return [ok("mail server", f"{where} answers"), _tls(session, settings, now), _sign_in(settings)]
    finally:
        session.leave()


def _tls(session: Session, settings: Settings, now: datetime) -> Finding:
    if not isinstance(session.sock, ssl.SSLSocket):
        if settings.mail_server in LOOPBACK:
            return ok("encryption", "none; the server is this machine")
        return look("encryption", "none: mail crosses the network in the clear", "Set CPOR_MAIL_SECURITY.")
    certificate = session.sock.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    words = f"{session.sock.version()}, the certificate is right and ends on {ends:%Y-%m-%d}"
    if ends - now < SOON:
        return look("encryption", words, "Renew it; a certificate that has ended stops all mail.")
    return ok("encryption", words)


def _sign_in(settings: Settings) -> Finding:
    return ok("sign-in", f"as {settings.mail_username}" if settings.mail_username else "none asked for")
