"""What Flask-Migrate finds in an application. It is imported when tables are migrated: Alembic comes with it."""

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, func, select

if TYPE_CHECKING:
    import flask_migrate

TURN = 3_519_088
"""The number of the advisory lock that who migrates holds, in a session of its own; no other lock has it."""

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 600.0
"""How long one waits for another: what takes longer is watched by somebody, who knows that it goes on."""

OPTIONS: dict[str, Any] = {"compare_type": True, "render_as_batch": False}


def take_turn(connection: Connection, *, patience: float = PATIENCE_SECONDS) -> None:
    """Wait until nobody else migrates these tables. The turn ends with the connection to the database.

    It is asked for anew instead of waited for: an index that is made CONCURRENTLY waits for all transactions that are
    open, so each of the two would wait for the other. Raises CommandError, which `flask_migrate` tells as a sentence.
    """
    until = time.monotonic() + patience
    while not _has_turn(connection):
        if time.monotonic() >= until:
            from alembic.util.exc import CommandError

            raise CommandError(
                f"Another process is migrating these tables and was not done within {patience / 60:.0f} minutes. "
                "It goes on; nothing was changed here. Run this again later: there is then nothing left to do."
            )
        time.sleep(LOOK_SECONDS)


def _has_turn(connection: Connection) -> bool:
    has_it = connection.scalar(select(func.pg_try_advisory_lock(TURN)))
    connection.commit()
    return bool(has_it)


class Migrations(NamedTuple):
    """Where an application's tables and migrations are, by the names that `flask_migrate` asks for."""

    db: SQLAlchemy
    directory: str

    @property
    def configure_args(self) -> dict[str, Any]:
        """What Alembic is told for a run."""
        return OPTIONS

    @property
    def migrate(self) -> "flask_migrate.Migrate":
        """The extension itself."""
        import flask_migrate

        return flask_migrate.Migrate(db=self.db, directory=self.directory, **OPTIONS)


class Migrate:
    """The extension as an application is given it."""

    def init_app(self, app: Flask, db: SQLAlchemy, *, directory: str) -> None:
        """Let `flask_migrate.upgrade` and its like find the tables of `db` and the migrations in `directory`."""
        app.extensions["migrate"] = Migrations(db, directory)
