"""A folder of caught mails: one .eml file for each, numbered, with its envelope beside it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class CaughtMail:
    """One mail as it came over the wire.

    number: counts from 1 in the order of arrival. sender, recipients: of the envelope, not of the headers.
    """

    number: int
    sender: str
    recipients: tuple[str, ...]
    path: Path

    @property
    def raw(self) -> bytes:
        """The mail's bytes."""
        return self.path.read_bytes()

    @property
    def caught_at(self) -> datetime:
        """When the file was written, aware, in UTC."""
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    @cached_property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.raw, policy=policy.default)

    def header(self, name: str) -> str:
        """One header's value, decoded; as it stands where it is too broken for that, empty where there is none."""
        try:
            return str(self.message[name] or "")
        except (ValueError, LookupError, AttributeError, TypeError):
            return next((value for key, value in self.message.raw_items() if key.lower() == name.lower()), "")

    def body(self, subtype: str) -> str | None:
        """The text of the body of type text/<subtype>, None where the mail has none."""
        part = self.message.get_body((subtype,))
        if part is None:
            return None
        try:
            return str(part.get_content())
        except (LookupError, ValueError):  # an encoding that does not exist or does not hold
            payload = part.get_payload(decode=True)
            return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(payload)


class Mailbox:
    """The mails in one folder; one process writes, any number read."""

    def __init__(self, folder: Path) -> None:
        """folder: made at the first mail when missing."""
        self.folder = folder
        self._last = max(self._numbers(), default=0)

    def _numbers(self) -> Iterator[int]:
        return (int(path.stem) for path in self.folder.glob("*.eml") if path.stem.isdigit())

    def add(self, sender: str, recipients: Sequence[str], raw: bytes) -> CaughtMail:
        """Keep a mail. Whoever lists the folder meanwhile sees it whole, with its envelope, or not at all."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = self._last + 1
        stem = self.folder / f"{number:08}"
        envelope = {"sender": sender, "recipients": list(recipients)}
        stem.with_suffix(".json").write_text(json.dumps(envelope, ensure_ascii=False), encoding="utf-8")
        partial = stem.with_suffix(".part")
        partial.write_bytes(raw)
        path = partial.replace(stem.with_suffix(".eml"))
        self._last = number
        return CaughtMail(number, sender, tuple(recipients), path)

    def mail(self, number: int) -> CaughtMail | None:
        """One mail, None where there is no such number."""
        path = self.folder / f"{number:08}.eml"
        try:
            envelope = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        if not path.exists():
            return None
        return CaughtMail(number, envelope["sender"], tuple(envelope["recipients"]), path)

    def newest(self, limit: int | None = None) -> list[CaughtMail]:
        """The mails, the last caught first. limit: how many at most."""
        numbers = sorted(self._numbers(), reverse=True)[:limit]
        return [mail for number in numbers if (mail := self.mail(number)) is not None]
