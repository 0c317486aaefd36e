"""Every setting, a field each: its default, its meaning, its check. What must fit together is in `together.py`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from cpor_web.config import kinds, reading, together, urls
from cpor_web.config.declaring import setting
from cpor_web.config.kinds import IPNetwork
from cpor_web.rules.editions import EDITIONS
from cpor_web.rules.roles import REVIEWERS, Role

MOST_BY_DEFAULT = 4
"""Processes of the web server, each with as many connections to the database as it has threads."""


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, eq=False, repr=False)  # nobody compares them, and nobody is to see the keys
class Settings:
    """What the operator decides. `from_environ` makes it."""

    environment: str = setting(
        "production", "production, or development for trying out", kinds.one_of("production", "development")
    )
    secret_keys: tuple[str, ...] = setting((), "key ring for sessions, newest first, separated by commas", kinds.keys)
    consent_keys: tuple[str, ...] = setting((), "key ring for the links in mails; another one", kinds.keys)
    signing_keys: tuple[str, ...] = setting(
        (), "key ring that signs consent records and checkpoints of the history; a third one", kinds.signing_keys
    )
    public_url: str = setting("", "where people reach this site; links in mails begin with it", urls.url)
    database_url: str = setting("", "postgresql+psycopg://user:password@host/name", urls.database)
    redis_url: str = setting("redis://127.0.0.1:6379/0", "the doorbell; it may be away", urls.redis)
    data_dir: Path = setting(Path("var"), "folder for what this machine keeps", kinds.path)
    documents_url: str = setting(
        "",
        "where documents are kept: a folder, file://, s3://… (others: untested); default: in the data folder",
        urls.documents,
    )
    host: str = setting("127.0.0.1", "address that the web server listens on")
    port: int = setting(8000, "its port", kinds.number(int, 1, 65535))
    web_processes: int | None = setting(
        None, "processes that answer requests; default: one a core, at most 4", kinds.number(int, 1, 64)
    )
    web_threads: int = setting(8, "requests that each answers at the same time", kinds.number(int, 1, 256))
    workers: int = setting(1, "worker processes for mail and deadlines", kinds.number(int, 1, 64))
    trusted_proxies: int = setting(0, "proxies in front whose X-Forwarded headers count", kinds.number(int, 0, 5))
    trusted_hosts: tuple[str, ...] = setting(
        (), "names that this site is asked for by, beside that of CPOR_PUBLIC_URL; others are refused", kinds.words
    )

    second_factor_roles: frozenset[Role] | None = setting(
        None,
        "roles that must have a second factor, or none; default: reviewer,administrator in production, else none",
        kinds.second_factor_roles,
    )

    session_idle_hours: float = setting(
        8, "hours without use after which one is signed out", kinds.number(float, 0.25, 8760)
    )
    session_days: float = setting(
        14, "days after which one signs in anew in any case", kinds.number(float, 0.25, 3660)
    )

    operator_name: str = setting(
        "Example Vendor", "the vendor that runs the programme, as people know it", kinds.line
    )
    operator_logo: str = setting("", "its logo, shown beside its name: an SVG, PNG, JPEG or WebP file", kinds.picture)
    operator_colour: str = setting("", "its colour, #rrggbb; where it could not be read, a shade of it", kinds.colour)
    programme_name: str = setting("Claimed Partner of Record (CPOR)", "the programme, in full", kinds.line)
    programme_guide_url: str = setting("https://vendor.example.com/programme-guide", "where its guide is", urls.url)
    catalogue: str = setting("", "file of areas, activities and products; default: the sample that is shipped")

    time_zone: ZoneInfo = setting(ZoneInfo("UTC"), "the operator's time zone", kinds.zone)
    country: str = setting("", "country whose holidays count, such as DE; empty: none")
    subdivision: str = setting("", "its state or province, such as BY")
    weekend: frozenset[int] = setting(frozenset({5, 6}), "days that are not worked (default: sat,sun)", kinds.weekend)
    closures: tuple[date, ...] = setting((), "own closures: dates, separated by commas", kinds.closures)

    guide: str = setting("2020", "edition of the guide, which sets every period below", kinds.one_of(*EDITIONS))
    submitted_days: int | None = setting(None, "business days until a review starts; 2020: 5, 2023: 5", kinds.days)
    review_days: int | None = setting(None, "business days to decide; 2020: 5, 2023: 14", kinds.days)
    partner_days: int | None = setting(None, "business days for the partner to answer; 2020: 5, 2023: 14", kinds.days)
    consent_days: float | None = setting(
        None, "days for the customer to deny: 7; fractions are taken exactly", kinds.number(float, 0, 366)
    )
    dispute_days: int | None = setting(None, "days to dispute a rejection: 30", kinds.days)
    dispute_review_days: int | None = setting(None, "business days to decide on a dispute: 5", kinds.days)
    consent_grace: float = setting(
        900, "seconds between the printed end and the closing", kinds.number(float, 0, 86400)
    )
    tick_seconds: float = setting(5, "seconds between two looks at what is due", kinds.number(float, 0.05, 300))

    mail_server: str = setting("127.0.0.1", "SMTP server")
    mail_port: int = setting(25, "its port", kinds.number(int, 1, 65535))
    mail_security: Literal["none", "starttls", "tls"] = setting(
        "starttls", "none, starttls or tls", kinds.one_of("none", "starttls", "tls")
    )
    mail_username: str = setting("", "account at the SMTP server; empty: none")
    mail_password: str = setting("", "its password")
    mail_ca_file: str = setting("", "certificates to trust instead of the system's")
    mail_timeout: float = setting(
        30, "seconds to wait for each answer of the SMTP server, and of the mailbox's", kinds.number(float, 1, 600)
    )
    mail_from: str = setting("cpor@vendor.example.com", "sender address of every mail", kinds.address)
    reply_to: str = setting("", "where replies go that a person reads; default: the sender", kinds.address)
    reviewers_address: str = setting(
        "reviewers@vendor.example.com", "where mail for all reviewers goes", kinds.address
    )
    return_address: str = setting(
        "",
        "where reports of undelivered mail go, such as returns@…: each mail gets its own, returns+…@…; empty: none",
        kinds.return_address,
    )
    imap_server: str = setting("", "mailbox that is read for reports and replies (IMAP); empty: none")
    imap_port: int = setting(993, "its port", kinds.number(int, 1, 65535))
    imap_security: Literal["none", "starttls", "tls"] = setting(
        "tls", "none, starttls or tls", kinds.one_of("none", "starttls", "tls")
    )
    imap_username: str = setting("", "its account")
    imap_password: str = setting("", "its password")
    imap_folder: str = setting("INBOX", "its folder; what was read is moved out of it")
    dkim_domain: str = setting("", "domain that we sign mail for (DKIM); empty: your relay signs", kinds.domain)
    dkim_selector: str = setting("cpor", "its selector", kinds.selector)
    dkim_key_file: str = setting("", "file of the private key: PEM, RSA of 2048 bits or more, or Ed25519")
    hold_share: float = setting(
        0.2, "share of a day's notices that, undelivered, holds all closing", kinds.number(float, 0, 1)
    )
    hold_count: int = setting(10, "but never fewer undelivered notices than this", kinds.number(int, 1, 1_000_000))
    hold_partners: int = setting(
        3, "nor of fewer partners, where so many ask: one or two alone may bring it about", kinds.number(int, 1, 1000)
    )
    checkpoints_dir: str = setting(
        "", "folder for signed checkpoints of the history; default: in the data folder", kinds.folder
    )
    checkpoint_minutes: int = setting(60, "minutes between two checkpoints", kinds.number(int, 1, 1440))
    keep_received_days: int = setting(90, "days that reports and replies are kept as they came", kinds.days)
    keep_draft_days: int = setting(
        180, "days after its last change that a draft is deleted, with what its history tells", kinds.kept_days
    )
    keep_people_days: int = setting(
        730, "days after a claim's end that its people, their mails and words are kept", kinds.kept_days
    )
    keep_proof_days: int = setting(730, "days after a claim's end that its documents are kept", kinds.kept_days)
    keep_account_mail_days: int = setting(365, "days that mails of no claim are kept", kinds.kept_days)
    keep_access_days: int = setting(
        1095, "days that it is kept who opened a customer's page or a document", kinds.number(int, 30, 36500)
    )
    one_click: bool = setting(True, "1: notices carry the one-click headers of RFC 8058", kinds.yes_or_no)

    assessor: Literal["built-in", "webhook", "csv"] = setting(
        "built-in",
        "who assesses for incentives: built-in (the catalogue's rules), or a system of yours, told by webhook or csv",
        kinds.one_of("built-in", "webhook", "csv"),
    )
    assessment_url: str = setting("", "where webhooks to your assessor are posted", urls.endpoint)
    assessment_secrets: tuple[str, ...] = setting(
        (), "key ring of both directions' signatures, newest first, separated by commas", kinds.webhook_secrets
    )

    oidc_issuer: str = setting(
        "", "issuer of the provider by which people can also sign in (OpenID Connect); empty: none", urls.issuer
    )
    oidc_client_id: str = setting("", "what we are called there")
    oidc_client_secret: str = setting("", "our password there; empty: a public client, with PKCE alone")
    oidc_name: str = setting("", "the provider, as people know it; default: the operator's name")
    oidc_scopes: str = setting("openid email profile", "what we ask the provider for", kinds.scopes)
    oidc_domains: tuple[str, ...] = setting(
        (), "domains of the e-mail addresses that the provider may vouch for, separated by commas", kinds.domains
    )
    oidc_verified_claim: str = setting("email_verified", "claim that says that the address is verified")
    oidc_role_claim: str = setting("roles", "claim that lists somebody's groups; dots lead into objects")
    oidc_roles: tuple[tuple[str, Role], ...] = setting(
        (), "groups of the operator's people and their roles: group=reviewer,group=administrator", kinds.staff_roles
    )
    oidc_second_factor: bool = setting(
        False, "1: who has a second factor here is asked for it after the provider too", kinds.yes_or_no
    )
    oidc_only: bool = setting(
        False,
        "1: whom the provider has signed in once signs in by it alone: by no password and no passkey",
        kinds.yes_or_no,
    )

    pg_bin: str = setting("", "folder of pg_dump and pg_restore; default: on the PATH, or the embedded PostgreSQL's")
    upload_mib: int = setting(25, "largest document, in MiB", kinds.number(int, 1, 1024))
    uploads_per_hour: int = setting(
        300, "documents and tables that one user may upload in an hour", kinds.number(int, 1, 100_000)
    )
    clamd: str = setting(
        "",
        "scanner for malware that every document must pass: host:port, or a socket's path; empty: none",
        urls.scanner,
    )
    log_format: str = setting("text", "log lines as text, or as json", kinds.one_of("text", "json"))
    metrics_token: str = setting("", "who sends it as a bearer token may read /metrics", kinds.token)
    metrics_from: tuple[IPNetwork, ...] = setting(
        (), "networks that may read /metrics without it, such as 10.0.0.0/8; with neither, nobody may", kinds.networks
    )
    sentry_dsn: str = setting("", "where errors are reported (Sentry, extra `sentry`); empty: nowhere", urls.dsn)
    clock_file: str = setting("", "for tests only: a file that moves the clock")

    @property
    def in_production(self) -> bool:
        return self.environment == "production"

    @property
    def web_processes_number(self) -> int:
        return self.web_processes or min(_cores(), MOST_BY_DEFAULT)

    @property
    def required_second_factor(self) -> frozenset[Role]:
        if self.second_factor_roles is None:
            return REVIEWERS if self.in_production else frozenset()
        return self.second_factor_roles

    @property
    def documents(self) -> str:
        return self.documents_url or str(self.data_dir / "documents")

    @property
    def oidc_called(self) -> str:
        return self.oidc_name or self.operator_name

    @property
    def checkpoints(self) -> Path:
        return Path(self.checkpoints_dir) if self.checkpoints_dir else self.data_dir / "checkpoints"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings, or raise ConfigError naming every problem at once. Empty counts as not set.

        A secret may be in a file that the setting of its name with _FILE behind it names.
        """
        values, given, problems = reading.read(fields(cls), environ)
        settings = cls(**values)
        problems += sorted(together.problems(settings, given))
        if problems:
            raise reading.ConfigError(problems)
        return settings
