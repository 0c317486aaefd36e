"""Signs our mails where the relay does not (DKIM, RFC 6376)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dkim

from cpor_web.config import Settings
from cpor_web.keys import dkim as dkim_keys
from cpor_web.keys.dkim import DkimKey

ONE_CLICK = ("List-Unsubscribe", "List-Unsubscribe-Post")
"""Mail programs show their button only where the signature covers both (RFC 8058 section 4)."""

SIGNED = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    *ONE_CLICK,
)
"""What the signature covers, where the mail has it; From once more, so that nobody can add a second one."""

RELAXED = (b"relaxed", b"relaxed")


class _Signature(dkim.DKIM):
    """dkimpy's signing, but the moment is an argument: a mail that goes out again is the same mail."""

    def __init__(self, message: bytes, at: datetime) -> None:
        super().__init__(message)
        self._at = str(int(at.timestamp())).encode("ascii")

    def gen_header(self, fields: Sequence[tuple[bytes, bytes]], *rest: Any, **more: Any) -> bytes:
        timed = [(tag, self._at if tag == b"t" else value) for tag, value in fields]
        header: bytes = super().gen_header(timed, *rest, **more)
        return header


@dataclass(frozen=True)
class DkimSigner:
    """Signs for one domain, by the record that `selector` names."""

    domain: str
    selector: str
    key: DkimKey

    @classmethod
    def from_settings(cls, settings: Settings) -> "DkimSigner | None":
        """Return the signer that the settings ask for, None where the relay signs; the settings were checked."""
        if not settings.dkim_domain:
            return None
        return cls(settings.dkim_domain, settings.dkim_selector, dkim_keys.read(Path(settings.dkim_key_file)))

    @property
    def place(self) -> str:
        """Where the record is to be published."""
        return f"{self.selector}._domainkey.{self.domain}"

    def signed(self, message: bytes, at: datetime) -> bytes:
        """Return the mail with its signature in front, dated `at`: the same arguments give the same bytes."""
        signature = _Signature(message, at)
        present = {name.lower() for name, _ in signature.headers}
        covered = [name for name in SIGNED if name.lower().encode("ascii") in present]
        header: bytes = signature.sign(
            self.selector.encode("ascii"),
            self.domain.encode("ascii"),
            self.key.private,
            self.key.algorithm.encode("ascii"),
            canonicalize=RELAXED,
            include_headers=[*covered, "From"],
        )
        return header + message
