"""Customers' links. They are made at the moment of sending, so nothing that is stored holds a working one."""

from collections.abc import Sequence
from enum import StrEnum

from consent_links import BadLink, LinkSigner


class Purpose(StrEnum):
    """What a link can do; the value is its place in the address. A token of one purpose is none of another."""

    DENY = "d"
    ONE_CLICK = "o"
    UNDO = "u"
    YES = "y"


class Signers:
    """Makes and reads the links of one installation, with a key ring of their own."""

    def __init__(self, keys: Sequence[str], public_url: str) -> None:
        self._public_url = public_url
        self._signers = {purpose: LinkSigner(keys, purpose=purpose.name.lower()) for purpose in Purpose}

    def url(self, purpose: Purpose, link_id: bytes) -> str:
        """Return the address that stands for `link_id` and `purpose`: the same each time, for a key ring."""
        return f"{self._public_url}/{purpose.value}/{self._signers[purpose].sign(link_id)}"

    def read(self, purpose: Purpose, token: str) -> bytes | None:
        """Return the link id of a token, or None where it is wrong, cut, altered or another purpose's."""
        try:
            return self._signers[purpose].verify(token)
        except BadLink:
            return None
