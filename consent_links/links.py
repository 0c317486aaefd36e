"""Short signed tokens that stand for 16 random bytes.

A token is 22 characters of id, `~`, and 22 characters of signature, all safe in a URL. Mail programs drop a dash
or a full stop at the end of a link and take `abc.xyz` for a file name, so a token starts and ends with a letter,
and has no full stop. Sixteen bytes fill 22 base64 characters but for four bits: the id keeps them free in
front, which leaves A to D as its first character; the signature behind, which leaves A, Q, g or w as its last.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode, want_bytes
from itsdangerous.signer import SigningAlgorithm

from consent_links.exc import BadId, BadKeyRing, BadLink, UnknownKey, WeakKey

ID_BYTES = 16
KEY_BYTES = 32
TOKEN_LENGTH = 45

_ID_LENGTH = 22
_SIGNATURE_BYTES = 16
_FRONT = b"\0\0"  # two bytes more make 24 characters without padding, of which the first two are always "AA"
_FRONT_TEXT = b"AA"
# Two labels of which neither starts the other: no purpose can be named so that its key is what key_id shows.
_PURPOSE_LABEL = "consent_links purpose: "
_KEY_ID_LABEL = b"consent_links key id"


class _HMAC128(SigningAlgorithm):
    """HMAC-SHA256 cut to its first 128 bits (RFC 2104, section 5)."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")[:_SIGNATURE_BYTES]


class LinkSigner:
    """Makes and checks the tokens of one purpose.

    `keys` is the ring, newest first: the first signs, all verify. Each is text or bytes of at least 32 bytes.
    `purpose` is part of what is signed, so a token of one purpose is none of another.

    Raises `BadKeyRing` for a ring that is empty, a single string, or has a key twice; `WeakKey` for a short key.
    """

    def __init__(self, keys: Sequence[str | bytes], *, purpose: str) -> None:
        if isinstance(keys, str | bytes):
            raise BadKeyRing("a ring is a list of keys, not one string")
        if not keys:
            raise BadKeyRing("it has no key")
        self.purpose = purpose
        self._ring: dict[str, Signer] = {}
        for position, key in enumerate(keys, start=1):
            strong = _strong(key, position)
            fingerprint = key_id(strong)
            if fingerprint in self._ring:
                raise BadKeyRing(f"key {position} is there twice")
            self._ring[fingerprint] = _signer(strong, purpose)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The `key_id` of each key of the ring, newest first."""
        return tuple(self._ring)

    def sign(self, id: bytes, *, key: str | None = None) -> str:
        """Return the token of an id: 45 characters, the same each time until a newer key heads the ring.

        `key`, a `key_id` of the ring, signs in the newest one's place: so a mail that is sent once more carries the
        very link that it had.

        Raises `BadId` unless the id has 16 bytes, `UnknownKey` for a key that is not in the ring.
        """
        if len(id) != ID_BYTES:
            raise BadId(len(id))
        if key is not None and key not in self._ring:
            raise UnknownKey(key)
        return self._ring[key or self.key_ids[0]].sign(_encode(id)).decode("ascii")

    def verify(self, token: str) -> bytes:
        """Return the id that a token stands for, or raise `BadLink`.

        Only the very text that `sign` gives, or gave with an older key of the ring, is accepted.
        """
        id, _ = self._read(token)
        return id

    def signed_by(self, token: str) -> str:
        """Return the `key_id` of the key that signed a token, or raise `BadLink`."""
        _, fingerprint = self._read(token)
        return fingerprint

    def _read(self, token: str) -> tuple[bytes, str]:
        text = token.encode("ascii", "replace")  # a "?" is in no token
        if len(text) != TOKEN_LENGTH:
            raise BadLink
        try:
            id = _decode(text[:_ID_LENGTH])
        except BadData:
            raise BadLink from None
        # Decoded base64 forgives a changed last character, "=" and line ends. So nothing decoded is trusted: the
        # whole text is held against a fresh token, once for each key, whichever matches.
        fresh = _encode(id)
        matching = [
            fingerprint for fingerprint, signer in self._ring.items() if hmac.compare_digest(signer.sign(fresh), text)
        ]
        if not matching:
            raise BadLink
        return id, matching[0]


def new_id() -> bytes:
    """Return 16 random bytes from the system's generator, for `LinkSigner.sign`."""
    return secrets.token_bytes(ID_BYTES)


def key_id(key: str | bytes) -> str:
    """Return the public fingerprint of a key: eight hexadecimal digits that tell keys apart and reveal none.

    Raises `WeakKey` for a key of fewer than 32 bytes, whose fingerprint could be searched for.
    """
    return hmac.digest(_strong(key), _KEY_ID_LABEL, "sha256")[:4].hex()


def _strong(key: str | bytes, position: int | None = None) -> bytes:
    raw = want_bytes(key)
    if len(raw) < KEY_BYTES:
        raise WeakKey(len(raw), position)
    return raw


def _signer(key: bytes, purpose: str) -> Signer:
    about: dict[str, Any] = {"salt": _PURPOSE_LABEL + purpose, "sep": "~", "algorithm": _HMAC128()}
    # The purpose's own key is derived here, and not with each signature.
    derived = Signer(key, key_derivation="hmac", digest_method=hashlib.sha256, **about).derive_key()
    return Signer(derived, key_derivation="none", **about)


def _encode(id: bytes) -> bytes:
    return base64_encode(_FRONT + id).removeprefix(_FRONT_TEXT)


def _decode(text: bytes) -> bytes:
    return base64_decode(_FRONT_TEXT + text).removeprefix(_FRONT)
