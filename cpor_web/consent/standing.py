"""What a link stands for at this moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from cpor_web.consent import answers
from cpor_web.models import ERASED, AnswerKind, RoundState
from cpor_web.rules import transitions
from cpor_web.rules.actions import Action
from cpor_web.rules.reasons import Denial, Rejection, Way
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import Facts

Found = Mapping[str, Any]
"""What the database says of a link, in JSON."""

Ask = Callable[[str, Mapping[str, Any]], Any]
"""Runs a statement with these values, and returns the one value that it finds, None for none."""


class LinkState(StrEnum):
    """What the page of a link says."""

    OPEN = "open"
    DENIED = "denied"
    PASSED = "passed"
    OVER = "over"
    SUPERSEDED = "superseded"


class Denied(NamedTuple):
    """The denial that a round ended with."""

    at: datetime
    way: Way
    reason: Denial
    is_late: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is claimed, as far as a customer is told. Area, activity and products are keys of the catalogue."""

    reference: str
    partner: str
    mpn_id: str
    customer: str
    domain: str
    tenant_id: str
    area: str | None
    activity: str | None
    products: tuple[str, ...]
    status: Status
    status_since: datetime
    rejection: Rejection | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A link's state with what its page shows: of the claim, of the round, and of this contact's part of it.

    `denial` is the round's, where it was denied; `said` the newest answer of each kind that this contact
    gave since they were last asked.
    `replaces` tells of an open question whether another partner's association ends if it is not denied,
    `needs_contact` whether its time stands still until the partner names a right contact. `is_erased` tells of who
    denied, or else of who was sent this link, whether nobody has their address any more: no mail goes there.
    """

    state: LinkState
    language: str
    claim: Claimed
    round: RoundState
    needs_yes: bool
    yes_at: datetime | None
    ends_at: datetime | None
    printed_end: datetime | None
    superseded_at: datetime | None
    denial: Denied | None
    said: Mapping[AnswerKind, datetime]
    can_undo_until: datetime | None
    replaces: bool = False
    needs_contact: bool = False
    is_erased: bool = False


def standing_of(ask: Ask, link_id: bytes, *, now: datetime) -> Standing | None:
    """Return how a link stands, None for one that we never gave out. `ask` runs one statement, which reads only.

    It is no object of the models: this is asked whenever a link is opened, and nothing of it is changed.
    """
    found = ask(_BEHIND_LINK, {"link": link_id, "erased": ERASED})
    return _standing(found, now) if found is not None else None


def _standing(found: Found, now: datetime) -> Standing:
    status, round_ = Status(found["status"]), RoundState(found["state"])
    ends_at, denial = _moment(found["ends_at"]), _denied(found) if round_ is RoundState.DENIED else None
    ends = (ends_at, *map(_moment, found["printed_ends"]))
    until = answers.latest_undo(denial.at, ends) if denial and _may_be_undone(found, status) else None
    state = _state(found, status, round_)
    return Standing(
        state=state,
        language=found["language"],
        claim=_claimed(found, status),
        round=round_,
        needs_yes=found["needs_yes"],
        yes_at=_moment(found["yes_at"]),
        ends_at=ends_at,
        printed_end=_moment(found["printed_end"]),
        superseded_at=_moment(found["superseded_at"]),
        denial=denial,
        said={AnswerKind(kind): datetime.fromisoformat(at) for kind, at in found["said"]},
        can_undo_until=until if until is not None and until >= now else None,
        replaces=state is LinkState.OPEN and found["replaces"],
        needs_contact=found["needs_contact"],
        is_erased=found["is_erased"],
    )


def _state(found: Found, status: Status, round_: RoundState) -> LinkState:
    if found["superseded_at"] is not None:
        return LinkState.SUPERSEDED
    if round_ is RoundState.DENIED:
        return LinkState.DENIED
    if status is not Status.APPROVED or not found["is_newest"]:
        return LinkState.OVER
    return LinkState.PASSED if round_ is RoundState.PASSED else LinkState.OPEN


def _may_be_undone(found: Found, status: Status) -> bool:
    known = Facts(
        declined_by_customer=found["rejection"] == Rejection.CUSTOMER_DECLINE,
        edited_since_denial=found["is_edited"],
    )
    is_mine = found["is_denied_here"] and found["is_newest"]
    return is_mine and Action.UNDO_DENIAL in transitions.offered(status, Role.CUSTOMER, known)


def _denied(found: Found) -> Denied | None:
    at = _moment(found["denied_at"])
    return Denied(at, Way(found["way"]), Denial(found["reason"]), found["is_late"]) if at is not None else None


def _claimed(found: Found, status: Status) -> Claimed:
    return Claimed(
        reference=found["reference"],
        partner=found["partner"],
        mpn_id=found["mpn_id"] or "",
        customer=found["customer_name"] or "",
        domain=found["customer_domain"] or "",
        tenant_id=found["tenant_id"] or "",
        area=found["area"],
        activity=found["activity"],
        products=tuple(found["products"]),
        status=status,
        status_since=datetime.fromisoformat(found["status_since"]),
        rejection=Rejection(found["rejection"]) if found["rejection"] else None,
    )


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said is not None else None


_BEHIND_LINK = """
    SELECT to_json(found) FROM (
        SELECT asked.superseded_at, asked.printed_end, contact.language,
            round.state, round.needs_yes, round.yes_at, round.ends_at,
            claim.reference, claim.status, claim.status_since, claim.rejection, claim.customer_name,
            claim.customer_domain, claim.tenant_id, claim.area, claim.activity,
            partner.name AS partner, mpn.number AS mpn_id,
            ARRAY(SELECT key FROM claim_products WHERE claim_id = claim.id ORDER BY key) AS products,
            NOT EXISTS (SELECT FROM rounds WHERE claim_id = claim.id AND number > round.number) AS is_newest,
            EXISTS (
                SELECT FROM replacements JOIN claims ended ON ended.id = replaced_id
                WHERE claim_id = claim.id AND replacements.ended_at IS NULL AND ended.status = 'approved'
            ) AND NOT EXISTS (
                SELECT FROM answers JOIN invitations ON invitations.id = invitation_id
                WHERE round_id = round.id AND is_late
            ) AS replaces,
            round.state = 'stopped' AND EXISTS (
                SELECT FROM invitations astray WHERE round_id = round.id AND superseded_at IS NULL AND (
                    bounced_at IS NOT NULL OR EXISTS (
                        SELECT FROM answers WHERE invitation_id = astray.id AND kind = 'not-the-right-person'
                            AND at > coalesce(astray.asked_again_at, '-infinity')
                    )
                )
            ) AND NOT EXISTS (
                SELECT FROM customer_contacts WHERE claim_id = claim.id
                    AND replaces_id IS NOT NULL AND position IS NULL AND confirmed_by_id IS NULL
            ) AS needs_contact,
            ARRAY(
                SELECT printed_end FROM invitations WHERE round_id = round.id AND superseded_at IS NULL
            ) AS printed_ends,
            ARRAY(
                SELECT json_build_array(kind, at) FROM answers
                WHERE invitation_id = asked.id AND at > coalesce(asked.asked_again_at, '-infinity') ORDER BY id
            ) AS said,
            denial.at AS denied_at, denial.way, denial.reason, denial.is_late,
            denial.invitation_id = asked.id AS is_denied_here,
            coalesce(denial.email, contact.email) = %(erased)s AS is_erased,
            denial.id IS NOT NULL AND EXISTS (
                SELECT FROM events WHERE claim_id = claim.id AND kind = 'claim:edited' AND position > (
                    SELECT max(position) FROM events WHERE claim_id = claim.id AND kind = 'consent:denied'
                )
            ) AS is_edited
        FROM invitations asked
        JOIN customer_contacts contact ON contact.id = asked.contact_id
        JOIN rounds round ON round.id = asked.round_id
        JOIN claims claim ON claim.id = round.claim_id
        JOIN partners partner ON partner.id = claim.partner_id
        LEFT JOIN mpn_ids mpn ON mpn.id = claim.mpn_id_id
        LEFT JOIN LATERAL (
            SELECT answers.*, customer_contacts.email
            FROM answers JOIN invitations ON invitations.id = invitation_id
                JOIN customer_contacts ON customer_contacts.id = contact_id
            WHERE round.state = 'denied' AND round_id = round.id AND kind = 'denied'
            ORDER BY answers.id DESC LIMIT 1
        ) denial ON true
        WHERE asked.link_id = %(link)s
    ) found
"""
"""As one value: to tell some thirty columns apart costs more than all that is done with them."""
