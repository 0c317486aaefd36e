"""What Flask-Migrate finds in an application. It is imported when tables are migrated: Alembic comes with it."""

from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

if TYPE_CHECKING:
    import flask_migrate

OPTIONS: dict[str, Any] = {"compare_type": True, "render_as_batch": False}


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
