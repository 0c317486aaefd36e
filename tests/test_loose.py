"""An entity of no session has the values that the session's own has."""

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import DetachedInstanceError

from cpor_web import loose
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


@pytest.mark.parametrize("model", [Claim, Round, Invitation, CustomerContact, Mail, User])
def test_what_is_made_of_json_is_what_the_session_reads(
    db_session: Session, programme: Programme, model: type[Base]
) -> None:
    claims.denied(db_session, programme)
    db_session.flush()
    row = in_json(db_session, model)

    made, own = loose.made(model, row), db_session.get_one(model, row["id"])

    names = [each.key for each in inspect(model).column_attrs]
    assert {name: getattr(made, name) for name in names} == {name: getattr(own, name) for name in names}
    assert {name: type(getattr(made, name)) for name in names} == {name: type(getattr(own, name)) for name in names}


def test_what_was_not_read_is_not_taken_for_empty(db_session: Session, programme: Programme) -> None:
    claims.denied(db_session, programme)
    row = in_json(db_session, Claim)
    made = loose.made(Claim, row)

    with pytest.raises(DetachedInstanceError):
        _ = made.products
    with pytest.raises(KeyError):
        loose.made(Claim, {"id": row["id"]})


def test_a_change_is_written_to_the_column_of_its_attribute(db_session: Session, programme: Programme) -> None:
    claims.denied(db_session, programme).made_of = b"a digest"
    db_session.flush()
    made = loose.made(Claim, in_json(db_session, Claim))

    made.made_of = None
    loose.write(db_session, [made])
    db_session.flush()

    assert in_json(db_session, Claim)["imported_as"] is None
