"""Closing many rounds in one transaction: their claims are locked, and all that is looked at is read, together.

Whether and how a round closes is said once, by `rounds.close`, which does each of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import facts, history
from cpor_web.consent import locking
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.emails import recalling
from cpor_web.entities import ahead, detached
from cpor_web.entities.ahead import Known
from cpor_web.models import (
    Assessment,
    Claim,
    ClaimProduct,
    CustomerContact,
    MpnId,
    Partner,
    Replacement,
    Round,
    User,
)
from cpor_web.silence import unread

_Shared = TypeVar("_Shared", Partner, MpnId, User)
_Part = TypeVar("_Part", ClaimProduct, CustomerContact)


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
        detached.write(session, claims)
        detached.write(session, list(newest.values()))


def _claims(session: Session, round_ids: Collection[int]) -> Sequence[Claim]:
    """Lock and read claims with what their facts and mails are made of."""
    claims = detached.read(session, Claim, _due(), rounds=round_ids)
    ids = [claim.id for claim in claims]
    partners = _shared(session, Partner, (claim.partner_id for claim in claims))
    mpn_ids = _shared(session, MpnId, (claim.mpn_id_id for claim in claims))
    people = _shared(session, User, (claim.filed_by_id for claim in claims))
    products = _parts(session, ClaimProduct, ids, "key")
    contacts = _parts(session, CustomerContact, ids, "id")
    for claim in claims:
        detached.relate(
            claim,
            partner=partners[claim.partner_id],
            mpn_id=mpn_ids.get(claim.mpn_id_id or 0),
            filed_by=people[claim.filed_by_id],
            products=products[claim.id],
            all_contacts=contacts[claim.id],
        )
    return claims


def _known(session: Session, claims: Sequence[Claim]) -> dict[int, Known]:
    """Lock and read, in the order of locks, what belongs to claims that are locked."""
    by_id = {claim.id: claim for claim in claims}
    newest = {round_.claim_id: round_ for round_ in locking.hold_all(session, by_id)}
    head = history.hold(session, by_id)
    asked = [each.id for round_ in newest.values() for each in round_.invitations]
    mails_wait = frozenset(recalling.not_begun(session, asked))
    assessed = detached.found(session, _assessed(), claims=by_id)
    replacing = detached.found(session, _replacing(), claims=by_id)
    proven, undrawn = facts.proven(session, by_id), unread.undrawn(session, by_id, replies=True)
    return {
        id_: Known(
            claim=claim,
            round=newest[id_],
            head=head[id_],
            has_proof=id_ in proven,
            is_undrawn=id_ in undrawn,
            is_assessed=id_ in assessed,
            mails_wait=mails_wait,
            replaces=id_ in replacing,
        )
        for id_, claim in by_id.items()
    }


def _shared(session: Session, model: type[_Shared], ids: Iterable[int | None]) -> Mapping[int, _Shared]:
    """Read what many claims have in common, by its id."""
    return {each.id: each for each in detached.read(session, model, _of_ids(model), ids={id_ for id_ in ids if id_})}


def _parts(
    session: Session, model: type[_Part], claim_ids: Collection[int], order: str
) -> Mapping[int, Sequence[_Part]]:
    """Read what belongs to one claim each, by its claim, in order."""
    parts: dict[int, list[_Part]] = defaultdict(list)
    for each in detached.read(session, model, _of_claims(model, order), claims=claim_ids):
        parts[each.claim_id].append(each)
    return parts


@cache
def _due() -> Prepared:
    of_rounds = select(Round.claim_id).where(detached.among(Round.id, "rounds"))
    due = detached.rows_of(Claim).where(Claim.id.in_(of_rounds)).order_by(Claim.id)
    return prepared(due.with_for_update(of=Claim, key_share=True, skip_locked=True))


@cache
def _of_ids(model: type[Partner | MpnId | User]) -> Prepared:
    return prepared(detached.rows_of(model).where(detached.among(model.id, "ids")))


@cache
def _of_claims(model: type[ClaimProduct | CustomerContact], order: str) -> Prepared:
    rows = detached.rows_of(model).where(detached.among(model.claim_id, "claims"))
    return prepared(rows.order_by(model.__table__.c[order]))


@cache
def _assessed() -> Prepared:
    return prepared(select(Assessment.claim_id).where(detached.among(Assessment.claim_id, "claims")))


@cache
def _replacing() -> Prepared:
    waits = (Replacement.ended_at.is_(None), detached.among(Replacement.claim_id, "claims"))
    return prepared(select(Replacement.claim_id).where(*waits))
