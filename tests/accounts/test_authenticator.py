"""The codes of authenticator apps."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as some

from cpor_web.accounts.authenticator import Authenticator

KEYS = ("k" * 40,)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NOW_OF_RFC = datetime.fromtimestamp(1111111109, UTC)
RFC = '{"type": "totp", "v": 1, "key": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}'
"""The secret of RFC 6238, appendix B."""


def test_codes_are_those_of_the_rfc() -> None:
    ours = Authenticator(KEYS, "X")
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        now = datetime.fromtimestamp(seconds, UTC)
        assert ours.number_of(code, RFC, after=None, now=now) == seconds // 30


def test_a_code_may_be_half_a_minute_off_and_no_more() -> None:
    ours = Authenticator(KEYS, "X")
    near = [
        ours.number_of("081804", RFC, after=None, now=NOW_OF_RFC + timedelta(seconds=off)) for off in range(-90, 91)
    ]
    right = [number is not None for number in near]
    assert sum(right) == 90, "30 of its own, 30 before and 30 after"


def test_the_address_has_the_letters_and_whose_they_are() -> None:
    ours = Authenticator(KEYS, "Claimed: Partner & of Record")
    secret = ours.new()
    parts = urlsplit(ours.address(secret, "rosa@vendor.example.com"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path).endswith(":rosa@vendor.example.com")
    assert parse_qs(parts.query)["secret"] == [ours.letters(secret).replace(" ", "")]


@given(some.text(max_size=40))
def test_any_text_may_be_typed_and_only_digits_are_a_code(typed: str) -> None:
    number = Authenticator(KEYS, "X").number_of(typed, RFC, after=None, now=NOW)
    assert number is None or typed.strip().isdigit()
