"""Kinds of settings that are addresses of servers and places. Some hold passwords: no words quote what was given."""

import re
from urllib.parse import SplitResult, urlsplit

from cpor_web.config.kinds import folder

STORES = ("s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss", "http", "https")
"""The schemes of object stores that obstore knows; what it would keep in memory only is left out."""


def _parts(text: str) -> SplitResult | None:
    """Return the parts of an address, None where it cannot be read or its port is none: both raise, and quote it."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises where there can be no such port
    except ValueError:
        return None
    return parts


def endpoint(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[!-\"$-~]*)?", text) or not _parts(text):
        raise ValueError(
            "an address that starts with https:// (or http:// for trying out), without a name or password"
        )
    return text


# As SQLAlchemy reads it: all up to the @ is the password, and only the port can be what it cannot read.
_DATABASE = re.compile(
    r"postgresql\+psycopg://([^:/]*(:[^@]*)?@)?(\[[^/?]+\]|[^/:?]+)?(:(?P<port>[0-9]{0,5}))?(/[^?]*)?(\?.*)?"
)


def database(text: str) -> str:
    read = _DATABASE.fullmatch(text)
    if not read or int(read["port"] or 0) > 65535:
        raise ValueError("the address of a PostgreSQL database: postgresql+psycopg://user:password@host/name")
    return text


def redis(text: str) -> str:
    parts = _parts(text)
    if not parts or not _names_a_redis(parts) or not (parts.query == "" or _takes_options(text)):
        right = "the address of a Redis: redis://:password@host:6379/0, or with rediss:// or unix:///path"
        raise ValueError(f"{right}; in the password / is %2F, # is %23, ? is %3F and @ is %40")
    return text


def _names_a_redis(parts: SplitResult) -> bool:
    # Without a host it is this machine. A password that is cut at its / or # leaves a path that is no number, or what
    # belongs to no such address; one that is cut at its ?, no host.
    if parts.fragment or parts.scheme not in {"redis", "rediss", "unix"}:
        return False
    if parts.scheme == "unix":
        return len(parts.path) > 1
    is_cut = parts.query and not parts.hostname
    return not is_cut and re.fullmatch(r"(/[0-9]*/?)?", parts.path) is not None


def _takes_options(text: str) -> bool:
    from redis import Redis, RedisError  # large, and few addresses have options

    try:
        Redis.from_url(text, socket_timeout=1).connection_pool.make_connection()  # opened only when it is asked
    except (ValueError, TypeError, RedisError):
        return False
    return True


def documents(text: str) -> str:
    """Take a folder, or an address. A folder has no scheme: where `s3:bucket` was one, nobody would notice."""
    scheme, colon, rest = text.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return folder(text)
    if not re.match("//(localhost)?/." if scheme == "file" else "//[^/]", rest) or scheme not in {"file", *STORES}:
        raise ValueError("a folder's path, file:///path, or an object store's address such as s3://bucket/folder")
    return text


def url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text) or not _parts(text):
        raise ValueError("an address that starts with https:// (or http:// for trying out)")
    return text.rstrip("/")


def issuer(text: str) -> str:
    """Take an issuer as it calls itself, to the letter: with a slash at its end or without (OIDC Core section 2)."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[!-\"$->@-~]*)?", text) or not _parts(text):
        raise ValueError("an address that starts with https:// (or http:// for trying out), without ? or #")
    return text


def scanner(text: str) -> str:
    """Take where a clamd listens."""
    if text.startswith("/"):
        return text
    if not re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?", text) or not _parts(f"//{text}"):
        raise ValueError("host:port such as 127.0.0.1:3310, or the path of a socket such as /run/clamav/clamd.ctl")
    return text


def dsn(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9:]+@[A-Za-z0-9.:\[\]-]+/([!-.0-~][!-~]*)?[0-9]+", text) or not _parts(
        text
    ):
        raise ValueError("a DSN as Sentry shows it: https://key@host/number")
    return text
