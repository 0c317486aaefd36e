"""What nobody types by mistake: bytes, for not everything that can be sent is text."""

import itertools
import zlib

from hypothesis import settings

TAG = "hostile"
"""The element that the page must not have, however it is written into a field."""
PRODUCT = "7006652"
"""What 1234 × 5678 is: on the page, if somebody lets a template work on what was typed."""

MIB = 2**20

ALWAYS = (
    f"<{TAG}>\"'</textarea></title><{TAG} onload=x>".encode(),
    b"a\x00b",
    b"\xed\xa0\x80",  # half a character
)
"""What every field is to meet, the first of them at least."""

OTHERS = (
    b"x" * (MIB - 2**14),  # as much as a form may have in all, nearly
    b"",
    b" \t ",
    b"\x00",
    b"\xff\xfe\xfd",
    "\u202egnirts\u200b\u2066".encode(),
    "a\u2028b\u2029c\x85d".encode(),
    "\N{GRINNING FACE}\U000f0000\ufffe".encode(),
    b"Contoso\r\nBcc: mallory@evil.example.org\r\n\r\nhello",
    b"{{ 1234 * 5678 }}{% raw %}",
    b"${1234*5678} #{1234*5678} {0.__class__} %(name)s %s %n",
    b"' OR '1'='1' --",
    b"x'; SELECT pg_sleep(9); --",
    b"../../../../etc/passwd",
    b"..\\..\\windows\\win.ini",
    b"=cmd|'/C calc'!A0",
    b"javascript:alert(1)",
    b"//evil.example.org/x",
    b"https:evil.example.org",
    b"http://[",
    "//\u2100.example.org".encode(),
    b"None",
    b"null",
    b"[]",
    b'{"a": {"$gt": ""}}',
    b"0",
    b"-1",
    b"1.5",
    b"1e309",
    b"NaN",
    b"2147483648",
    b"9223372036854775808",
    b"9" * 5000,
    "\u00b2".encode(),  # a digit to str.isdigit, and no number to int
    "\u0663\uff17".encode(),
    b"0000-00-00",
    b"0001-01-01",
    b"9999-12-31",
    b"10000-01-01",
    b"2026-02-30",
    b"-2026-01-01",
    b"a" * 65 + b"@example.com",
    b"a@" + b"b." * 200 + b"com",
    b"a@xn--0000000000",
    b'"a b"@[127.0.0.1]',
    b"a@b@c",
    b"\xc2\xa0",
    b"{" * 3000,
    b"eyJ" + b"A" * 4500,
    b"W10",  # [] in base64
    b"WyJ4IiwgMV0",  # ["x", 1]
    b"[[" * 2000,
)
"""What each field is to meet some of, each of them some field."""

EXPLORES = settings.get_current_profile_name() == "explore"
"""Whether there is time for more: `make explore`."""

EVERYTHING = (*ALWAYS, *OTHERS)
SHORT = tuple(each for each in EVERYTHING if len(each) < 2000)
"""What can be in an address or a header."""


def some(number: int, *, for_: str, of: tuple[bytes, ...] = OTHERS) -> list[bytes]:
    """Return that many of `of`, others for another name, the same for the same each time."""
    start = zlib.crc32(for_.encode()) % len(of)
    return list(itertools.islice(itertools.cycle(of), start, start + min(number, len(of))))
