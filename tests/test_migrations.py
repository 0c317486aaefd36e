"""The migrations make the tables that the models describe, and can be undone and done again."""

import multiprocessing
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util.exc import CommandError
from flask import Flask
from flask_migrate import downgrade, upgrade
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import CheckConstraint, Connection, Engine, create_engine, inspect, text

from cpor_web import verification
from cpor_web.database import schema
from cpor_web.database.migrate import take_turn
from cpor_web.extensions import migrate
from cpor_web.models import Base
from cpor_web.paths import MIGRATIONS
from tests.support.servers import Servers

PARTS = {
    "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity"
    " FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes"
    " WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
}
"""What a schema consists of, as PostgreSQL itself tells it."""

TRIGGERS = (
    "SELECT c.relname, t.tgname, t.tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE NOT t.tgisinternal"
)


FILED_BEFORE = """
WITH p AS (INSERT INTO partners (name) VALUES ('Adatum') RETURNING id),
u AS (INSERT INTO users (email, name, role, fs_uniquifier) VALUES ('rita@vendor.example.com', 'Rita', 'reviewer', 'x')
      RETURNING id),
c AS (INSERT INTO claims (reference, created_at, filed_by_id, partner_id, name, status, status_since)
      SELECT 'C-' || n, now(), u.id, p.id, 'A claim', 'editing', now() FROM p, u, generate_series(1, :claims) n
      RETURNING id, filed_by_id),
h AS (INSERT INTO history_heads (claim_id, position)
      SELECT id, CASE WHEN id > 1 THEN :events ELSE 0 END FROM c)
INSERT INTO events (claim_id, position, version, kind, at, role, actor, user_id, data)
SELECT id, n, n, 'claim:edited', now() - n * interval '1 hour 1 microsecond', 'reviewer', 'Rita Ørsted', filed_by_id,
       jsonb_build_object('changes', jsonb_build_object('name', jsonb_build_array(null, 'Zoë ' || n)), 'b', 1.50)
FROM c, generate_series(1, :events) n WHERE id > 1
"""
"""Claims with some events each, and one without any, as the tables were before events were chained."""


def tables_of(connection: Connection) -> dict[str, set[tuple[Any, ...]]]:
    return {name: {tuple(row) for row in connection.execute(text(sql))} for name, sql in PARTS.items()}


@pytest.fixture
def house(running: Servers, worker_number: int) -> Iterator[tuple[Flask, Engine]]:
    """A bare application with an empty database of its own, and a connection to that beside it."""
    app = bare(url := running.new_database(f"cpor_migrations_{worker_number}"))
    engine = create_engine(url)
    yield app, engine
    engine.dispose()
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


def bare(url: str) -> Flask:
    app, db = Flask(__name__), SQLAlchemy(metadata=Base.metadata)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    return app


def bring_up_to_date(url: str) -> None:
    with bare(url).app_context():
        upgrade()


def test_alembic_finds_nothing_to_migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrated_schema_is_that_of_the_models_word_for_word(
    engine: Engine, running: Servers, worker_number: int
) -> None:
    models = create_engine(running.new_database(f"cpor_models_{worker_number}"))
    with models.begin() as fresh, engine.connect() as migrated:
        Base.metadata.create_all(fresh)
        expected, found = tables_of(fresh), tables_of(migrated)
    models.dispose()
    for part in PARTS:
        assert found[part] == expected[part], part


def test_every_check_of_the_models_is_in_the_database_by_its_name(engine: Engine) -> None:
    inspector = inspect(engine)
    for table in Base.metadata.sorted_tables:
        named = {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}
        found = {str(each["name"]) for each in inspector.get_check_constraints(table.name)}
        assert found == named, table.name
        assert all(name.startswith(f"{table.name}_") for name in named)


def test_history_answers_access_log_and_checkpoints_are_guarded_by_triggers_that_are_on(engine: Engine) -> None:
    with engine.connect() as connection:
        found = {tuple(row) for row in connection.execute(text(TRIGGERS))}
    names = ("only_added_to", "never_emptied")
    guarded = ("events", "answers", "openings", "checkpoints", "security_events")
    assert found >= {(table, f"{table}_{name}", "O") for table in guarded for name in names}


def test_events_from_before_the_chain_are_chained_claim_by_claim(house: tuple[Flask, Engine]) -> None:
    app, engine = house
    with app.app_context():
        upgrade(revision="0002")
    with engine.begin() as connection:
        connection.execute(text(FILED_BEFORE), {"events": 3, "claims": 1_201})
    for _ in range(2):
        with app.app_context():
            upgrade(revision="0003")
        with engine.connect() as connection:
            report = verification.verify(connection, folder=None, public={})
            assert report.findings == []
            assert (report.claims, report.events, report.uncovered) == (1_201, 3 * 1_200, 3 * 1_200)
            assert connection.scalar(text("SELECT count(DISTINCT salt) FROM events")) == 3 * 1_200
        with app.app_context():
            downgrade(revision="0002")


def test_migrating_up_down_and_up_again_leaves_nothing_behind_and_ends_the_same(house: tuple[Flask, Engine]) -> None:
    app, engine = house
    schemas = []
    for _ in range(2):
        with app.app_context():
            upgrade()
        with engine.connect() as connection:
            schemas.append((tables_of(connection), {tuple(row) for row in connection.execute(text(TRIGGERS))}))
        if len(schemas) == 1:
            with app.app_context():
                downgrade(revision="base")
            with engine.connect() as connection:
                assert tables_of(connection) == {name: set() for name in PARTS}
                left = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
                assert connection.scalar(text(left)) == 0
    assert schemas[0] == schemas[1]


def test_of_two_that_migrate_at_once_one_waits_for_the_other_and_finds_nothing_to_do(
    house: tuple[Flask, Engine],
) -> None:
    app, engine = house
    fresh = multiprocessing.get_context("spawn")
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    both = [fresh.Process(target=bring_up_to_date, args=(url,)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(120)
    assert [each.exitcode for each in both] == [0, 0]
    with engine.connect() as connection:
        assert schema.standing(connection) is schema.Standing.OK
        assert connection.scalar(text("SELECT count(*) FROM pg_index WHERE NOT indisvalid")) == 0


def test_who_waited_in_vain_for_another_that_migrates_reads_why_and_what_to_do(house: tuple[Flask, Engine]) -> None:
    _, engine = house
    with engine.connect() as first, engine.connect() as second:
        take_turn(first, patience=0)
        first.rollback()
        with pytest.raises(CommandError, match="Another process is migrating these tables"):
            take_turn(second, patience=0)
