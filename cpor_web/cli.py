"""The `cpor` command: everything an operator does from a shell. `cpor COMMAND --help` tells more.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cpor_web.consent_commands import consent
from cpor_web.history_commands import history
from cpor_web.key_commands import keys
from cpor_web.mail_commands import mail

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session


@click.group()
@click.version_option(package_name="cpor-web")
def cli() -> None:
    """Partner association claims: proof, review, and the customer's seven days to deny."""


cli.add_command(consent)
cli.add_command(history)
cli.add_command(keys)
cli.add_command(mail)


def main() -> None:
    """Run the command; what is wrong is told in sentences, not in tracebacks."""
    from sqlalchemy.exc import OperationalError

    from cpor_web.catalogue import CatalogueError
    from cpor_web.config import ConfigError
    from cpor_web.rules.exc import Refused

    try:
        cli(standalone_mode=True)
    except ConfigError as error:
        sys.exit("The settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in error.problems))
    except (CatalogueError, Refused) as error:
        sys.exit(str(error))
    except OperationalError as error:
        sys.exit(f"The database cannot be reached or refuses. Check CPOR_DATABASE_URL. It says:\n  {error.orig}")


@cli.command()
@click.option("--sample", is_flag=True, help="Load sample partners, people and claims into an empty database.")
@click.option("--reload", is_flag=True, help="Start the web anew whenever a file of the program changes.")
def up(sample: bool, reload: bool) -> None:
    """Run web, worker and ticker together; with PostgreSQL, Redis and a mail catcher where none is set."""
    from cpor_web.embedded.exc import EmbeddedError
    from cpor_web.embedded.installation import run

    try:
        sys.exit(run(os.environ, sample=sample, reload=reload))
    except EmbeddedError as error:
        sys.exit(str(error))


@cli.command()
@click.option("--reload", is_flag=True, help="Start anew whenever a file of the program changes.")
def web(reload: bool) -> None:
    """Serve the pages."""
    from cpor_web import logs, server

    logs.set_up()
    server.serve(_app(), reload=reload)


@cli.command()
def worker() -> None:
    """Run the workers that send mail and close windows."""
    os.execv(sys.executable, [sys.executable, "-m", "jobs.worker"])  # noqa: S606 - becomes the worker


@cli.command()
def ticker() -> None:
    """Run the ticker that rings for what is due."""
    os.execv(sys.executable, [sys.executable, "-m", "jobs.ticker"])  # noqa: S606 - becomes the ticker


@cli.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    """Bring the tables up to this version."""
    import flask_migrate

    with _app().app_context():
        flask_migrate.upgrade()
    print("The database is up to date.")


@cli.group()
def partner() -> None:
    """Partners."""


@partner.command("add")
@click.argument("name")
@click.option("--domain", "domains", multiple=True, help="An e-mail domain of the partner's own; may be repeated.")
@click.option("--location", "locations", multiple=True, help="An enrolled location's MPN ID; may be repeated.")
@click.option("--global", "global_ids", multiple=True, help="A global MPN ID; may be repeated.")
def add_partner(name: str, domains: tuple[str, ...], locations: tuple[str, ...], global_ids: tuple[str, ...]) -> None:
    """Add a partner with its MPN IDs."""
    from cpor_web.accounts import organisations
    from cpor_web.models import MpnKind

    with _session() as session:
        made = organisations.add_partner(session, name=name, domains=domains)
        for number in locations:
            organisations.add_mpn_id(session, made, number=number, kind=MpnKind.LOCATION)
        for number in global_ids:
            organisations.add_mpn_id(session, made, number=number, kind=MpnKind.GLOBAL)
    print(f"Added {name}.")


@cli.group()
def user() -> None:
    """People with an account."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option(
    "--role", required=True, help="global-admin, billing-admin, incentives-admin, viewer, reviewer, administrator"
)
@click.option("--partner", "partner_name", help="The partner's name; none for reviewers and administrators.")
@click.option("--language", default="en", show_default=True)
@click.option("--ask-password", is_flag=True, help="Ask for a password instead of sending an invitation by mail.")
def add_user(email: str, name: str, role: str, partner_name: str | None, language: str, ask_password: bool) -> None:
    """Add somebody. They choose a password by the link of an invitation, unless you give one."""
    from cpor_web.accounts import organisations, people
    from cpor_web.clock import utcnow
    from cpor_web.current import programme
    from cpor_web.emails import catalogue

    password = getpass.getpass("Password: ") if ask_password else None
    with _session() as session:
        made = people.add_user(
            session,
            email=email,
            name=name,
            role=people.role_named(role),
            partner=organisations.partner_named(session, partner_name) if partner_name else None,
            password=password,
            language=language,
        )
        if password is None:
            catalogue.invitation(session, made, now=utcnow(), programme=programme())
    print(f"Added {email}.")


@cli.command()
def settings() -> None:
    """Print every setting with its default and meaning."""
    from cpor_web.config import table

    for name, default, meaning in table():
        print(f"{name:26} {meaning}" + (f" [{default}]" if default else ""))


def _app() -> "Flask":
    from cpor_web import create_app

    return create_app()


@contextmanager
def _session() -> "Iterator[Session]":
    from cpor_web.extensions import db as database
    from cpor_web.transactions import transaction

    with _app().app_context(), transaction(database.session):
        yield database.session()


@cli.command()
def sample() -> None:
    """Load sample partners, people and claims, unless there is anybody already."""
    from cpor_web.clock import utcnow
    from cpor_web.current import documents, programme
    from cpor_web.samples import loading

    with _session() as session:
        loaded = loading.load(session, programme=programme(), documents=documents(), now=utcnow())
    print("Loaded the sample." if loaded else "There are people already: nothing was loaded.")
