"""Kinds of settings: each turns text into a value, or raises ValueError with what would be right."""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cpor_web.addresses import UnsupportedAddress, ascii_address
from cpor_web.picture_types import picture_type
from cpor_web.rules.characters import has_breaks
from cpor_web.rules.roles import REVIEWERS, USER_ROLES, Role

SHORTEST_KEY = 32
SHORTEST_TOKEN = 16
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
    if any(len(part) >= SHORTEST_KEY for key in keys for part in key.split() if part != key):
        # Two keys in two lines would be one more, which signed nothing. Words of a phrase are no keys.
        raise ValueError("keys without white space between them: separate keys by commas")
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


def second_factor_roles(text: str) -> frozenset[Role]:
    if text == "none":
        return frozenset()
    named = {role.value: role for role in Role if role in USER_ROLES}
    try:
        return frozenset(named[name] for name in words(text))
    except KeyError:
        raise ValueError(f"none, or roles separated by commas: {', '.join(named)}") from None


def zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the database is one of its names too
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


def line(text: str) -> str:
    """Take words that stand in a mail's headers, which break at nothing that is in them."""
    if has_breaks(text):
        raise ValueError("text in UTF-8 without line breaks, tabs or other control characters")
    return text


def address(text: str) -> str:
    """Take what a mail's headers and the mail server are given as it is: else every mail would be refused."""
    try:
        return ascii_address(text)
    except UnsupportedAddress:
        right = "an e-mail address alone, without a name beside it, and in ASCII before its @"
        raise ValueError(f"{right}: claims@vendor.example.com") from None


def return_address(text: str) -> str:
    """Take an address whose local part has room for "+" and what makes it a mail's own (RFC 5321: 64 octets)."""
    taken = address(text)
    if len(taken.partition("@")[0]) > LONGEST_RETURN_LOCAL or "+" in taken:
        raise ValueError(f"an e-mail address with at most {LONGEST_RETURN_LOCAL} characters and no + before the @")
    return taken


_LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"


def domain(text: str) -> str:
    if not re.fullmatch(rf"({_LABEL}\.)+{_LABEL}", text.lower()):
        raise ValueError("a domain in ASCII, such as vendor.example.com")
    return text.lower()


def domains(text: str) -> tuple[str, ...]:
    try:
        return tuple(map(domain, words(text)))
    except ValueError:
        raise ValueError("domains in ASCII, such as vendor.example.com, separated by commas") from None


def scopes(text: str) -> str:
    if not {"openid", "email"} <= set(text.split()):
        raise ValueError("words with openid and email among them, separated by spaces")
    return " ".join(text.split())


def staff_roles(text: str) -> tuple[tuple[str, Role], ...]:
    pairs = [word.rpartition("=") for word in words(text)]
    if not all(group and role in REVIEWERS for group, _, role in pairs):
        raise ValueError("pairs such as cpor-reviewers=reviewer,cpor-admins=administrator")
    return tuple((group, Role(role)) for group, _, role in pairs)


def selector(text: str) -> str:
    """Take a DKIM selector (RFC 6376 section 3.1): labels of a domain name."""
    if not re.fullmatch(rf"({_LABEL}\.)*{_LABEL}", text.lower()):
        raise ValueError("letters, digits and hyphens, such as cpor")
    return text.lower()


def path(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("a path; nobody here has the name behind its ~, or no home") from None


def folder(text: str) -> str:
    return str(path(text))


IPNetwork = IPv4Network | IPv6Network


def networks(text: str) -> tuple[IPNetwork, ...]:
    try:
        return tuple(ip_network(word) for word in words(text))
    except ValueError:
        raise ValueError("addresses or networks such as 10.0.0.0/8, separated by commas") from None


def token(text: str) -> str:
    """Take what an Authorization header can carry (RFC 6750 section 2.1)."""
    if not re.fullmatch(rf"[A-Za-z0-9._~+/-]{{{SHORTEST_TOKEN},}}=*", text):
        raise ValueError(f"at least {SHORTEST_TOKEN} letters and digits, such as cpor keys new prints")
    return text


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


days = number(int, 1, 366)
kept_days = number(int, 1, 36500)
