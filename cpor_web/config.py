"""Every setting: its default, its meaning, its check. All problems are told at once.

A setting is named CPOR_ and its field in capitals. Values are text in the environment and typed here.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from cpor_web.rules.editions import EDITIONS

PREFIX = "CPOR_"
FOR_TESTS = "CPOR_TEST_"
SHORTEST_KEY = 32


class ConfigError(ValueError):
    """The settings cannot be used; `problems` has a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def setting(default: Any, meaning: str, parse: Callable[[str], Any] = str) -> Any:
    """Declare a setting: `parse` turns text into the value or raises ValueError with what would be right."""
    return field(default=default, metadata={"meaning": meaning, "parse": parse})


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text

    return parse


def _number(kind: type[int] | type[float], least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise ValueError(f"a{' whole' if kind is int else ''} number from {least:g} to {most:g}")
        return value

    return parse


def _yes_or_no(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("0 or 1")
    return text == "1"


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _keys(text: str) -> tuple[str, ...]:
    keys = _words(text)
    if not keys or min(map(len, keys)) < SHORTEST_KEY:
        raise ValueError(f"keys of at least {SHORTEST_KEY} characters, the newest first, separated by commas")
    return keys


def _webhook_secrets(text: str) -> tuple[str, ...]:
    """Take secrets as Standard Webhooks writes them: base64 of 24 to 64 bytes, with "whsec_" in front or without."""
    secrets = tuple(word.removeprefix("whsec_") for word in _words(text))
    try:
        lengths = [len(base64.b64decode(secret, validate=True)) for secret in secrets]
    except binascii.Error:
        lengths = []
    if not lengths or min(lengths) < 24 or max(lengths) > 64:
        raise ValueError("secrets of 24 to 64 bytes in base64, the newest first, separated by commas")
    return secrets


def _endpoint(text: str) -> str:
    what = "an address that starts with https:// (or http:// for trying out), without a name or password"
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[!-\"$-~]*)?", text):
        raise ValueError(what)
    try:
        urlsplit(text).port  # noqa: B018 - raises where there can be no such port
    except ValueError:
        raise ValueError(what) from None
    return text


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        raise ValueError("an address that starts with https:// (or http:// for trying out)")
    return text.rstrip("/")


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("a time zone of the IANA database, such as Europe/Berlin") from None


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekend(text: str) -> frozenset[int]:
    days = _words(text.lower())
    if not set(days) < set(WEEKDAYS):
        raise ValueError(f"days among {', '.join(WEEKDAYS)}, but not all of them")
    return frozenset(WEEKDAYS.index(day) for day in days)


def _closures(text: str) -> tuple[date, ...]:
    try:
        return tuple(date.fromisoformat(day) for day in _words(text))
    except ValueError:
        raise ValueError("dates such as 2026-12-24, separated by commas") from None


def _address(text: str) -> str:
    if not re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", text):
        raise ValueError("an e-mail address")
    return text


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


_days = _number(int, 1, 366)


@dataclass(frozen=True)
class Settings:
    """What the operator decides. `from_environ` makes it."""

    environment: str = setting(
        "production", "production, or development for trying out", _one_of("production", "development")
    )
    secret_keys: tuple[str, ...] = setting((), "key ring for sessions, newest first, separated by commas", _keys)
    consent_keys: tuple[str, ...] = setting((), "key ring for the links in mails; another one", _keys)
    public_url: str = setting("", "where people reach this site; links in mails begin with it", _url)
    database_url: str = setting("", "postgresql+psycopg://user:password@host/name")
    redis_url: str = setting("redis://127.0.0.1:6379/0", "the doorbell; it may be away")
    data_dir: Path = setting(Path("var"), "folder for what this machine keeps", _path)
    documents_url: str = setting("", "where documents are kept: a folder, or s3://…; default: in the data folder")
    host: str = setting("127.0.0.1", "address that the web server listens on")
    port: int = setting(8000, "its port", _number(int, 1, 65535))
    web_threads: int = setting(8, "requests that are answered at the same time", _number(int, 1, 256))
    workers: int = setting(1, "worker processes for mail and deadlines", _number(int, 1, 64))
    trusted_proxies: int = setting(0, "proxies in front whose X-Forwarded headers count", _number(int, 0, 5))

    operator_name: str = setting("Example Vendor", "the vendor that runs the programme, as people know it")
    programme_name: str = setting("Claimed Partner of Record (CPOR)", "the programme, in full")
    programme_guide_url: str = setting("https://vendor.example.com/programme-guide", "where its guide is", _url)
    catalogue: str = setting("", "file of areas, activities and products; default: the sample that is shipped")

    time_zone: ZoneInfo = setting(ZoneInfo("UTC"), "the operator's time zone", _zone)
    country: str = setting("", "country whose holidays count, such as DE; empty: none")
    subdivision: str = setting("", "its state or province, such as BY")
    weekend: frozenset[int] = setting(frozenset({5, 6}), "days that are not worked (default: sat,sun)", _weekend)
    closures: tuple[date, ...] = setting((), "own closures: dates, separated by commas", _closures)

    guide: str = setting("2020", "edition of the guide, which sets every period below", _one_of(*EDITIONS))
    submitted_days: int | None = setting(None, "business days until a review starts; 2020: 5, 2023: 5", _days)
    review_days: int | None = setting(None, "business days to decide; 2020: 5, 2023: 14", _days)
    partner_days: int | None = setting(None, "business days for the partner to answer; 2020: 5, 2023: 14", _days)
    consent_days: float | None = setting(
        None, "days for the customer to deny: 7; fractions are taken exactly", _number(float, 0, 366)
    )
    dispute_days: int | None = setting(None, "days to dispute a rejection: 30", _days)
    consent_grace: float = setting(900, "seconds between the printed end and the closing", _number(float, 0, 86400))
    tick_seconds: float = setting(5, "seconds between two looks at what is due", _number(float, 0.05, 300))

    mail_server: str = setting("127.0.0.1", "SMTP server")
    mail_port: int = setting(25, "its port", _number(int, 1, 65535))
    mail_security: Literal["none", "starttls", "tls"] = setting(
        "starttls", "none, starttls or tls", _one_of("none", "starttls", "tls")
    )
    mail_username: str = setting("", "account at the SMTP server; empty: none")
    mail_password: str = setting("", "its password")
    mail_ca_file: str = setting("", "certificates to trust instead of the system's")
    mail_timeout: float = setting(30, "seconds to wait for the SMTP server", _number(float, 1, 600))
    mail_from: str = setting("cpor@vendor.example.com", "sender address of every mail", _address)
    reply_to: str = setting("", "where replies go that a person reads; default: the sender", str)
    reviewers_address: str = setting("reviewers@vendor.example.com", "where mail for all reviewers goes", _address)
    one_click: bool = setting(True, "1: notices carry the one-click headers of RFC 8058", _yes_or_no)

    assessor: Literal["built-in", "webhook", "csv"] = setting(
        "built-in",
        "who assesses for incentives: built-in (the catalogue's rules), or a system of yours, told by webhook or csv",
        _one_of("built-in", "webhook", "csv"),
    )
    assessment_url: str = setting("", "where webhooks to your assessor are posted", _endpoint)
    assessment_secrets: tuple[str, ...] = setting(
        (), "key ring of both directions' signatures, newest first, separated by commas", _webhook_secrets
    )

    upload_mib: int = setting(25, "largest document, in MiB", _number(int, 1, 1024))
    clock_file: str = setting("", "for tests only: a file that moves the clock")

    @property
    def in_production(self) -> bool:
        return self.environment == "production"

    @property
    def documents(self) -> str:
        return self.documents_url or str(self.data_dir / "documents")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings, or raise ConfigError naming every problem at once. Empty counts as not set."""
        given = {
            name: text
            for name, text in environ.items()
            if name.startswith(PREFIX) and not name.startswith(FOR_TESTS) and text.strip()
        }
        known = {env_name(f): f for f in fields(cls)}
        problems = [f"{name} is not a setting. Check its spelling." for name in sorted(given.keys() - known.keys())]
        values = {}
        for name in sorted(known.keys() & given.keys()):
            try:
                values[known[name].name] = known[name].metadata["parse"](given[name].strip())
            except ValueError as error:
                problems.append(f"{name} must be {error}.")
        settings = cls(**values)
        problems += sorted(_problems_together(settings, known.keys() & given.keys()))
        if problems:
            raise ConfigError(problems)
        return settings


def env_name(f: Field[Any]) -> str:
    """Return the environment's name of a settings field."""
    return PREFIX + f.name.upper()


def table() -> list[tuple[str, str, str]]:
    """Return (name, default, meaning) of every setting, for the README and `cpor settings`."""
    return [(env_name(f), _shown(f.default), f.metadata["meaning"]) for f in fields(Settings)]


def _shown(default: object) -> str:
    if default is MISSING or default in ("", (), None):
        return ""
    if isinstance(default, bool):
        return "1" if default else "0"
    if isinstance(default, frozenset):
        return ",".join(WEEKDAYS[day] for day in sorted(default))
    return str(default)


def _problems_together(settings: Settings, given: set[str]) -> list[str]:
    needed = {
        "CPOR_SECRET_KEYS": "Make one with: cpor keys new",
        "CPOR_CONSENT_KEYS": "Make one with: cpor keys new. It is not the ring of CPOR_SECRET_KEYS",
        "CPOR_PUBLIC_URL": "Set it to the address that customers can open",
        "CPOR_DATABASE_URL": "Set it to postgresql+psycopg://…",
    }
    problems = [f"{name} is not set. {what}." for name, what in needed.items() if name not in given]
    if set(settings.secret_keys) & set(settings.consent_keys):
        problems.append("CPOR_SECRET_KEYS and CPOR_CONSENT_KEYS share a key. Use two rings.")
    problems += _problems_of_calendar(settings)
    problems += _problems_of_assessor(settings)
    if settings.in_production:
        if settings.public_url and not settings.public_url.startswith("https://"):
            problems.append("CPOR_PUBLIC_URL must start with https:// in production.")
        if settings.clock_file:
            problems.append("CPOR_CLOCK_FILE is for tests only.")
    return problems


def _problems_of_calendar(settings: Settings) -> list[str]:
    if not settings.country:
        return ["CPOR_SUBDIVISION needs CPOR_COUNTRY."] if settings.subdivision else []
    try:
        holidays.country_holidays(settings.country, subdiv=settings.subdivision or None)
    except NotImplementedError:
        return ["CPOR_COUNTRY and CPOR_SUBDIVISION must be codes of ISO 3166 whose holidays are known: DE and BY."]
    return []


def _problems_of_assessor(settings: Settings) -> list[str]:
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


def for_flask(settings: Settings) -> dict[str, Any]:
    """Return what Flask and its extensions read from `app.config`."""
    newest, *older = settings.secret_keys
    secure = settings.public_url.startswith("https://")
    return {
        "SECRET_KEY": newest,
        "SECRET_KEY_FALLBACKS": older,
        "SESSION_COOKIE_NAME": "cpor",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PREFERRED_URL_SCHEME": "https" if secure else "http",
        "MAX_CONTENT_LENGTH": (settings.upload_mib + 1) * 2**20,  # one MiB for the rest of the form
        "MAX_FORM_MEMORY_SIZE": 2**20,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "connect_args": {"options": _database_limits(settings)},
            "pool_pre_ping": True,
            "hide_parameters": True,  # an error's text goes into the log, where no address belongs
        },
        "RATELIMIT_STORAGE_URI": _limiter_url(settings.redis_url),
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "RATELIMIT_SWALLOW_ERRORS": True,
        "RATELIMIT_STORAGE_OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
        "BOOTSTRAP_SERVE_LOCAL": True,
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _database_limits(settings: Settings) -> str:
    # Below the grace: whatever a request of a customer waits for, it ends before a window is closed over it.
    limit = int(1000 * min(20.0, max(1.0, settings.consent_grace * 0.8)))
    return f"-c lock_timeout={limit // 2} -c statement_timeout={limit} -c idle_in_transaction_session_timeout={limit}"


def _limiter_url(redis_url: str) -> str:
    return redis_url.replace("unix://", "redis+unix://", 1) if redis_url.startswith("unix://") else redis_url
