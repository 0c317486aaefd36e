"""Kinds of settings: each turns text into a value, or raises ValueError with what would be right."""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SHORTEST_KEY = 32
LONGEST_RETURN_LOCAL = 20
LARGEST_PICTURE = 256 * 1024


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text

    return parse


def number(kind: type[int] | type[float], least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise ValueError(f"a{' whole' if kind is int else ''} number from {least:g} to {most:g}")
        return value

    return parse


def yes_or_no(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("0 or 1")
    return text == "1"


def words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def keys(text: str) -> tuple[str, ...]:
    keys = words(text)
    if not keys or min(map(len, keys)) < SHORTEST_KEY:
        raise ValueError(f"keys of at least {SHORTEST_KEY} characters, the newest first, separated by commas")
    return keys


def signing_keys(text: str) -> tuple[str, ...]:
    """Take seeds of Ed25519 (RFC 8032): 32 bytes each in URL-safe base64, as `cpor keys new` prints."""
    keys = words(text)
    if not keys or not all(re.fullmatch(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", key) for key in keys):
        raise ValueError("keys as cpor keys new prints them, the newest first, separated by commas")
    return keys


def webhook_secrets(text: str) -> tuple[str, ...]:
    """Take secrets as Standard Webhooks writes them: base64 of 24 to 64 bytes, with "whsec_" in front or without."""
    secrets = tuple(word.removeprefix("whsec_") for word in words(text))
    try:
        lengths = [len(base64.b64decode(secret, validate=True)) for secret in secrets]
    except binascii.Error:
        lengths = []
    if not lengths or min(lengths) < 24 or max(lengths) > 64:
        raise ValueError("secrets of 24 to 64 bytes in base64, the newest first, separated by commas")
    return secrets


def endpoint(text: str) -> str:
    right = "an address that starts with https:// (or http:// for trying out), without a name or password"
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[!-\"$-~]*)?", text):
        raise ValueError(right)
    try:
        urlsplit(text).port  # noqa: B018 - raises where there can be no such port
    except ValueError:
        raise ValueError(right) from None
    return text


def database(text: str) -> str:
    if not text.startswith("postgresql+psycopg://"):
        raise ValueError("the address of a PostgreSQL database: postgresql+psycopg://user:password@host/name")
    return text


def url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        raise ValueError("an address that starts with https:// (or http:// for trying out)")
    return text.rstrip("/")


def zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("a time zone of the IANA database, such as Europe/Berlin") from None


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekend(text: str) -> frozenset[int]:
    days = words(text.lower())
    if not set(days) < set(WEEKDAYS):
        raise ValueError(f"days among {', '.join(WEEKDAYS)}, but not all of them")
    return frozenset(WEEKDAYS.index(day) for day in days)


def closures(text: str) -> tuple[date, ...]:
    try:
        return tuple(date.fromisoformat(day) for day in words(text))
    except ValueError:
        raise ValueError("dates such as 2026-12-24, separated by commas") from None


def address(text: str) -> str:
    if not re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", text):
        raise ValueError("an e-mail address")
    return text


def return_address(text: str) -> str:
    """Take an address whose local part has room for "+" and what makes it a mail's own (RFC 5321: 64 octets)."""
    if len(address(text).partition("@")[0]) > LONGEST_RETURN_LOCAL or "+" in text:
        raise ValueError(f"an e-mail address with at most {LONGEST_RETURN_LOCAL} characters and no + before the @")
    return text


_LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"


def domain(text: str) -> str:
    if not re.fullmatch(rf"({_LABEL}\.)+{_LABEL}", text.lower()):
        raise ValueError("a domain in ASCII, such as vendor.example.com")
    return text.lower()


def selector(text: str) -> str:
    """Take a DKIM selector (RFC 6376 section 3.1): labels of a domain name."""
    if not re.fullmatch(rf"({_LABEL}\.)*{_LABEL}", text.lower()):
        raise ValueError("letters, digits and hyphens, such as cpor")
    return text.lower()


def path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def colour(text: str) -> str:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", text):
        raise ValueError("a colour such as #0b57c2")
    return text.lower()


def picture(text: str) -> str:
    """Take the path of a file that `picture_type` knows; it is read once, at the start."""
    file = path(text)
    if not file.is_file() or file.stat().st_size > LARGEST_PICTURE or not picture_type(file.read_bytes()):
        raise ValueError(f"an SVG, PNG, JPEG or WebP file of at most {LARGEST_PICTURE // 1024} KiB")
    return str(file)


def picture_type(content: bytes) -> str:
    """Return the media type of a picture, told by its content; empty where it is none that browsers show safely."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if re.match(
        rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE svg[^>\[]*>\s*)?<svg[\s>]",
        content,
        re.DOTALL,
    ):
        return "image/svg+xml"
    return next((kind for start, kind in _PICTURES.items() if content.startswith(start)), "")


_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}

days = number(int, 1, 366)
