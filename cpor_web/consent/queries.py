"""What a link stands for at this moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row

from cpor_web.consent import answers
from cpor_web.models import AnswerKind, RoundState
from cpor_web.rules.reasons import Denial, Rejection, Way
from cpor_web.rules.statuses import Status


class LinkState(StrEnum):
    """What the page of a link says."""

    OPEN = "open"
    DENIED = "denied"
    PASSED = "passed"
    OVER = "over"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Denied:
    """The denial that a round ended with."""

    at: datetime
    way: Way
    reason: Denial
    is_late: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is claimed, as far as a customer is told. Area, activity and products are keys of the catalogue."""

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

    `denial` is the round's, where it was denied; `said` the newest answer of each kind that this contact gave.
    `replaces` tells of an open question whether another partner's association ends if it is not denied.
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


def standing(connection: Connection, link_id: bytes, *, now: datetime) -> Standing | None:
    """Return how a link stands, None for one that we never gave out. One statement, which reads only.

    It is columns and not the models' objects: this is asked whenever a link is opened, and nothing of it is changed.
    """
    row = connection.exec_driver_sql(_BEHIND_LINK, {"link": link_id}).one_or_none()
    return _standing(row, now) if row is not None else None


def _standing(row: Row[Any], now: datetime) -> Standing:
    status, round_ = Status(row.status), RoundState(row.state)
    denial = _denied(row) if round_ is RoundState.DENIED and row.denied_at else None
    ends = (row.ends_at, *row.printed_ends)
    until = answers.latest_undo(denial.at, ends) if denial and row.is_denied_here else None
    state = _state(row, status, round_)
    return Standing(
        state=state,
        language=row.language,
        claim=_claimed(row, status),
        round=round_,
        needs_yes=row.needs_yes,
        yes_at=row.yes_at,
        ends_at=row.ends_at,
        printed_end=row.printed_end,
        superseded_at=row.superseded_at,
        denial=denial,
        said=dict(zip(map(AnswerKind, row.said), row.said_at, strict=True)),
        can_undo_until=until if until is not None and until >= now else None,
        replaces=state is LinkState.OPEN and row.replaces,
    )


def _state(row: Row[Any], status: Status, round_: RoundState) -> LinkState:
    if row.superseded_at is not None:
        return LinkState.SUPERSEDED
    if round_ is RoundState.DENIED:
        return LinkState.DENIED
    if status is not Status.APPROVED or not row.is_newest:
        return LinkState.OVER
    return LinkState.PASSED if round_ is RoundState.PASSED else LinkState.OPEN


def _denied(row: Row[Any]) -> Denied:
    return Denied(row.denied_at, Way(row.way), Denial(row.reason), row.is_late)


def _claimed(row: Row[Any], status: Status) -> Claimed:
    return Claimed(
        partner=row.partner,
        mpn_id=row.mpn_id or "",
        customer=row.customer_name or "",
        domain=row.customer_domain or "",
        tenant_id=str(row.tenant_id or ""),
        area=row.area,
        activity=row.activity,
        products=tuple(row.products),
        status=status,
        status_since=row.status_since,
        rejection=Rejection(row.rejection) if row.rejection else None,
    )


_BEHIND_LINK = """
    SELECT asked.superseded_at, asked.printed_end, contact.language,
        round.state, round.needs_yes, round.yes_at, round.ends_at,
        claim.status, claim.status_since, claim.rejection, claim.customer_name, claim.customer_domain,
        claim.tenant_id, claim.area, claim.activity, partner.name AS partner, mpn.number AS mpn_id,
        ARRAY(SELECT key FROM claim_products WHERE claim_id = claim.id ORDER BY key) AS products,
        NOT EXISTS (SELECT FROM rounds WHERE claim_id = claim.id AND number > round.number) AS is_newest,
        EXISTS (
            SELECT FROM replacements JOIN claims ended ON ended.id = replaced_id
            WHERE claim_id = claim.id AND replacements.ended_at IS NULL AND ended.status = 'approved'
        ) AS replaces,
        ARRAY(
            SELECT printed_end FROM invitations WHERE round_id = round.id AND superseded_at IS NULL
        ) AS printed_ends,
        ARRAY(SELECT kind FROM answers WHERE invitation_id = asked.id ORDER BY id) AS said,
        ARRAY(SELECT at FROM answers WHERE invitation_id = asked.id ORDER BY id) AS said_at,
        denial.at AS denied_at, denial.way, denial.reason, denial.is_late,
        denial.invitation_id = asked.id AS is_denied_here
    FROM invitations asked
    JOIN customer_contacts contact ON contact.id = asked.contact_id
    JOIN rounds round ON round.id = asked.round_id
    JOIN claims claim ON claim.id = round.claim_id
    JOIN partners partner ON partner.id = claim.partner_id
    LEFT JOIN mpn_ids mpn ON mpn.id = claim.mpn_id_id
    LEFT JOIN LATERAL (
        SELECT answers.* FROM answers JOIN invitations ON invitations.id = invitation_id
        WHERE round.state = 'denied' AND round_id = round.id AND kind = 'denied'
        ORDER BY answers.id DESC LIMIT 1
    ) denial ON true
    WHERE asked.link_id = %(link)s
"""
