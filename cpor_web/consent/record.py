"""The consent record: who was asked what, when, how it reached them, and what they said. See docs/consent-record.md.

Its facts come from the database alone. The operator's copy names the contacts with their addresses; the partner's
has nothing from which an address could be read or guessed, but the same digests, so that both copies can be compared.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.consent import evidence
from cpor_web.history import chain
from cpor_web.models import Answer, Claim, CustomerContact, Event, Invitation, Round
from cpor_web.programme import Programme

TYPE = "cpor consent record"
VERSION = 1

TOLD_OF_EVENTS = ("reason", "way", "late", "needs_yes", "ends_at")
"""What is taken over of an event's data: nothing that people wrote or are called. Why a clock stands still is the
operator's own, since it may tell of a contact who was replaced.
"""

ABOUT_CONSENT = ("consent:", "contact:", "reply:")
ENDINGS = frozenset({"claim:rejected", "claim:withdrawn", "claim:lapsed", "claim:replaced", "claim:disputed"})

_SALT_LABEL = b"cpor consent record address v1\n"
_ADDRESS_LIKE = re.compile(r"\S*[@＠﹫]\S*")

Json = dict[str, Any]


class Copy(StrEnum):
    """For whom a record is. The partner's has no address, and nothing that is the operator's own."""

    OPERATOR = "operator"
    PARTNER = "partner"


def record_of(session: Session, claim: Claim, copy: Copy, *, now: datetime, programme: Programme) -> Json:
    """Return the record of a claim as it stands at `now`, ready to be signed: JSON, every moment in UTC."""
    rounds = session.scalars(select(Round).where(Round.claim_id == claim.id).order_by(Round.number)).all()
    events = _events_by_round(session, claim, copy)
    return {
        "type": TYPE,
        "version": VERSION,
        "copy": copy.value,
        "issued_at": moment(now),
        "issuer": {"operator": programme.operator, "programme": programme.name, "url": programme.public_url},
        "claim": _claim(claim, programme),
        "rules": _rules(programme),
        "rounds": [_round(session, claim, each, events.get(each.number, []), copy) for each in rounds],
    }


def moment(at: datetime | None) -> str | None:
    """Return an aware moment as the chain of events writes it: ISO 8601, UTC, microseconds."""
    return chain.moment(at) if at else None


def digest_of_address(salt: bytes, address: str) -> str:
    """Return what stands for an address in both copies: the SHA-256 of salt and address, in hex."""
    return hashlib.sha256(salt + address.encode()).hexdigest()


def salt_of(invitation: Invitation) -> bytes:
    """Return the 16 bytes that keep an address from being found by trying.

    They come from the random half of the invitation's links, which no page shows, and do not tell it.
    """
    return hashlib.sha256(_SALT_LABEL + invitation.link_id).digest()[:16]


def _claim(claim: Claim, programme: Programme) -> Json:
    catalogue = programme.catalogue
    return {
        "reference": claim.reference,
        "partner": claim.partner.name,
        "mpn_id": claim.mpn_id.number if claim.mpn_id else None,
        "customer": claim.customer_name,
        "tenant_id": str(claim.tenant_id) if claim.tenant_id else None,
        "subscription_id": str(claim.subscription_id) if claim.subscription_id else None,
        "area": catalogue.area_name(claim.area),
        "activity": catalogue.activity_name(claim.activity),
        "products": [{"key": key, "name": catalogue.product_name(key)} for key in claim.product_keys],
        "status": claim.status.value,
        "status_since": moment(claim.status_since),
        "rejection": claim.rejection.value if claim.rejection else None,
    }


def _rules(programme: Programme) -> Json:
    periods = programme.periods
    return {
        "edition": programme.edition,
        "time_zone": programme.calendar.zone.key,
        "consent_days": periods.consent,
        "partner_business_days": periods.partner,
        "dispute_days": periods.dispute,
        "grace_seconds": programme.grace_seconds,
    }


def _round(session: Session, claim: Claim, round_: Round, events: list[Json], copy: Copy) -> Json:
    return {
        "number": round_.number,
        "state": round_.state.value,
        "needs_yes": round_.needs_yes,
        "yes_at": moment(round_.yes_at),
        "opened_at": moment(round_.opened_at),
        "ends_at": moment(round_.ends_at),
        "end_rule": round_.end_rule,
        "closes_at": moment(round_.closes_at),
        "closed_at": moment(round_.closed_at),
        "contacts": [_invitation(session, claim, each, copy) for each in round_.invitations],
        "events": events,
    }


def _invitation(session: Session, claim: Claim, invitation: Invitation, copy: Copy) -> Json:
    contact, salt = invitation.contact, salt_of(invitation)
    known = {
        "contact": _place_of(claim.all_contacts, contact),
        "language": contact.language,
        "address_digest": None if contact.is_erased else digest_of_address(salt, contact.email),
        "printed_end": moment(invitation.printed_end),
        "taken_at": moment(invitation.taken_at),
        "bounced_at": moment(invitation.bounced_at),
        "superseded_at": moment(invitation.superseded_at),
        "asked_again_at": moment(invitation.asked_again_at),
        "mails": evidence.mails(session, invitation, in_full=copy is Copy.OPERATOR),
        "openings": evidence.openings(session, invitation, in_full=copy is Copy.OPERATOR),
        "answers": [_answer(each, copy) for each in invitation.answers],
    }
    if copy is Copy.OPERATOR:
        known |= {"name": contact.name, "address": contact.email, "address_salt": salt.hex()}
    return known


def _place_of(contacts: Sequence[CustomerContact], contact: CustomerContact) -> int | None:
    """Return 1 or 2, also of a contact whose place another one has taken since; None where nothing tells."""
    later = {each.replaces_id: each for each in contacts if each.confirmed_by_id is not None or each.position}
    while contact.position is None:
        successor = later.pop(contact.id, None)
        if successor is None:
            return None
        contact = successor
    return contact.position


def _answer(answer: Answer, copy: Copy) -> Json:
    words = answer.words if copy is Copy.OPERATOR else _ADDRESS_LIKE.sub("[address]", answer.words)
    return {
        "kind": answer.kind.value,
        "at": moment(answer.at),
        "way": answer.way.value,
        "reason": answer.reason.value if answer.reason else None,
        "words": words,
        "late": answer.is_late,
    }


def _events_by_round(session: Session, claim: Claim, copy: Copy) -> dict[int, list[Json]]:
    """Return what happened about consent, by the number of the round that it belongs to: the newest one open."""
    found: dict[int, list[Json]] = {}
    number = 0
    for event in _events(session, claim, copy):
        if event.kind == "consent:opened":
            number += 1
        if number:
            found.setdefault(number, []).append(_event(event))
    return found


def _events(session: Session, claim: Claim, copy: Copy) -> Iterator[Event]:
    for event in session.scalars(select(Event).where(Event.claim_id == claim.id).order_by(Event.position)):
        is_hidden = event.is_internal and copy is not Copy.OPERATOR
        if not is_hidden and (event.kind.startswith(ABOUT_CONSENT) or event.kind in ENDINGS):
            yield event


def _event(event: Event) -> Json:
    return {
        "position": event.position,
        "link": event.link.hex(),
        "at": moment(event.at),
        "kind": event.kind,
        "by": event.role.value,
        **{name: event.data[name] for name in TOLD_OF_EVENTS if name in event.data},
    }
