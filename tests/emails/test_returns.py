"""Envelope addresses of each mail's own."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_links import key_id
from cpor_web.emails.returns import ReturnAddresses

OLD, NEW = "the older key of the tests, long enough", "the newer key of the tests, long enough"
BASE = "Returns@Vendor.Example.com"
LARGEST_ID = 2**63 - 1
returns = ReturnAddresses([NEW, OLD], BASE)


def test_an_address_is_the_mails_own_and_the_same_each_time() -> None:
    address = returns.address(42)
    assert re.fullmatch(r"returns\+42-[0-9a-f]{22}@vendor\.example\.com", address)
    assert returns.address(42) == address
    assert returns.address(43) != address


def test_the_longest_address_fits_into_an_envelope() -> None:
    longest = ReturnAddresses([NEW], f"{'r' * 20}@vendor.example.com").address(LARGEST_ID)
    assert len(longest.partition("@")[0]) <= 64


@pytest.mark.parametrize("written", [str.upper, str.title, "Mail for <{}>, please".format, "{}\r\n".format])
def test_it_is_found_however_it_is_written(written: object) -> None:
    assert returns.mail_ids_in(written(returns.address(LARGEST_ID))) == {LARGEST_ID}  # type: ignore[operator]


def test_an_address_is_signed_with_the_key_of_its_mail_while_that_is_in_the_ring() -> None:
    old = ReturnAddresses([OLD], BASE).address(7)
    assert returns.address(7, key=key_id(OLD)) == old
    assert returns.address(7, key="0badc0de") == returns.address(7) != old


def test_an_older_key_of_the_ring_verifies_and_a_retired_one_does_not() -> None:
    old = ReturnAddresses([OLD], BASE).address(7)
    assert returns.mail_ids_in(old) == {7}
    assert not ReturnAddresses([NEW], BASE).mail_ids_in(old)


@pytest.mark.parametrize(
    "forged",
    [
        returns.address(42).replace("+42-", "+43-"),
        returns.address(42).replace("+42-", "+042-"),
        returns.address(42).replace("@vendor", "@vend0r"),
        returns.address(42)[:-40],
        "returns+42-0000000000000000000000@vendor.example.com",
        "returns+42-@vendor.example.com",
        "returns@vendor.example.com",
        "",
    ],
)
def test_what_was_changed_or_made_up_is_no_address_of_ours(forged: str) -> None:
    assert not returns.mail_ids_in(forged)


@given(st.text(alphabet="returns+42-abcdef0@vnd.xmplcoK\u212a", max_size=80))
def test_no_made_up_text_is_an_address_of_ours(text: str) -> None:
    assert not returns.mail_ids_in(text)


def test_without_a_base_there_are_none() -> None:
    none = ReturnAddresses([NEW], "")
    assert none.address(42) == ""
    assert not none.mail_ids_in(returns.address(42))


def test_a_key_signs_nothing_else_with_the_same_words() -> None:
    """The same ring makes customers' links: neither signature is found in the other."""
    from consent_links import LinkSigner

    signature = returns.address(42).partition("-")[2].partition("@")[0]
    assert signature not in LinkSigner([NEW], purpose="deny").sign(bytes(16))
