import hmac
import string
from base64 import urlsafe_b64encode
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consent_links import BadId, BadKeyRing, BadLink, LinkSigner, UnknownKey, WeakKey, key_id, new_id

OLD = "an old key of more than thirty-two bytes"
NEW = "a new key that has also more than thirty-two bytes"
ID = bytes(range(16))
TOKEN = "AAAQIDBAUGBwgJCgsMDQ4P~w0oSpyYPDBIzmKrVnhu0Nw"

ALPHANUMERIC = string.ascii_letters + string.digits
URL_SAFE = ALPHANUMERIC + "-_~"
ids = st.binary(min_size=16, max_size=16)
deny = LinkSigner([NEW, OLD], purpose="deny")


def refused(token: str, signer: LinkSigner = deny) -> bool:
    try:
        signer.verify(token)
    except BadLink:
        return True
    return False


def test_a_token_is_what_it_has_always_been() -> None:
    assert LinkSigner([OLD], purpose="deny").sign(ID) == TOKEN


def test_a_token_can_be_made_with_nothing_but_hmac_and_base64() -> None:
    purpose_key = hmac.digest(OLD.encode(), b"consent_links purpose: deny", "sha256")
    text = urlsafe_b64encode(b"\0\0" + ID)[2:]
    signature = urlsafe_b64encode(hmac.digest(purpose_key, text, "sha256")[:16]).rstrip(b"=")

    assert (text + b"~" + signature).decode() == TOKEN


@settings(max_examples=3000, deadline=None)
@given(ids)
@example(b"\0" * 16)
@example(b"\xff" * 16)
@example(b"\xfb\xff\xbe" * 5 + b"\xfb")
@example(UUID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6").bytes)
def test_a_token_of_any_id_has_45_safe_characters_and_letters_at_both_ends(id: bytes) -> None:
    token = deny.sign(id)

    assert len(token) == 45
    assert set(token) <= set(URL_SAFE)
    assert token.count("~") == 1
    assert token[0] in "ABCD"
    assert token[-1] in "AQgw"
    assert deny.verify(token) == id
    assert deny.sign(id) == token


def test_new_ids_are_16_bytes_and_never_the_same() -> None:
    made = [new_id() for _ in range(2000)]

    assert {len(id) for id in made} == {16}
    assert len(set(made)) == 2000


@pytest.mark.parametrize("id", [b"", ID[:15], ID + b"\0"])
def test_an_id_of_another_length_is_not_signed(id: bytes) -> None:
    with pytest.raises(BadId) as caught:
        deny.sign(id)
    assert caught.value.length == len(id)


@pytest.mark.parametrize("id", [ID, b"\xff" * 16, b"\0" * 16])
def test_every_change_of_a_single_character_is_refused(id: bytes) -> None:
    token = deny.sign(id)
    characters = URL_SAFE + "=.+/% \r\n\0\u2028ä"
    accepted = [
        (place, character)
        for place, right in enumerate(token)
        for character in characters
        if character != right and not refused(token[:place] + character + token[place + 1 :])
    ]
    assert accepted == []


def test_every_cut_is_refused() -> None:
    token = deny.sign(ID)
    cuts = [token[:n] for n in range(45)] + [token[n:] for n in range(1, 45)]
    cuts += [token[:n] + token[n + 1 :] for n in range(45)]

    assert [cut for cut in cuts if not refused(cut)] == []


@pytest.mark.parametrize(
    "extra", ["=", "==", "A", ".", "-", "~", " ", "\n", "\r\n", "\r\n ", "\0", "\u2028", ">", "%0D%0A", "?", "#", "/"]
)
def test_nothing_can_be_added_before_or_behind(extra: str) -> None:
    token = deny.sign(ID)

    assert refused(token + extra)
    assert refused(extra + token)
    assert refused(token.replace("~", extra + "~"))
    assert refused(token.replace("~", "~" + extra))
    # The same with the length kept.
    assert refused((token + extra)[len(extra) :])
    assert refused((extra + token)[:45])


@settings(max_examples=500, deadline=None)
@given(st.text() | st.text(URL_SAFE, min_size=45, max_size=45) | st.from_regex(r"\A[\w-]{22}~[\w-]{22}\Z"))
@example("\ud800" * 45)
@example("AAAAAAAAAAAAAAAAAAAAAA~AAAAAAAAAAAAAAAAAAAAAA")
def test_text_that_nobody_signed_is_refused(text: str) -> None:
    assert refused(text)


@settings(deadline=None)
@given(ids, ids)
def test_the_signature_of_one_id_does_not_fit_another(one: bytes, other: bytes) -> None:
    mixed = deny.sign(one)[:23] + deny.sign(other)[23:]

    assert refused(mixed) == (one != other)


def test_the_error_is_the_same_whatever_is_wrong() -> None:
    token = deny.sign(ID)
    wrong = ["", "x", token[:-1], token + "=", "ä" * 45, "~" * 45, LinkSigner([NEW], purpose="undo").sign(ID)]
    seen = set()
    for text in wrong:
        with pytest.raises(BadLink) as caught:
            deny.verify(text)
        error = caught.value
        seen.add((type(error), str(error), error.args, str(vars(error)), error.__cause__))

    assert len(seen) == 1


PURPOSES = ["deny", "header", "undo", "yes", "", "Deny", "deny ", "den"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_of_one_purpose_is_none_of_another(purpose: str) -> None:
    token = LinkSigner([NEW, OLD], purpose=purpose).sign(ID)
    accepting = [p for p in PURPOSES if not refused(token, LinkSigner([NEW, OLD], purpose=p))]

    assert accepting == [purpose]


def test_after_a_rotation_the_newest_key_signs_and_both_verify() -> None:
    before = LinkSigner([OLD], purpose="deny").sign(ID)
    after = deny.sign(ID)

    assert before != after
    assert after == LinkSigner([NEW], purpose="deny").sign(ID)
    assert deny.verify(before) == deny.verify(after) == ID
    assert deny.signed_by(before) == key_id(OLD)
    assert deny.signed_by(after) == key_id(NEW)


def test_an_older_key_of_the_ring_makes_the_very_token_again_that_it_made_as_the_newest() -> None:
    before = LinkSigner([OLD], purpose="deny").sign(ID)

    assert deny.key_ids == (key_id(NEW), key_id(OLD))
    assert deny.sign(ID, key=key_id(OLD)) == before != deny.sign(ID)
    assert deny.sign(ID, key=key_id(NEW)) == deny.sign(ID)


@pytest.mark.parametrize("key", [key_id("a key of thirty-two bytes or more"), "", "00000000", NEW])
def test_a_key_that_is_not_in_the_ring_signs_nothing(key: str) -> None:
    with pytest.raises(UnknownKey):
        deny.sign(ID, key=key)


def test_a_token_of_a_retired_key_is_refused() -> None:
    token = LinkSigner([OLD], purpose="deny").sign(ID)
    retired = LinkSigner([NEW], purpose="deny")

    assert refused(token, retired)
    with pytest.raises(BadLink):
        retired.signed_by(token)


def test_a_key_is_the_same_as_text_and_as_bytes() -> None:
    assert LinkSigner([OLD.encode()], purpose="deny").sign(ID) == TOKEN
    assert key_id(OLD.encode()) == key_id(OLD) == "1f470e43"


@pytest.mark.parametrize("purpose", ["deny", "", "key id", "consent_links key id"])
def test_a_key_id_shows_nothing_of_a_key_that_signs(purpose: str) -> None:
    purpose_key = hmac.digest(OLD.encode(), f"consent_links purpose: {purpose}".encode(), "sha256")

    assert key_id(OLD) not in purpose_key.hex()


@pytest.mark.parametrize("key", ["", "k" * 31, b"k" * 31, "ä" * 15])
def test_a_key_of_fewer_than_32_bytes_is_refused(key: str | bytes) -> None:
    with pytest.raises(WeakKey) as caught:
        LinkSigner([NEW, key], purpose="deny")
    assert caught.value.position == 2
    assert caught.value.length == len(key if isinstance(key, bytes) else key.encode())
    with pytest.raises(WeakKey):
        key_id(key)


@pytest.mark.parametrize("key", ["k" * 32, b"k" * 32, "ä" * 16])
def test_a_key_of_32_bytes_is_enough(key: str | bytes) -> None:
    signer = LinkSigner([key], purpose="deny")

    assert signer.verify(signer.sign(ID)) == ID


@pytest.mark.parametrize(
    "keys", [[], (), OLD, [OLD, OLD], [OLD, NEW, OLD.encode()]], ids=["list", "tuple", "text", "twice", "as bytes"]
)
def test_keys_that_are_no_ring_are_refused(keys: list[str | bytes]) -> None:
    with pytest.raises(BadKeyRing):
        LinkSigner(keys, purpose="deny")


def test_no_error_and_no_repr_shows_a_key() -> None:
    secret = "a-secret-too-short"
    with pytest.raises(WeakKey) as caught:
        LinkSigner([secret], purpose="deny")

    assert secret not in repr(caught.value) + str(caught.value)
    assert NEW not in repr(deny)
