"""What settings must be together, beyond what each must be alone."""

from dataclasses import fields
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from cpor_web.config.declaring import env_name

if TYPE_CHECKING:
    from cpor_web.config.settings import Settings

SHORTEST_GRACE = 30
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def problems(settings: "Settings", given: set[str]) -> list[str]:
    """Return a sentence for each setting that is missing, or does not fit another one; `given` are the names set."""
    needed = {
        "CPOR_SECRET_KEYS": "Make one with: cpor keys new",
        "CPOR_CONSENT_KEYS": "Make one with: cpor keys new. It is not the ring of CPOR_SECRET_KEYS",
        "CPOR_SIGNING_KEYS": "Make one with: cpor keys new. It is a ring of its own",
        "CPOR_PUBLIC_URL": "Set it to the address that customers can open",
        "CPOR_DATABASE_URL": "Set it to postgresql+psycopg://…",
    }
    found = [f"{name} is not set. {what}." for name, what in needed.items() if name not in given]
    found += _of_rings(settings)
    found += _of_calendar(settings)
    found += _of_assessor(settings)
    found += _of_mail(settings)
    found += _of_dkim(settings)
    found += _of_oidc(settings, given)
    if settings.in_production:
        if settings.public_url and not settings.public_url.startswith("https://"):
            found.append("CPOR_PUBLIC_URL must start with https:// in production.")
        if settings.consent_grace < SHORTEST_GRACE:
            found.append(f"CPOR_CONSENT_GRACE must be at least {SHORTEST_GRACE} in production.")
        if settings.clock_file:
            found.append("CPOR_CLOCK_FILE is for tests only.")
    return found


def _of_rings(settings: "Settings") -> list[str]:
    rings = {
        "CPOR_SECRET_KEYS": settings.secret_keys,
        "CPOR_CONSENT_KEYS": settings.consent_keys,
        "CPOR_SIGNING_KEYS": settings.signing_keys,
    }
    return [
        f"{one} and {other} share a key. Use two rings."
        for one, other in combinations(rings, 2)
        if set(rings[one]) & set(rings[other])
    ]


def _of_calendar(settings: "Settings") -> list[str]:
    if not settings.country:
        return ["CPOR_SUBDIVISION needs CPOR_COUNTRY."] if settings.subdivision else []
    import holidays

    # To ask for a country's holidays loads every country's, and not every process counts days.
    is_country = settings.country.isupper() and callable(getattr(holidays, settings.country, None))
    if is_country and not settings.subdivision:
        return []
    try:
        holidays.country_holidays(settings.country, subdiv=settings.subdivision or None)
    except NotImplementedError:
        return [
            "CPOR_COUNTRY and CPOR_SUBDIVISION must be codes of ISO 3166 whose holidays are known, such as DE and BY."
        ]
    return []


def _of_assessor(settings: "Settings") -> list[str]:
    if settings.assessor != "webhook":
        return []
    problems = []
    if not settings.assessment_url:
        problems.append("CPOR_ASSESSMENT_URL is not set. CPOR_ASSESSOR=webhook needs to know where to post.")
    if settings.in_production and settings.assessment_url.startswith("http://"):
        problems.append("CPOR_ASSESSMENT_URL must start with https:// in production.")
    if not settings.assessment_secrets:
        what = "CPOR_ASSESSOR=webhook signs with them. Make one with: openssl rand -base64 32"
        problems.append(f"CPOR_ASSESSMENT_SECRETS is not set. {what}.")
    return problems


def is_in_the_clear(*, username: str | None, security: str, server: str) -> bool:
    """Tell whether the mail server's password would cross the network in the clear."""
    return bool(username) and security == "none" and server not in LOOPBACK


def _of_mail(settings: "Settings") -> list[str]:
    server, security = settings.mail_server, settings.mail_security
    if not is_in_the_clear(username=settings.mail_username, security=security, server=server):
        return []
    what = "Without, CPOR_MAIL_PASSWORD would cross the network in the clear"
    return [f"CPOR_MAIL_SECURITY must be starttls or tls where CPOR_MAIL_USERNAME is set. {what}."]


def _of_dkim(settings: "Settings") -> list[str]:
    domain, file = settings.dkim_domain, settings.dkim_key_file
    if not domain:
        return ["CPOR_DKIM_KEY_FILE needs CPOR_DKIM_DOMAIN."] if file else []
    problems = []
    sender = settings.mail_from.partition("@")[2].lower()
    if not f".{sender}".endswith(f".{domain}"):
        problems.append("CPOR_DKIM_DOMAIN must be the domain of CPOR_MAIL_FROM, or one above it: else DMARC fails.")
    if not file:
        problems.append(
            "CPOR_DKIM_KEY_FILE is not set. CPOR_DKIM_DOMAIN signs with it. Make one with: openssl genrsa"
        )
        return problems
    from cpor_web.keys import dkim as dkim_keys  # with what it needs of cryptography, only where it is wanted

    try:
        dkim_keys.read(Path(file))
    except ValueError as error:
        problems.append(f"CPOR_DKIM_KEY_FILE: {file} {error}.")
    return problems


def _of_oidc(settings: "Settings", given: set[str]) -> list[str]:
    if "CPOR_OIDC_ISSUER" not in given:
        others = (f for f in fields(settings) if f.name.startswith("oidc_"))
        alone = sorted(env_name(f) for f in others if getattr(settings, f.name) != f.default)
        return [f"{', '.join(alone)}: set CPOR_OIDC_ISSUER too, or none of them."] if alone else []
    problems = []
    if "CPOR_OIDC_CLIENT_ID" not in given:
        problems.append("CPOR_OIDC_CLIENT_ID is not set. The provider of CPOR_OIDC_ISSUER tells it.")
    if "CPOR_OIDC_DOMAINS" not in given:
        what = "Set it to the domains of the people who sign in by the provider"
        problems.append(f"CPOR_OIDC_DOMAINS is not set. {what}.")
    if settings.in_production and settings.oidc_issuer.startswith("http://"):
        problems.append("CPOR_OIDC_ISSUER must start with https:// in production.")
    return problems
