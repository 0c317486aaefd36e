"""Closing many rounds in one transaction: their claims are locked, and all that is looked at is read, together.

Whether and how a round closes is said once, by `rounds.close`, which does each of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, lazyload

from cpor_web import ahead, facts, history, loose, unread
from cpor_web.ahead import Known
from cpor_web.emails import outbox
from cpor_web.models import (
    Assessment,
    Claim,
    ClaimProduct,
    CustomerContact,
    Invitation,
    MpnId,
    Partner,
    Replacement,
    Round,
    User,
)

_Shared = TypeVar("_Shared", Partner, MpnId, User)
_Part = TypeVar("_Part", ClaimProduct, CustomerContact, Invitation)


@contextmanager
def together(session: Session, round_ids: Collection[int]) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
    """Lock those of these rounds whose claims nobody else has locked, and yield their ids, in their claims' order.

    Inside, `rounds.close` closes them without asking for each; what it changed is written at the end. Left out are
    those that another closer has, or whoever acts on the claim at this moment. Yields apart the ids of those that can
    be closed only alone: such a claim takes the place of an association, which is locked with it.
    """
    known: dict[int, Known] = {}
    newest: dict[int, Round] = {}
    with ahead.keeping(session, known, rounds=newest):
        claims = _claims(session, round_ids)
        ahead.once(session, unread.emptied_at)  # before what came in: what comes between the two is not read yet
        known |= _known(session, claims)
        newest |= {each.round.id: each.round for each in known.values() if each.round is not None}
        due = [(id_, known[round_.claim_id].replaces) for id_, round_ in newest.items() if id_ in round_ids]
        yield [id_ for id_, replaces in due if not replaces], [id_ for id_, replaces in due if replaces]
        loose.write(session, claims)
        loose.write(session, list(newest.values()))


def _claims(session: Session, round_ids: Collection[int]) -> Sequence[Claim]:
    """Lock and read claims with what their facts and mails are made of."""
    due = loose.rows_of(Claim).where(Claim.id.in_(select(Round.claim_id).where(loose.among(Round.id, round_ids))))
    due = due.order_by(Claim.id).with_for_update(of=Claim, key_share=True, skip_locked=True)
    claims = loose.read(session, Claim, due)
    ids = [claim.id for claim in claims]
    partners = _shared(session, Partner, (claim.partner_id for claim in claims))
    mpn_ids = _shared(session, MpnId, (claim.mpn_id_id for claim in claims))
    people = _shared(session, User, (claim.filed_by_id for claim in claims))
    products = _parts(session, ClaimProduct, "claim_id", ids, "key")
    contacts = _parts(session, CustomerContact, "claim_id", ids, "id")
    for claim in claims:
        loose.relate(
            claim,
            partner=partners[claim.partner_id],
            mpn_id=mpn_ids.get(claim.mpn_id_id or 0),
            filed_by=people[claim.filed_by_id],
            products=products[claim.id],
            all_contacts=contacts[claim.id],
        )
    return claims


def _newest_rounds(session: Session, claims: Sequence[Claim]) -> Mapping[int, Round]:
    """Lock the rounds of claims, and return the newest of each by claim, with its invitations."""
    rows = loose.rows_of(Round).where(loose.among(Round.claim_id, [claim.id for claim in claims]))
    rows = rows.order_by(Round.claim_id, Round.number).with_for_update(of=Round, key_share=True)
    newest = {each.claim_id: each for each in loose.read(session, Round, rows)}
    invitations = _parts(session, Invitation, "round_id", [each.id for each in newest.values()], "id")
    for claim in claims:
        round_ = newest[claim.id]
        loose.relate(round_, claim=claim, invitations=invitations[round_.id])
    return newest


def _known(session: Session, claims: Sequence[Claim]) -> dict[int, Known]:
    """Lock and read, in the order of locks, what belongs to claims that are locked."""
    ids = [claim.id for claim in claims]
    newest = _newest_rounds(session, claims)
    head = history.hold(session, ids)
    mails_wait = outbox.not_begun(session, [each.id for round_ in newest.values() for each in round_.invitations])
    replacements = select(Replacement.claim_id).where(Replacement.ended_at.is_(None))
    assessed, replacing = _among(session, ids, select(Assessment.claim_id)), _among(session, ids, replacements)
    proven, undrawn = set(facts.proven(session, ids)), set(unread.undrawn(session, ids, replies=True))
    return {
        claim.id: Known(
            claim=claim,
            round=newest[claim.id],
            head=head[claim.id],
            has_proof=claim.id in proven,
            is_undrawn=claim.id in undrawn,
            is_assessed=claim.id in assessed,
            mails_wait=frozenset(mails_wait),
            replaces=claim.id in replacing,
        )
        for claim in claims
    }


def _shared(session: Session, model: type[_Shared], ids: Iterable[int | None]) -> Mapping[int, _Shared]:
    """Read afresh what many claims have in common, by its id."""
    rows = select(model).where(loose.among(model.id, {id_ for id_ in ids if id_ is not None}))
    rows = rows.options(lazyload("*")).execution_options(populate_existing=True)
    return {each.id: each for each in session.scalars(rows)}


def _parts(
    session: Session, model: type[_Part], whose: str, ids: Collection[int], order: str
) -> Mapping[int, list[_Part]]:
    """Read what belongs to one claim or round each, by whose it is, in order."""
    columns = model.__table__.c
    rows = loose.rows_of(model).where(loose.among(columns[whose], ids)).order_by(columns[order])
    parts: dict[int, list[_Part]] = defaultdict(list)
    for each in loose.read(session, model, rows):
        parts[getattr(each, whose)].append(each)
    return parts


def _among(session: Session, claim_ids: Sequence[int], found: Select[int]) -> set[int]:
    (claim_id,) = found.selected_columns
    return set(session.scalars(found.where(loose.among(claim_id, claim_ids))))
