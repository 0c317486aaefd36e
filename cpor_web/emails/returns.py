"""Signed return addresses: each mail has an envelope sender of its own, so a report says which mail it is about."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence

from consent_links import key_id

SIGNATURE_BYTES = 11
"""88 bits. With the longest id and a local part of 20 characters the address has 63 of RFC 5321's 64 octets."""

# None of the labels that the links' keys are derived with begins like this one, nor the other way round.
_LABEL = b"cpor_web return address"
_OWN = re.compile(r"\+[1-9][0-9]{0,18}-[0-9a-f]{22}")


class ReturnAddresses:
    """Makes and reads the return addresses of one installation. The newest key of the ring signs, all verify.

    `base` is where reports come in, such as returns@vendor.example.com; without it there are no such addresses.
    """

    def __init__(self, keys: Sequence[str], base: str) -> None:
        self._local, _, self._domain = base.lower().rpartition("@")
        self._keys = {key_id(key): hmac.digest(key.encode(), _LABEL, hashlib.sha256) for key in keys}
        self._pattern = re.compile(re.escape(self._local) + _OWN.pattern + re.escape(f"@{self._domain}"))

    def address(self, mail_id: int, *, key: str | None = None) -> str:
        """Return a mail's own address, in lower case, or "" where there are none: the same for every copy of it.

        It is signed with `key` where that id is in the ring, else with the newest.
        """
        newest = next(iter(self._keys.values()))
        return self._signed(self._keys.get(key or "", newest), mail_id) if self._local else ""

    def mail_ids_in(self, text: str) -> frozenset[int]:
        """Return the ids of the mails whose addresses, rightly signed, are in a text. Their case does not count."""
        return frozenset(self._verified(text.lower())) if self._local else frozenset()

    def _verified(self, text: str) -> Iterator[int]:
        for found in self._pattern.finditer(text):
            mail_id = int(found.group().removeprefix(f"{self._local}+").partition("-")[0])
            given = found.group().encode()
            if any(hmac.compare_digest(self._signed(key, mail_id).encode(), given) for key in self._keys.values()):
                yield mail_id

    def _signed(self, key: bytes, mail_id: int) -> str:
        signature = hmac.digest(key, str(mail_id).encode(), hashlib.sha256)[:SIGNATURE_BYTES].hex()
        return f"{self._local}+{mail_id}-{signature}@{self._domain}"
