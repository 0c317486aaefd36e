"""Reads a mail of ours in the very bytes that go out, as the strictest receiver would."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import dkim

from cpor_web.addresses import is_address
from cpor_web.doctor.headers import all_of, has_one_click, problems_of_one_click, read
from cpor_web.doctor.letters import Letter
from cpor_web.emails.catalogue import ASKS
from cpor_web.emails.dkim import DkimSigner
from cpor_web.emails.message import LONGEST_LINE
from cpor_web.programme import Programme

ONCE = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
LARGEST = 100_000
"""Bytes; at 102 kB of HTML the largest mailbox provider cuts a mail off."""

_MESSAGE_ID = re.compile(rb"<[^\s<>@]+@[^\s<>@]+>")


def problems_of(letter: Letter, programme: Programme, signer: DkimSigner | None, now: datetime) -> list[str]:
    """Return what is wrong with a letter's bytes; empty where nothing is."""
    raw = letter.message
    return [
        *_problems_of_head(raw, programme, now),
        *_problems_of_form(raw),
        *_problems_of_asking(letter, programme),
        *_problems_of_signature(raw, signer),
    ]


def _problems_of_head(raw: bytes, programme: Programme, now: datetime) -> list[str]:
    often = [f"{len(all_of(raw, name))} headers {name}" for name in ONCE if len(all_of(raw, name)) != 1]
    if often:
        return often
    mail, problems = read(raw), []
    if [each.addr_spec for each in mail["From"].addresses] != [programme.mail_from]:
        problems.append("From is not the sender's address")
    if not all(is_address(each.addr_spec) for each in mail["Reply-To"].addresses):
        problems.append("Reply-To is no mail address")
    if not _MESSAGE_ID.fullmatch(all_of(raw, "Message-ID")[0]):
        problems.append("Message-ID is not of the form <…@…>")
    if not _is_near(all_of(raw, "Date")[0].decode("ascii", "replace"), now):
        problems.append("Date is no date, has no zone, or is not now")
    return problems


def _is_near(date: str, now: datetime) -> bool:
    try:
        at = parsedate_to_datetime(date)
    except ValueError:
        return False
    return at.tzinfo is not None and abs(at - now) < timedelta(hours=1)


def _problems_of_form(raw: bytes) -> list[str]:
    longest = max(map(len, raw.split(b"\r\n")))
    problems = [f"a line of {longest} characters, where {LONGEST_LINE} is the most"] if longest > LONGEST_LINE else []
    if not raw.isascii():
        problems.append("characters beyond ASCII")
    if len(raw) > LARGEST:
        problems.append(f"{len(raw):,} bytes: mail programs cut it off")
    return problems


def _problems_of_asking(letter: Letter, programme: Programme) -> list[str]:
    if letter.kind in ASKS and programme.one_click:
        return problems_of_one_click(letter.message)
    return ["one-click headers on a mail that asks nothing"] if has_one_click(letter.message) else []


def _problems_of_signature(raw: bytes, signer: DkimSigner | None) -> list[str]:
    if signer is None:
        return []
    record = signer.key.record.encode("ascii")
    try:
        is_valid = dkim.verify(raw, dnsfunc=lambda _name, timeout=0: record)
    except dkim.DKIMException as error:
        return [f"our own signature does not verify: {error}"]
    return [] if is_valid else ["our own signature does not verify"]
