"""Signed consent records: made here, and read here, whoever brings them.

A file is {"record": …, "signature": …}; what is signed is the record's canonical form (RFC 8785). What a record says
counts only once its signature was verified, so nothing of it is looked at before.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cpor_web.consent.record import TYPE, VERSION
from cpor_web.keys.signing import BadSignature, SigningKeys, verify
from cpor_web.rules.words import N_

LARGEST = 2**20
"""Bytes that a file may have. A record of a round whose links were opened very often has about 200 kB."""

NO_RECORD = N_("This is not a consent record: it is another kind of file, or it was cut.")
NEWER = N_("This consent record was written by a newer version of this program, which alone can read it.")
CHANGED = N_("This was changed after it was signed: what it says is not what was recorded.")
NOT_OURS = N_("None of the known keys has signed this.")


class NotGenuine(ValueError):
    """A file is no consent record that a known key has signed; the message, a msgid, says why."""


class Genuine(NamedTuple):
    """A record whose signature was verified, and the id of the key that signed it."""

    record: dict[str, Any]
    key: str


def seal(record: Mapping[str, Any], keys: SigningKeys) -> dict[str, Any]:
    """Return the file of a record as JSON."""
    return {"record": record, "signature": keys.sign(record)}


def read(raw: bytes, public: Mapping[str, bytes]) -> Genuine:
    """Return the record in a file's bytes, whatever they are, if one of the `public` keys (raw, by id) signed it.

    Raises NotGenuine.
    """
    try:
        return _genuine(json.loads(raw, object_pairs_hook=_no_doubles) if len(raw) <= LARGEST else None, public)
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, NotGenuine) else NotGenuine(NO_RECORD) from error


def _genuine(file: object, public: Mapping[str, bytes]) -> Genuine:
    record, signature = (file.get("record"), file.get("signature")) if isinstance(file, dict) else (None, None)
    if not isinstance(record, dict) or not isinstance(signature, dict):
        raise NotGenuine(NO_RECORD)
    if str(signature.get("key")) not in public:
        raise NotGenuine(NOT_OURS)
    try:
        key = verify(record, signature, public)
    except BadSignature as error:
        raise NotGenuine(CHANGED) from error
    if record.get("type") != TYPE:
        raise NotGenuine(NO_RECORD)
    if record.get("version") != VERSION:
        raise NotGenuine(NEWER)
    return Genuine(record, key)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice in one object: other programs might read the other value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
