"""Every new migration leaves an older version able to work, and nobody waiting for it."""

import pytest
from flask import Flask

from cpor_web.extensions import db
from tests.upgrade.rules import complaints, migrations

FINE = """
CREATE TABLE notes (id BIGINT NOT NULL, claim_id BIGINT NOT NULL);
CREATE INDEX notes_by_claim ON notes (claim_id);
ALTER TABLE notes ADD CONSTRAINT notes_of_a_claim FOREIGN KEY(claim_id) REFERENCES claims (id);
ALTER TABLE claims ADD COLUMN colour TEXT;
ALTER TABLE claims ADD COLUMN seen INTEGER DEFAULT 0 NOT NULL;
CREATE INDEX events_by_day ON events USING brin (at);
DROP INDEX CONCURRENTLY IF EXISTS claims_by_colour;
CREATE INDEX CONCURRENTLY claims_by_colour ON claims (colour);
DROP INDEX CONCURRENTLY IF EXISTS claims_by_size_made;
CREATE INDEX CONCURRENTLY claims_by_size_made ON claims (size) INCLUDE (name);
DROP INDEX CONCURRENTLY IF EXISTS claims_by_size;
ALTER INDEX claims_by_size_made RENAME TO claims_by_size;
ALTER TABLE claims ADD CONSTRAINT claims_has_colour CHECK (colour <> '') NOT VALID;
ALTER TABLE holdings DROP CONSTRAINT holdings_some_failed;
ALTER TABLE holdings ADD CONSTRAINT holdings_failed CHECK (failed >= 0);
"""


@pytest.mark.parametrize(("revision", "sql"), list(migrations()))
def test_a_migration_leaves_an_older_version_able_to_work(revision: str, sql: str) -> None:
    assert sql.strip(), "nothing was written"
    assert complaints(sql) == []


def test_what_is_fine_is_let_through() -> None:
    assert complaints(FINE) == []


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DROP TABLE notes", "takes away"),
        ("ALTER TABLE claims DROP COLUMN name", "takes away"),
        ("DROP INDEX CONCURRENTLY IF EXISTS claims_by_words", "takes away"),
        ("CREATE INDEX CONCURRENTLY made ON claims (name); DROP INDEX CONCURRENTLY IF EXISTS other", "takes away"),
        ("ALTER TABLE claims RENAME name TO title", "renames"),
        ("ALTER TABLE claims RENAME TO applications", "renames"),
        ("ALTER TABLE claims ALTER COLUMN name SET NOT NULL", "refuses rows"),
        ("ALTER TABLE holdings ADD COLUMN colour TEXT NOT NULL", "does not know the column"),
        ("ALTER TABLE claims ALTER COLUMN name TYPE BIGINT", "writes the table anew"),
        ("CREATE INDEX claims_by_name ON claims (name)", "CONCURRENTLY"),
        ("CREATE UNIQUE INDEX claims_by_name ON claims (name)", "CONCURRENTLY"),
        ("ALTER TABLE claims ADD CONSTRAINT claims_named CHECK (name <> '')", "NOT VALID"),
        ("UPDATE claims SET name = ''", "in batches"),
    ],
)
def test_what_an_older_version_or_its_users_would_suffer_from_is_found(sql: str, why: str) -> None:
    (found,) = complaints(f"{sql};\n")
    assert why in found


def test_a_migration_waits_for_no_lock_for_long(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() != "0"
