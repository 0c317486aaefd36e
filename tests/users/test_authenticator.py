"""The codes of authenticator apps."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as some

from cpor_web.users.authenticator import Authenticator

KEYS = ("k" * 40,)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NOW_OF_RFC = datetime.fromtimestamp(1111111109, UTC)
RFC = Authenticator(KEYS, "X").sealed(b"12345678901234567890")
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


def test_a_secret_that_was_changed_or_chosen_by_who_has_no_key_opens_nothing() -> None:
    ours = Authenticator(KEYS, "X")
    form, id, text = RFC.split(".")
    plain = '{"type": "totp", "v": 1, "key": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}'
    others = Authenticator(("o" * 40,), "X").sealed(b"12345678901234567890")
    changed = [
        f"{form}.{id}.{text[:place]}{'A' if text[place] != 'A' else 'B'}{text[place + 1 :]}" for place in range(48)
    ]
    for secret in (plain, others, f"{form}.{id}.{others.split('.')[2]}", f"{form}.{id}.", "", "{", "gcm1", *changed):
        assert ours.number_of("081804", secret, after=None, now=NOW_OF_RFC) is None, secret


def test_a_key_that_is_new_encrypts_anew_and_one_that_has_gone_opens_nothing() -> None:
    both, alone = Authenticator(("n" * 40, *KEYS), "X"), Authenticator(("n" * 40,), "X")
    assert alone.number_of("081804", RFC, after=None, now=NOW_OF_RFC) is None
    assert alone.renewed(RFC) == RFC
    assert alone.number_of("081804", both.renewed(RFC), after=None, now=NOW_OF_RFC) is not None
