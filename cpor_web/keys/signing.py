"""Signatures that others can verify offline: Ed25519 (RFC 8032) over JSON in its canonical form (RFC 8785)."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_ID_DIGITS = 16

LARGEST = 2**53 - 1
"""The largest number that JSON keeps exactly everywhere (RFC 8785)."""


class BadSignature(ValueError):
    """What was signed has changed since, or none of the known keys has signed it."""


class SigningKeys:
    """A ring of private keys, newest first: the first signs, the public halves of all verify."""

    def __init__(self, ring: Sequence[str]) -> None:
        private = [Ed25519PrivateKey.from_private_bytes(_decoded(seed)) for seed in ring]
        self._newest = private[0]
        self.public = {key_id(key): key for key in (_public(each) for each in private)}

    def sign(self, document: Mapping[str, Any]) -> dict[str, str]:
        """Return the signature of a JSON document: {"algorithm", "key", "value"}, with the key's id, not the key."""
        value = self._newest.sign(canonical(document))
        return {"algorithm": "Ed25519", "key": key_id(_public(self._newest)), "value": _encoded(value)}

    def published(self) -> dict[str, str]:
        """Return the public keys by their ids, the newest first, in URL-safe base64 without padding."""
        return {name: _encoded(key) for name, key in self.public.items()}


def verify(document: Mapping[str, Any], signature: Mapping[str, Any], public: Mapping[str, bytes]) -> str:
    """Return the id of the key in `public` (raw keys by id) that signed, or raise BadSignature."""
    key = public.get(str(signature.get("key")))
    if key is None or signature.get("algorithm") != "Ed25519":
        raise BadSignature("none of the known keys has signed this")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(_decoded(str(signature.get("value"))), canonical(document))
    except (InvalidSignature, ValueError, rfc8785.CanonicalizationError) as error:
        raise BadSignature("this was changed after it was signed") from error
    return key_id(key)


def read_published(keys: Mapping[str, str]) -> dict[str, bytes]:
    """Return raw public keys by their ids from what `published` gave. The ids are computed afresh, never believed.

    Raises ValueError for what is no such key.
    """
    raw = [_decoded(text) for text in keys.values()]
    if any(len(key) != 32 for key in raw):
        raise ValueError("a public key has 32 bytes")
    return {key_id(key): key for key in raw}


def canonical(document: Any) -> bytes:
    """Return the one form of a JSON value (RFC 8785); raises CanonicalizationError for what JSON cannot hold."""
    if _is_plain(document):
        with suppress(UnicodeEncodeError):  # half a surrogate pair
            return _PLAIN.encode(document).encode()
    return rfc8785.dumps(document)


_PLAIN = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
"""Writes values without fractions, whose names are of ASCII, as RFC 8785 does, several times as quickly."""


_AS_THEY_ARE = frozenset({str, bool, type(None)})


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        for name, each in value.items():
            if not (type(name) is str and name.isascii() and (type(each) in _AS_THEY_ARE or _is_plain(each))):
                return False
        return True
    if kind is int:
        return bool(-LARGEST <= value <= LARGEST)
    return kind in _AS_THEY_ARE or (kind is list and all(map(_is_plain, value)))


def key_id(public: bytes) -> str:
    """Return the id of a public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:KEY_ID_DIGITS]


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _decoded(text: str) -> bytes:
    """Raises ValueError for anything but URL-safe base64 without padding, in its one form."""
    raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encoded(raw) != text:
        raise ValueError("not in its one form")
    return raw
