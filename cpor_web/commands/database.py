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
    """Bring the tables up to this version. Those of a newer one are left as they are: this one works with them."""
    import flask_migrate

    from cpor_web import create_app
    from cpor_web.database import schema
    from cpor_web.extensions import db as database

    with create_app().app_context():
        with database.engine.connect() as connection:
            standing = schema.standing(connection)
        if standing is schema.Standing.NEWER:
            click.echo("The tables are of a newer version, with which this one works. Nothing was changed.")
            return
        flask_migrate.upgrade()
    click.echo("The database is up to date.")


@db.command()
@click.argument("role")
@click.option("--sql", is_flag=True, help="Print the SQL instead, for somebody else to run.")
def grant(role: str, sql: bool) -> None:
    """Give ROLE the rights that the application needs, and no others: it cannot change what has happened.

    Run it as the owner of the tables, after each upgrade; then let CPOR_DATABASE_URL name ROLE.
    """
    from sqlalchemy.dialects.postgresql import dialect

    from cpor_web.database import role as database_role

    if sql:
        quoted = dialect().identifier_preparer.quote_identifier(role)
        click.echo(";\n".join(database_role.statements(quoted)) + ";")
        return
    try:
        with transaction() as session:
            database_role.grant(session.connection(), role)
    except database_role.UnfitRole as unfit:
        raise click.UsageError(str(unfit)) from unfit
    click.echo(f"{role} may now do what the application needs.")
