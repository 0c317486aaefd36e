"""Signatures: what was signed verifies offline with the published key, and nothing else does."""

import secrets

import pytest

from cpor_web.keys import signing
from cpor_web.keys.signing import BadSignature, SigningKeys

OLD, NEW = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
DOCUMENT = {"claim": "C-1", "answers": [{"at": "2026-11-20T10:00:00+00:00", "late": False}], "words": "Zoë — no"}


def test_what_was_signed_verifies_with_the_published_keys_alone() -> None:
    signature = SigningKeys([NEW]).sign(DOCUMENT)
    public = signing.read_published(SigningKeys([NEW]).published())
    assert signing.verify(dict(reversed(DOCUMENT.items())), signature, public) == signature["key"]


def test_an_older_key_of_the_ring_verifies_and_the_newest_signs() -> None:
    before = SigningKeys([OLD]).sign(DOCUMENT)
    ring = SigningKeys([NEW, OLD])
    assert signing.verify(DOCUMENT, before, ring.public) == before["key"]
    assert ring.sign(DOCUMENT)["key"] == next(iter(ring.published()))


@pytest.mark.parametrize(
    "changed", [{**DOCUMENT, "claim": "C-2"}, {**DOCUMENT, "more": 1}, {}, {**DOCUMENT, "answers": []}]
)
def test_a_changed_document_does_not_verify(changed: dict[str, object]) -> None:
    keys = SigningKeys([NEW])
    with pytest.raises(BadSignature, match="changed"):
        signing.verify(changed, keys.sign(DOCUMENT), keys.public)


@pytest.mark.parametrize(
    "change",
    [{"key": "0" * 16}, {"key": None}, {"algorithm": "none"}, {"value": ""}, {"value": "ü"}, {"value": "A" * 86}],
)
def test_a_changed_signature_does_not_verify(change: dict[str, object]) -> None:
    keys = SigningKeys([NEW])
    with pytest.raises(BadSignature):
        signing.verify(DOCUMENT, keys.sign(DOCUMENT) | change, keys.public)


def test_a_value_in_another_form_does_not_verify() -> None:
    keys = SigningKeys([NEW])
    signature = keys.sign(DOCUMENT)
    with pytest.raises(BadSignature):
        signing.verify(DOCUMENT, signature | {"value": signature["value"] + "=="}, keys.public)


def test_the_id_that_a_key_claims_for_itself_is_not_believed() -> None:
    ours, theirs = SigningKeys([OLD]), SigningKeys([NEW])
    claimed = signing.read_published({next(iter(ours.published())): next(iter(theirs.published().values()))})
    assert set(claimed) == set(theirs.public)


def test_a_published_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        signing.read_published({"x": "AAAA"})


def test_no_private_half_is_published() -> None:
    assert NEW not in str(SigningKeys([NEW]).published())
