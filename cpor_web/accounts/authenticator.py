"""The codes of authenticator apps (TOTP, RFC 6238). Their secrets are kept encrypted by the ring of secret keys.

An encrypted secret names the key that opens it, by the id that `cpor keys list` shows; the newest key encrypts.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from passlib.exc import TokenError
from passlib.totp import TOTP, AppWallet

from cpor_web.key_rings import Ring

SECONDS_LATE = 30
"""How far an app's clock may be off."""


class Authenticator:
    """Makes and opens the secrets of one installation. `issuer` is what the app shows above the code."""

    def __init__(self, keys: Sequence[str], issuer: str) -> None:
        """keys: the ring of secret keys, newest first."""
        ids = Ring("secret", tuple(keys), None).ids
        wallet = AppWallet(
            {id: _encryption_key(key) for id, key in zip(ids, keys, strict=True)}, default_tag=ids[0], encrypt_cost=1
        )
        self._totp = TOTP.using(issuer=issuer.replace(":", " "), wallet=wallet)

    def new(self) -> str:
        """Return a new secret, encrypted."""
        return str(self._totp.new().to_json(encrypt=True))

    def address(self, secret: str, name: str) -> str:
        """Return what an app reads out of a picture: the secret, and whose it is."""
        return str(self._totp.from_source(secret).to_uri(label=name.replace(":", " ")))

    def letters(self, secret: str) -> str:
        """Return the secret in groups of letters, to be typed."""
        return str(self._totp.from_source(secret).pretty_key(sep=" "))

    def number_of(self, code: str, secret: str, *, after: int | None, now: datetime) -> int | None:
        """Return the number of a right code, counted in steps of 30 seconds; None for a wrong one.

        A code is wrong, too, whose number is not above `after`: each works once. Without the key that a secret is
        encrypted by no code is right.
        """
        opened = self._opened(secret)
        try:
            return opened and int(opened.match(code, time=now, window=SECONDS_LATE, last_counter=after).counter)
        except TokenError:
            return None

    def renewed(self, secret: str) -> str:
        """Return the same secret, encrypted by the newest key; as it is, if that or no key here has encrypted it."""
        opened = self._opened(secret)
        return str(opened.to_json(encrypt=True)) if opened is not None and opened.changed else secret

    def _opened(self, secret: str) -> Any:
        try:
            return self._totp.from_source(secret)
        except KeyError:  # its key has left the ring
            return None


@lru_cache(maxsize=4)
def authenticator_of(keys: tuple[str, ...], issuer: str) -> Authenticator:
    """Return the authenticator of these keys, made once."""
    return Authenticator(keys, issuer)


def _encryption_key(key: str) -> str:
    # A key of its own for each use; it is random, so it needs no slow derivation (encrypt_cost).
    return hmac.new(key.encode(), b"cpor_web: secrets of authenticator apps", hashlib.sha256).hexdigest()
