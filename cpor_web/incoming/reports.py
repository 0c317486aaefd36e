"""Reports of undelivered mail (RFC 3464 in RFC 6522's wrapping): what each says about which recipient.

What counts is the action. `failed` is final whatever the status: the reporting server has given the mail up, also
after days of 4.x.x, and nobody was asked. 5.2.2, a full mailbox, is final like every other failure. `delayed` is not.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from email.policy import compat32
from enum import StrEnum

from cpor_web.emails.outcomes import one_line
from cpor_web.incoming import mime
from cpor_web.incoming.mime import Part

STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
RETURNED = frozenset({*mime.CONTAIN_A_MAIL, "text/rfc822-headers", "message/global-headers"})
LONGEST_STATUS = 100_000
MOST_RECIPIENTS = 100
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_FIELDS = Parser(policy=compat32)


class Fate(StrEnum):
    """What became of a mail for one recipient."""

    FAILED = "failed"
    DELAYED = "delayed"
    OTHER = "other"
    UNCLEAR = "unclear"


ARRIVED = frozenset({"delivered", "relayed", "expanded"})
"""The actions of a mail that is with its recipient, or on its way."""


@dataclass(frozen=True)
class Delivery:
    """What a report says about one recipient: under which addresses (in lower case), and in whose words."""

    addresses: frozenset[str]
    fate: Fate
    status: str
    diagnostic: str


def is_report(whole: Part) -> bool:
    """Tell whether a mail is a report of any kind (also a receipt), by its first part: the whole."""
    return whole.type == "multipart/report"


def deliveries(raw: bytes, found: Sequence[Part]) -> list[Delivery]:
    """Return what a delivery report says, a recipient each; nothing where it is no such report."""
    if not is_report(found[0]):
        return []
    status = next((part for part in found if part.depth == 1 and part.type in STATUS_PARTS), None)
    return list(_deliveries(status.text(raw, most=LONGEST_STATUS))) if status else []


def returned_mail(found: Sequence[Part]) -> Part | None:
    """Return the part of a report that gives the reported mail back, or its headers."""
    return next((p for p in found if is_report(found[0]) and p.depth == 1 and p.type in RETURNED), None)


def _deliveries(text: str) -> Iterator[Delivery]:
    blocks = re.split(r"\n(?:[ \t]*\n)+", text.replace("\r\n", "\n").strip())
    for block in blocks[: MOST_RECIPIENTS + 1]:
        fields = _FIELDS.parsestr(block.strip(), headersonly=True)
        addresses = frozenset(filter(None, (_address(fields, n) for n in ("Final-Recipient", "Original-Recipient"))))
        if addresses:  # the first block is about the report itself
            status = _STATUS.match(mime.header(fields, "Status"))
            code = status[1] if status else ""
            diagnostic = one_line(_after_type(mime.header(fields, "Diagnostic-Code")))
            yield Delivery(addresses, _fate(fields, code), code, diagnostic)


def _fate(fields: Message, status: str) -> Fate:
    """The status must fit the action; without an action, which RFC 3464 demands, its class speaks alone."""
    action = mime.header(fields, "Action").partition("(")[0].strip().lower()
    if action in {"failed", ""} and (status.startswith("5") or (action and status.startswith("4"))):
        return Fate.FAILED
    if action in {"delayed", ""} and status.startswith("4"):
        return Fate.DELAYED
    return Fate.OTHER if action in ARRIVED else Fate.UNCLEAR


def _address(fields: Message, name: str) -> str:
    return _after_type(mime.header(fields, name)).strip("<>").lower()


def _after_type(value: str) -> str:
    """Return what follows the type: `rfc822; a@b` is a@b, `smtp; 550 5.1.1 No` is 550 5.1.1 No."""
    kind, semicolon, rest = value.partition(";")
    return (rest if semicolon else kind).strip()
