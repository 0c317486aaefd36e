"""The application works under the role that `cpor db grant` makes, and that role cannot change what has happened."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cpor_web import verification
from cpor_web.claims import operations
from cpor_web.config import Settings
from cpor_web.database import role as database_role
from cpor_web.database.role import UnfitRole
from cpor_web.history import checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import SecurityKind
from cpor_web.privacy import erase_person, person
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from cpor_web.users import security_log, sessions
from cpor_web.users.security_log import UNTOLD
from tests.privacy.test_retention import all_sent, erase_all
from tests.support import claims, factories
from tests.support.claims import NOW

FORBIDDEN = [
    "UPDATE events SET kind = 'x'",
    "UPDATE events SET link = said",
    "UPDATE events SET at = now()",
    "DELETE FROM events",
    "UPDATE answers SET kind = 'undone'",
    "DELETE FROM answers",
    "UPDATE checkpoints SET heads = '[]'",
    "DELETE FROM checkpoints",
    "UPDATE openings SET page = 'x'",
    "UPDATE downloads SET sha256 = 'x'",
    "UPDATE security_events SET kind = 'x'",
    "UPDATE erasures SET count = 1",
    "DELETE FROM erasures",
    "UPDATE alembic_version SET version_num = '0001'",
    *(f"TRUNCATE {table} CASCADE" for table in (*database_role.ADDED_TO_ONLY, "claims", "mails", "users")),
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "DROP TRIGGER events_only_added_to ON events",
    "DROP TABLE heartbeats",
    "ALTER TABLE users ADD COLUMN x int",
    "CREATE TABLE x (i int)",
    "CREATE TRIGGER x BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET LOCAL session_replication_role = replica",
]


@pytest.fixture(scope="module")
def role(engine: Engine, worker_number: int) -> Iterator[str]:
    """A role that was granted what the application needs, twice."""
    name = f"cpor app {worker_number}"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE \"{name}\" LOGIN PASSWORD 'of the tests'"))
        database_role.grant(connection, name)
        database_role.grant(connection, name)
    yield name
    with engine.begin() as connection:
        connection.execute(text(f'DROP OWNED BY "{name}"'))
        connection.execute(text(f'DROP ROLE "{name}"'))


@pytest.fixture
def as_the_role(settings: Settings, role: str) -> Iterator[Session]:
    """A session of the role's own, of which nothing is left."""
    engine = create_engine(make_url(settings.database_url).set(username=role, password="of the tests"))
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()
    engine.dispose()


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_the_role_cannot_change_what_has_happened_nor_the_tables(sql: str, as_the_role: Session) -> None:
    with pytest.raises(DBAPIError) as refused:
        as_the_role.execute(text(sql))
    assert isinstance(refused.value.orig, InsufficientPrivilege)


def test_the_role_can_do_all_that_the_application_does(
    as_the_role: Session, programme: Programme, settings: Settings
) -> None:
    session, keys = as_the_role, SigningKeys(settings.signing_keys)
    claim = claims.denied(session, programme)
    about: dict[str, Any] = {"now": NOW, "programme": programme}
    operations.comment(session, claim, "We are sorry.", actor=claim.filed_by.actor, **about)
    operations.dispute(session, claim, "They are.", actor=claim.filed_by.actor, **about)
    claims.editing(session, programme)
    ended = claims.rejected(session, programme)
    user = factories.user(session, Role.REVIEWER)
    sessions.begin(session, user, way="password", now=NOW, place=UNTOLD)
    security_log.note(session, user, SecurityKind.SIGNED_IN, now=NOW, place=UNTOLD, way="x")
    security_log.count_failure(session, user.id, now=NOW)
    security_log.settle_failures(session, user, now=NOW, place=UNTOLD)
    security_log.forget(session, now=NOW)
    sessions.forget(session, now=NOW, limits=sessions.Limits.from_settings(settings))
    checkpoints.take_due(session, keys=keys, now=NOW, every=timedelta(0))
    all_sent(session)
    assert set(erase_all(session, settings)) >= {"people of ended claims", "abandoned drafts"}
    assert ended.erased_at is not None
    erase_person.erase(session, person.find(session, user.email), why="Letter of 3 May", now=NOW)
    assert verification.verify(session.connection(), folder=None, public=keys.public).findings == []


@pytest.mark.parametrize(("name", "why"), [("nobody there", "There is no role"), (None, "superuser")])
def test_a_role_that_would_have_every_right_or_none_is_refused(engine: Engine, name: str | None, why: str) -> None:
    with engine.connect() as connection:
        me = str(connection.scalar(text("SELECT current_user")))
        with pytest.raises(UnfitRole, match=why):
            database_role.grant(connection, name or me)
