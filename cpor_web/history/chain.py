"""The chain of a claim's events: what is hashed, and how. Pure functions; `history` appends, `verification` checks.

    said = SHA-256("cpor event said v1\\n" ‖ salt ‖ canonical(personal))
    link = SHA-256("cpor event link v1\\n" ‖ link before ‖ position ‖ canonical(facts, with said))

`salt` is 16 random bytes, `link before` 32 bytes (START before the first event), `position` 8 bytes, big-endian,
and `canonical` the JSON of RFC 8785. Every part but the last has a fixed length, so no two inputs are the same bytes.
Personal values are in the chain by their salted digest alone: erase them and the salt, and nobody can guess what they
were, yet the chain stays whole. The formulas are kept for ever: a change is a new label beside the old ones.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cpor_web.keys.signing import LARGEST, canonical

SAID_LABEL = b"cpor event said v1\n"
LINK_LABEL = b"cpor event link v1\n"
SALT_BYTES, LINK_BYTES, POSITION_BYTES = 16, 32, 8
START = bytes(LINK_BYTES)
"""The link before the first event of every claim."""


def new_salt() -> bytes:
    """Return 16 random bytes."""
    return secrets.token_bytes(SALT_BYTES)


def normal(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return `data` as it comes back from the database: its JSON, read again.

    Raises ValueError for what JSON cannot hold or jsonb would change: numbers that are not finite or beyond 2⁵³-1,
    NUL, half a surrogate pair, types of our own.
    """
    value: dict[str, Any] = _came_back(data)
    return value


def said(salt: bytes, *, actor: str, user_id: int | None, data: Mapping[str, Any]) -> bytes:
    """Return the digest of an event's personal part. Raises ValueError where it has no canonical form."""
    personal = {"actor": actor, "user": user_id, "data": data}
    return hashlib.sha256(SAID_LABEL + salt + canonical(personal)).digest()


def facts(
    *, claim_id: int, version: int, kind: str, at: datetime | str, role: str, is_internal: bool, said: bytes
) -> bytes:
    """Return the canonical form of what is never erased of an event, its position apart.

    `at` is an aware moment, or already in the form that `moment` gives.
    """
    return canonical(
        {
            "at": at if isinstance(at, str) else moment(at),
            "claim": claim_id,
            "internal": is_internal,
            "kind": kind,
            "role": str(role),
            "said": said.hex(),
            "version": version,
        }
    )


def link(before: bytes, position: int, facts: bytes) -> bytes:
    """Return the link of the event at `position`. `history.append` has PostgreSQL compute the same."""
    return hashlib.sha256(LINK_LABEL + before + position.to_bytes(POSITION_BYTES, "big") + facts).digest()


def moment(at: datetime) -> str:
    """Return an aware moment in the one form that is hashed and signed: UTC, with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _came_back(value: Any) -> Any:
    """Return what comes of a value by way of JSON. Nearly all are already what it gives back: these are copied."""
    kind = type(value)
    if kind is str:
        if "\0" in value:
            raise ValueError("NUL cannot be stored")
        return value
    if kind is bool or value is None:
        return value
    if kind is int or kind is float:
        if not abs(value) <= LARGEST:  # nor is what is no number
            raise ValueError(f"{value} is beyond the numbers that JSON keeps exactly")
        return value
    if kind is list:
        return [_came_back(each) for each in value]
    if kind is dict and set(map(type, value)) <= {str}:
        return {_came_back(name): _came_back(each) for name, each in value.items()}
    try:
        return _came_back(json.loads(json.dumps(value, allow_nan=False)))
    except TypeError as error:
        raise ValueError(str(error)) from error
