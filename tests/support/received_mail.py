"""A mail as a server received it."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Mail:
    """One mail that was taken: its envelope, its bytes, and what they say."""

    mail_from: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)

    @cached_property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, EmailMessage, policy=policy.default)

    def write(self, maildir: Path) -> None:
        number = len(list(maildir.glob("*.eml"))) + 1
        part = maildir / f"{number}.part"
        part.write_bytes(f"{self.mail_from} {' '.join(self.recipients)}\n".encode() + self.raw)
        part.rename(maildir / f"{number}.eml")

    @classmethod
    def read(cls, path: Path) -> Self:
        envelope, _, raw = path.read_bytes().partition(b"\n")
        mail_from, *recipients = envelope.decode().split(" ")
        return cls(mail_from, tuple(recipients), raw)


def mails_in(maildir: Path) -> list[Mail]:
    """What a server that runs as a process has taken so far, in its order."""
    return [Mail.read(path) for path in sorted(maildir.glob("*.eml"), key=lambda path: int(path.stem))]
