import pytest

from consent_links import (
    BadId,
    BadKeyRing,
    BadLink,
    HeaderUnsafe,
    LinkSigner,
    UnknownKey,
    WeakKey,
    key_id,
    one_click_headers,
)

KEY = "a key of thirty-two bytes or more"
ADDRESS = "https://claims.example.org/o/"

# One line a mistake in the key ring: what is given, and the whole sentence that whoever runs the service reads.
RINGS: list[tuple[str | list[str], str]] = [
    (KEY, "bad key ring: a ring is a list of keys, not one string"),
    ([], "bad key ring: it has no key"),
    ([KEY, KEY + "!", KEY], "bad key ring: key 3 is there twice"),
]

URLS = [
    ("", "it has characters that must be percent-encoded, or none, or a fragment"),
    (ADDRESS + "a b", "it has characters that must be percent-encoded, or none, or a fragment"),
    (ADDRESS + "?a=?utf-8?q?abc?=", 'it has "=?", which starts an encoded word'),
    ("https://[::1/o/a", "its host is malformed"),
    ("http://claims.example.org/o/a", "it is not https"),
    ("https:///o/a", "it has no host"),
]


@pytest.mark.parametrize(("keys", "sentence"), RINGS)
def test_a_bad_ring_says_what_is_wrong_with_it(keys: str | list[str], sentence: str) -> None:
    with pytest.raises(BadKeyRing) as caught:
        LinkSigner(keys, purpose="deny")

    assert str(caught.value) == sentence
    assert caught.value.reason == sentence.removeprefix("bad key ring: ")


def test_a_weak_key_is_named_by_its_place_in_the_ring() -> None:
    with pytest.raises(WeakKey) as caught:
        LinkSigner([KEY, "short"], purpose="deny")

    assert str(caught.value) == "bad key ring: key 2 has 5 bytes, and needs at least 32"
    assert (caught.value.length, caught.value.position) == (5, 2)


def test_a_weak_key_that_was_looked_at_alone_has_no_place() -> None:
    with pytest.raises(WeakKey) as caught:
        key_id("short")

    assert str(caught.value) == "bad key ring: the key has 5 bytes, and needs at least 32"
    assert (caught.value.length, caught.value.position) == (5, None)


def test_an_id_of_another_length_is_told_its_length() -> None:
    with pytest.raises(BadId) as caught:
        LinkSigner([KEY], purpose="deny").sign(b"short")

    assert str(caught.value) == "an id has 16 bytes, not 5"


def test_a_key_that_is_not_in_the_ring_is_named_by_its_id() -> None:
    with pytest.raises(UnknownKey) as caught:
        LinkSigner([KEY], purpose="deny").sign(bytes(16), key="0badc0de")

    assert str(caught.value) == "no key 0badc0de in the ring"
    assert caught.value.key == "0badc0de"


def test_a_bad_link_is_told_nothing_more() -> None:
    with pytest.raises(BadLink) as caught:
        LinkSigner([KEY], purpose="deny").verify("no link")

    assert str(caught.value) == "not a link of ours"


@pytest.mark.parametrize(("url", "reason"), URLS)
def test_a_url_that_is_not_fit_for_a_header_says_why(url: str, reason: str) -> None:
    with pytest.raises(HeaderUnsafe) as caught:
        one_click_headers(url)

    assert caught.value.reason == reason
    assert str(caught.value) == f"URL not fit for a header: {reason}"


def test_a_signer_says_for_which_purpose_it_is() -> None:
    assert LinkSigner([KEY], purpose="deny").purpose == "deny"
