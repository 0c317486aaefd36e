"""The codes of authenticator apps (TOTP, RFC 6238). Their secrets are kept encrypted by the ring of secret keys.

An encrypted secret names the key that opens it, by the id that `cpor keys list` shows; the newest key encrypts. It is
AES-256-GCM, so one that was changed, or put there by who has no key, opens nothing.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from passlib.exc import TokenError
from passlib.totp import TOTP

from cpor_web.config.key_rings import Ring

SECONDS_LATE = 30
"""How far an app's clock may be off."""

FORM = "gcm1"
NONCE_BYTES = 12
_PURPOSE = b"cpor_web: secret of an authenticator app"


class Authenticator:
    """Makes and opens the secrets of one installation. `issuer` is what the app shows above the code."""

    def __init__(self, keys: Sequence[str], issuer: str) -> None:
        """keys: the ring of secret keys, newest first."""
        ids = Ring("secret", tuple(keys), None).ids
        self._newest = ids[0]
        self._keys = {id: AESGCM(_encryption_key(key)) for id, key in zip(ids, keys, strict=True)}
        self._totp = TOTP.using(issuer=issuer.replace(":", " "))

    def new(self) -> str:
        """Return a new secret, encrypted."""
        return self.sealed(self._totp.new().key)

    def sealed(self, key: bytes) -> str:
        """Return a secret, encrypted by the newest key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        closed = nonce + self._keys[self._newest].encrypt(nonce, key, _PURPOSE)
        return f"{FORM}.{self._newest}.{urlsafe_b64encode(closed).decode()}"

    def address(self, secret: str, name: str) -> str:
        """Return what an app reads out of a picture: the secret, and whose it is."""
        return str(self._opened(secret).to_uri(label=name.replace(":", " ")))

    def letters(self, secret: str) -> str:
        """Return the secret in groups of letters, to be typed."""
        return str(self._opened(secret).pretty_key(sep=" "))

    def number_of(self, code: str, secret: str, *, after: int | None, now: datetime) -> int | None:
        """Return the number of a right code, counted in steps of 30 seconds; None for a wrong one.

        A code is wrong, too, whose number is not above `after`: each works once. Without the key that a secret is
        encrypted by no code is right, nor for a secret that nobody here has encrypted.
        """
        opened = self._opened(secret)
        try:
            return opened and int(opened.match(code, time=now, window=SECONDS_LATE, last_counter=after).counter)
        except TokenError:
            return None

    def renewed(self, secret: str) -> str:
        """Return the same secret, encrypted by the newest key; as it is, if that or no key here has encrypted it."""
        opened = self._opened(secret)
        return secret if opened is None or secret.startswith(f"{FORM}.{self._newest}.") else self.sealed(opened.key)

    def _opened(self, secret: str) -> Any:
        try:
            _, id, text = secret.split(".")
            closed = urlsafe_b64decode(text)
            key = self._keys[id].decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], _PURPOSE)
        except (KeyError, TypeError, ValueError, InvalidTag):  # its key has left the ring, or it is none
            return None
        return self._totp(key=key, format="raw")


@lru_cache(maxsize=4)
def authenticator_of(keys: tuple[str, ...], issuer: str) -> Authenticator:
    """Return the authenticator of these keys, made once."""
    return Authenticator(keys, issuer)


def _encryption_key(key: str) -> bytes:
    # A key of its own for each use; it is random, so it needs no slow derivation.
    return hmac.new(key.encode(), _PURPOSE, hashlib.sha256).digest()
