"""A denial of which all is locked, read and written at once. What it does is said by `answers.deny`.

Many deny at the same time, and most of what a denial took was reading and writing object by object. Here all that it
is usually judged by is read as rows, after the locks, and the objects made of them are in no session: the verb finds
them as what the transaction knows ahead (`cpor_web.ahead`). What it changes of claim and round is found by comparing,
and written by one statement. A column or a relation that was not read is not empty: to ask for it raises
DetachedInstanceError.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import Enum, Row, bindparam, exists, func, select
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from cpor_web import ahead
from cpor_web.ahead import Known
from cpor_web.consent import answers
from cpor_web.consent.recording import Outcome
from cpor_web.models import (
    Assessment,
    Base,
    Claim,
    ClaimProduct,
    CustomerContact,
    Invitation,
    MpnId,
    Partner,
    Round,
    User,
)
from cpor_web.prepared import prepared

Model = TypeVar("Model", bound=Base)
Values = Mapping[str, Any]


def deny(session: Session, link_id: bytes, **about: Any) -> Outcome | None:
    """Record a denial through a link, None for a link that nobody was given; `about` is that of `answers.deny`."""
    with _held(session, link_id) as held:
        invitation = held or answers.find(session, link_id)
        return answers.deny(session, invitation, **about) if invitation is not None else None


@contextmanager
def _held(session: Session, link_id: bytes) -> Iterator[Invitation | None]:
    """Lock the claim and the round behind a link, yield the invitation, and write what the block changes of the two.

    Yields None where it has to be read as ever: the link is unknown or superseded, its customer was asked since, or
    the claim was to be assessed. What is locked stays so until the caller's transaction ends.
    """
    session.flush()
    rows = _locked(session, link_id)
    asked = _invitation(rows, link_id) if rows else None
    if asked is None:
        yield None
        return
    round_, claim = asked.round, asked.round.claim
    was = dict(vars(claim)), dict(vars(round_))
    with ahead.keeping(session, {claim.id: Known(claim=claim, round=round_, is_assessed=False)}):
        yield asked
    _write(session, asked, _changes(claim, was[0]), _changes(round_, was[1]))


def _locked(session: Session, link_id: bytes) -> Sequence[Row[Any]]:
    """Lock, then read: what came while the locks were waited for is seen."""
    connection, link = session.connection(), {"link": link_id}
    if connection.exec_driver_sql(_LOCK_CLAIM, link).one_or_none() is None:
        return ()
    connection.exec_driver_sql(_LOCK_ROUND, link)
    return connection.exec_driver_sql(_READ, link).all()


def _invitation(rows: Sequence[Row[Any]], link_id: bytes) -> Invitation | None:
    first = rows[0]
    invitations = [_INVITATIONS.made(row) for row in rows]
    asked = next(each for each in invitations if each.link_id == link_id)
    if asked.superseded_at is not None or not first.is_newest or first.is_assessed:
        return None
    claim, round_ = _CLAIMS.made(first), _ROUNDS.made(first)
    for invitation, row in zip(invitations, rows, strict=True):
        set_committed_value(invitation, "contact", _CONTACTS.made(row))
        set_committed_value(invitation, "round", round_)
    set_committed_value(round_, "invitations", invitations)
    set_committed_value(round_, "claim", claim)
    set_committed_value(claim, "partner", _PARTNERS.made(first))
    set_committed_value(claim, "filed_by", _USERS.made(first))
    set_committed_value(claim, "mpn_id", _MPN_IDS.made(first) if claim.mpn_id_id is not None else None)
    set_committed_value(claim, "products", [ClaimProduct(key=key) for key in first.products])
    return asked


def _changes(changed: Claim | Round, was: Values) -> Values:
    known = _COLUMNS[type(changed)]
    return {name: value for name, value in vars(changed).items() if name in known and value != was.get(name)}


def _write(session: Session, asked: Invitation, of_claim: Values, of_round: Values) -> None:
    if of_claim or of_round:
        values = {"claim": json.dumps(of_claim, default=str), "round": json.dumps(of_round, default=str)}
        ids = {"claim_id": asked.round.claim_id, "round_id": asked.round_id}
        session.connection().exec_driver_sql(_update(tuple(of_claim), tuple(of_round)), values | ids)


@lru_cache(maxsize=100)
def _update(of_claim: tuple[str, ...], of_round: tuple[str, ...]) -> str:
    updates = [
        f"UPDATE {table} SET ({', '.join(names)}) ="  # noqa: S608 - names of ours
        f" (SELECT {', '.join(names)} FROM json_populate_record(NULL::{table}, %({one})s)) WHERE id = %({one}_id)s"
        for table, one, names in (("claims", "claim", of_claim), ("rounds", "round", of_round))
        if names
    ]
    first, *others = updates
    return f"WITH claim AS ({first}) {others[0]}" if others else first


class _Rows(Generic[Model]):
    """Makes objects of a table of rows that have its columns, and perhaps of others."""

    def __init__(self, model: type[Model], *names: str) -> None:
        self._model = model
        table = Base.metadata.tables[model.__tablename__]
        self.columns = [table.c[name].label(f"{table.name}_{name}") for name in names or table.c.keys()]
        self._names = [(column.name, column.element.name, _reader(column.type)) for column in self.columns]

    def made(self, row: Row[Any]) -> Model:
        """Return the object of a row, in no session."""
        found, made = row._mapping, self._model()
        vars(made).update((name, read(found[label])) for label, name, read in self._names)
        make_transient_to_detached(made)
        return made


def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return what makes a column's value of what the database says: of a word, the member that it stands for."""
    if isinstance(kind, Enum) and kind.enum_class is not None:
        members: Any = kind.enum_class
        return lambda word: members(word) if word is not None else None
    return lambda value: value


_CLAIMS, _ROUNDS, _INVITATIONS, _CONTACTS = _Rows(Claim), _Rows(Round), _Rows(Invitation), _Rows(CustomerContact)
_PARTNERS, _MPN_IDS = _Rows(Partner, "id", "name"), _Rows(MpnId, "id", "number")
_USERS = _Rows(User, "id", "email", "name", "language")
_COLUMNS: Mapping[type[Base], frozenset[str]] = {
    model: frozenset(Base.metadata.tables[model.__tablename__].c.keys()) for model in (Claim, Round)
}

_LOCK_CLAIM = """
    SELECT id FROM claims WHERE id = (
        SELECT claim_id FROM rounds WHERE id = (SELECT round_id FROM invitations WHERE link_id = %(link)s)
    ) FOR NO KEY UPDATE OF claims"""
_LOCK_ROUND = """
    SELECT id FROM rounds WHERE id = (SELECT round_id FROM invitations WHERE link_id = %(link)s)
    FOR NO KEY UPDATE OF rounds"""
"""No join is in them: of what was waited for, PostgreSQL would join the old rows. Whose a link is never changes."""

_BEHIND = select(Invitation.round_id).where(Invitation.link_id == bindparam("link")).scalar_subquery()
_NEWEST = select(func.max(Round.number)).where(Round.claim_id == Claim.id).correlate(Claim).scalar_subquery()
_PRODUCTS = select(ClaimProduct.key).where(ClaimProduct.claim_id == Claim.id).order_by(ClaimProduct.key)
_READ = prepared(
    select(
        *_CLAIMS.columns,
        *_ROUNDS.columns,
        *_INVITATIONS.columns,
        *_CONTACTS.columns,
        *_PARTNERS.columns,
        *_MPN_IDS.columns,
        *_USERS.columns,
        func.array(_PRODUCTS.correlate(Claim).scalar_subquery()).label("products"),
        (Round.number == _NEWEST).label("is_newest"),
        exists().where(Assessment.claim_id == Claim.id).correlate(Claim).label("is_assessed"),
    )
    .select_from(Invitation)
    .join(CustomerContact, CustomerContact.id == Invitation.contact_id)
    .join(Round, Round.id == Invitation.round_id)
    .join(Claim, Claim.id == Round.claim_id)
    .join(Partner, Partner.id == Claim.partner_id)
    .join(User, User.id == Claim.filed_by_id)
    .outerjoin(MpnId, MpnId.id == Claim.mpn_id_id)
    .where(Invitation.round_id == _BEHIND)
    .order_by(Invitation.id)
).text
"""A row for each invitation of the round, with all of the claim's."""
