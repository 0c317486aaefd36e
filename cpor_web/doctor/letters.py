"""A sample of each kind of mail: written as the real ones are, marked as a test, and without a link that works."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cpor_web.emails.catalogue import KINDS
from cpor_web.emails.composing import Composer
from cpor_web.emails.dkim import DkimSigner
from cpor_web.emails.links import Signers
from cpor_web.emails.rendering import Renderer, Words
from cpor_web.models import Invitation, Mail
from cpor_web.programme import Programme
from cpor_web.samples.mails import SPECIMENS

LINK_ID_BYTES = 16


@dataclass(frozen=True)
class Letter:
    """One sample, ready to be handed over."""

    kind: str
    message: bytes


class _Marked(Renderer):
    """Writes the words as ever, and says in the subject that it is a test."""

    def render(self, kind: str, context: Mapping[str, Any], *, language: str, links: Mapping[str, str]) -> Words:
        words = super().render(kind, context, language=language, links=links)
        return replace(words, subject=f"[Test] {words.subject}")


def letters(
    programme: Programme,
    signer: DkimSigner | None,
    *,
    to: str,
    language: str,
    now: datetime,
    kinds: Iterable[str] = KINDS,
) -> Iterator[Letter]:
    """Return a letter of each kind. Its links have the form of real ones; the key that made them is thrown away."""
    signers = Signers([secrets.token_urlsafe(32)], programme.public_url)
    renderer = _Marked(programme.calendar.zone.key)
    composer = Composer(programme, signers, renderer, lambda _: f"{programme.public_url}/reset/test", signer)
    for kind in kinds:
        mail = _mail(kind, programme, to=to, language=language, now=now)
        invited = Invitation(link_id=secrets.token_bytes(LINK_ID_BYTES), printed_end=now + timedelta(days=7))
        yield Letter(kind, composer.compose(mail, invited))


def _mail(kind: str, programme: Programme, *, to: str, language: str, now: datetime) -> Mail:
    house = {"operator": programme.operator, "programme": programme.name, "guide_url": programme.guide_url}
    return Mail(
        kind=kind,
        to_address=to,
        to_name="",
        language=language,
        context={**SPECIMENS[kind][0], **house},
        message_id=f"<{secrets.token_hex(16)}@{programme.mail_host}>",
        boundary=secrets.token_hex(12),
        dated_at=now.replace(microsecond=0),
    )
