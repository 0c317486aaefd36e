"""An entity of no session has the values that the session's own has."""

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import DetachedInstanceError, UnmappedInstanceError

from cpor_web.database.prepared import prepared
from cpor_web.entities import detached
from cpor_web.models import Base, Claim, CustomerContact, Invitation, Mail, Round, User
from cpor_web.programme import Programme
from tests.support import claims


def in_json(session: Session, model: type[Base]) -> dict[str, object]:
    """The newest row of a table as PostgreSQL says it."""
    table = model.__table__
    row: dict[str, object] = session.scalars(
        select(func.to_json(table.table_valued())).order_by(table.c.id.desc()).limit(1)
    ).one()
    return row


def are_the_same(one: Base, other: Base) -> bool:
    assert isinstance(one, type(other))  # with all that its class can do
    names = [each.key for each in inspect(type(other)).column_attrs]
    values = [[(getattr(each, name), type(getattr(each, name))) for name in names] for each in (one, other)]
    return values[0] == values[1]


@pytest.mark.parametrize("model", [Claim, Round, Invitation, CustomerContact, Mail, User])
def test_what_is_made_of_json_is_what_the_session_reads(
    db_session: Session, programme: Programme, model: type[Base]
) -> None:
    claims.denied(db_session, programme)
    db_session.flush()
    row = in_json(db_session, model)

    made, own = detached.made(model, row), db_session.get_one(model, row["id"])

    assert are_the_same(made, own)


@pytest.mark.parametrize("model", [Claim, Round, Invitation, CustomerContact, Mail, User])
def test_what_is_read_for_many_is_what_the_session_reads(
    db_session: Session, programme: Programme, model: type[Base]
) -> None:
    claims.denied(db_session, programme)
    claims.running(db_session, programme)
    own = db_session.scalars(select(model).order_by(model.__table__.c.id)).all()
    of_ids = detached.rows_of(model).where(detached.among(model.__table__.c.id, "ids")).order_by(model.__table__.c.id)

    read = detached.read(db_session, model, prepared(of_ids), ids=[each.__dict__["id"] for each in own])

    assert len(read) == len(own) > 1
    assert all(map(are_the_same, read, own))
    assert list(detached.read(db_session, model, prepared(of_ids), ids=[])) == []


def test_what_was_not_read_is_not_taken_for_empty(db_session: Session, programme: Programme) -> None:
    claims.denied(db_session, programme)
    row = in_json(db_session, Claim)
    made = detached.made(Claim, row)

    with pytest.raises(DetachedInstanceError):
        _ = made.products
    with pytest.raises(KeyError):
        detached.made(Claim, {"id": row["id"]})


def test_what_was_read_is_added_to_no_session(db_session: Session, programme: Programme) -> None:
    claims.denied(db_session, programme)
    db_session.flush()
    made = detached.made(Claim, in_json(db_session, Claim))

    with pytest.raises(UnmappedInstanceError):
        db_session.add(made)


def test_a_change_is_written_to_the_column_of_its_attribute(db_session: Session, programme: Programme) -> None:
    claims.denied(db_session, programme).made_of = b"a digest"
    db_session.flush()
    made = detached.made(Claim, in_json(db_session, Claim))

    made.made_of = None
    detached.write(db_session, [made])
    db_session.flush()

    assert in_json(db_session, Claim)["imported_as"] is None


def test_what_comes_back_to_what_it_was_is_not_written(db_session: Session, programme: Programme) -> None:
    claims.denied(db_session, programme)
    db_session.flush()
    made = detached.made(Claim, in_json(db_session, Claim))

    made.name, made.due_at, made.version = made.name, None, made.version
    detached.write(db_session, [made])

    assert list(db_session.new) == []
