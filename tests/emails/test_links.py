"""The links in mails: short, one purpose each, the same on every sending."""

import re

import pytest

from consent_links import key_id, new_id
from cpor_web.emails.links import Purpose, Signers, purpose_of

OLD = "an old key for links of thirty-two bytes"
NEW = "a new key for links, thirty-two bytes too"
HOST = "https://a.vendor.example.com"  # 28 characters
ID = bytes(range(16))

signers = Signers([NEW, OLD], HOST)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_leads_to_the_place_of_its_purpose(purpose: Purpose) -> None:
    assert re.fullmatch(rf"{re.escape(HOST)}/{purpose.value}/[A-Za-z0-9_~-]{{45}}", signers.url(purpose, ID))


def test_every_purpose_has_a_place_of_its_own() -> None:
    assert len({purpose.value for purpose in Purpose}) == len(Purpose) == 4


def test_a_link_fits_on_a_line_of_a_mail_and_ends_in_a_letter_or_a_digit() -> None:
    for _ in range(500):
        url = signers.url(Purpose.DENY, new_id())
        assert len(url) <= 76
        assert url[-1].isalnum()


def test_a_link_is_the_same_on_every_sending() -> None:
    assert signers.url(Purpose.DENY, ID) == Signers([NEW, OLD], HOST).url(Purpose.DENY, ID)


@pytest.mark.parametrize("made_for", Purpose)
@pytest.mark.parametrize("read_as", Purpose)
def test_a_token_is_read_for_its_own_purpose_alone(made_for: Purpose, read_as: Purpose) -> None:
    token = signers.url(made_for, ID).rpartition("/")[2]

    assert signers.read(read_as, token) == (ID if made_for is read_as else None)


@pytest.mark.parametrize("token", ["", "~", "x" * 45, "ä" * 45, "A" * 10_000, "\x00"])
def test_what_is_no_token_is_read_as_nothing(token: str) -> None:
    assert signers.read(Purpose.DENY, token) is None


def test_links_of_an_older_key_are_read_until_it_is_retired() -> None:
    token = Signers([OLD], HOST).url(Purpose.DENY, ID).rpartition("/")[2]

    assert signers.read(Purpose.DENY, token) == ID
    assert Signers([NEW], HOST).read(Purpose.DENY, token) is None


def test_a_link_is_made_with_the_key_that_is_named_and_with_the_newest_where_that_is_gone() -> None:
    before = Signers([OLD], HOST).url(Purpose.DENY, ID)

    assert signers.url(Purpose.DENY, ID, key=key_id(OLD)) == before
    assert signers.url(Purpose.DENY, ID, key="0badc0de") == signers.url(Purpose.DENY, ID) != before


def test_of_recorded_denials_only_the_one_that_can_be_undone_carries_a_link() -> None:
    assert purpose_of("denial-recorded", {"undo_until": "2026-12-04T22:59:59+00:00"}) is Purpose.UNDO
    assert purpose_of("denial-recorded", {"undo_until": None}) is None
    assert purpose_of("approved", {}) is None


def test_a_link_holds_nothing_but_the_id_and_its_signature() -> None:
    with_another_host = Signers([NEW], "https://b.vendor.example.com").url(Purpose.DENY, ID)

    assert with_another_host.rpartition("/")[2] == signers.url(Purpose.DENY, ID).rpartition("/")[2]
