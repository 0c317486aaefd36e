"""Customers' links. They are made at the moment of sending, so nothing that is stored holds a working one."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from consent_links import BadLink, LinkSigner


class Purpose(StrEnum):
    """What a link can do; the value is its place in the address. A token of one purpose is none of another."""

    DENY = "d"
    ONE_CLICK = "o"
    UNDO = "u"
    YES = "y"


IN_BODY: Mapping[str, Purpose] = {
    "consent-notice": Purpose.DENY,
    "confirmation-request": Purpose.DENY,
    "denial-undone": Purpose.DENY,
    "denial-recorded": Purpose.UNDO,
    "yes-confirmation": Purpose.YES,
}
"""The kinds of mail that carry a customer's link, and which; of recorded denials the one that can be undone."""


def purpose_of(kind: str, context: Mapping[str, Any]) -> Purpose | None:
    """Return which link the words of a mail carry, None for a mail without one."""
    purpose = IN_BODY.get(kind)
    return None if purpose is Purpose.UNDO and not context.get("undo_until") else purpose


class Signers:
    """Makes and reads the links of one installation, with a key ring of their own."""

    def __init__(self, keys: Sequence[str], public_url: str) -> None:
        self._public_url = public_url
        self._signers = {purpose: LinkSigner(keys, purpose=purpose.name.lower()) for purpose in Purpose}

    def url(self, purpose: Purpose, link_id: bytes, *, key: str | None = None) -> str:
        """Return the address that stands for `link_id` and `purpose`: the same each time, for a key ring.

        It is signed with `key` where that id is in the ring, else with the newest.
        """
        signer = self._signers[purpose]
        token = signer.sign(link_id, key=key if key in signer.key_ids else None)
        return f"{self._public_url}/{purpose.value}/{token}"

    def read(self, purpose: Purpose, token: str) -> bytes | None:
        """Return the link id of a token, or None where it is wrong, cut, altered or another purpose's."""
        try:
            return self._signers[purpose].verify(token)
        except BadLink:
            return None
