"""The `cpor db` commands, and the transaction that other commands work in.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@contextmanager
def transaction() -> "Iterator[Session]":
    """Hold the application of the environment's settings and one transaction: all of it happens, or nothing."""
    from cpor_web import create_app, transactions
    from cpor_web.extensions import db as database

    with create_app().app_context(), transactions.transaction(database.session):
        yield database.session()


@click.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    """Bring the tables up to this version."""
    import flask_migrate

    from cpor_web import create_app

    with create_app().app_context():
        flask_migrate.upgrade()
    click.echo("The database is up to date.")
