"""Signatures of what goes to and comes from the operator's own assessor, as Standard Webhooks writes them.

Both directions sign `id.timestamp.body` with HMAC-SHA256 and the same key ring. We sign with every key of the ring
and take the signature of any, so that either side can change keys without missing a message.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"
HEADERS = (ID, TIMESTAMP, SIGNATURE)

TOLERANCE = timedelta(minutes=5)
"""How far a message's timestamp may be from our clock, either way: longer-kept copies are worth nothing."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")  # without a dot, which parts what is signed
_SECONDS = re.compile(r"[0-9]{1,11}")


def headers(secrets: Sequence[str], key: str, body: bytes, *, at: datetime) -> dict[str, str]:
    """Return the headers that say who sent `body`, and when. `key` tells the message from every other one."""
    seconds = str(int(at.timestamp()))
    signatures = [f"v1,{_signature(secret, key, seconds, body)}" for secret in secrets]
    return {ID: key, TIMESTAMP: seconds, SIGNATURE: " ".join(signatures)}


def is_signed(secrets: Sequence[str], given: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
    """Tell whether `body` was signed with a key of the ring within the tolerance, as the headers `given` say."""
    key, seconds = given.get(ID, ""), given.get(TIMESTAMP, "")
    if not _ID.fullmatch(key) or not _SECONDS.fullmatch(seconds):
        return False
    if abs(now.timestamp() - int(seconds)) > TOLERANCE.total_seconds():
        return False
    signatures = [each.encode() for each in given.get(SIGNATURE, "").split(" ")]
    expected = [f"v1,{_signature(secret, key, seconds, body)}".encode() for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in expected for other in signatures)


def _signature(secret: str, key: str, seconds: str, body: bytes) -> str:
    signed = f"{key}.{seconds}.".encode() + body
    return base64.b64encode(hmac.digest(base64.b64decode(secret), signed, hashlib.sha256)).decode()
