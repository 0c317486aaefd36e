"""The `cpor` command: everything an operator does from a shell. `cpor COMMAND --help` tells more.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

import atexit
import os
import sys
from typing import TYPE_CHECKING

import click

from cpor_web.commands.accounts import partner, user
from cpor_web.commands.backup import backup, restore
from cpor_web.commands.consent import consent
from cpor_web.commands.database import db, transaction
from cpor_web.commands.doctor import doctor
from cpor_web.commands.history import history
from cpor_web.commands.keys import keys
from cpor_web.commands.mail import mail
from cpor_web.commands.person import person
from cpor_web.commands.retention import retention
from cpor_web.starting.loading import keep, make_ready

if TYPE_CHECKING:
    from flask import Flask


@click.group()
@click.version_option(package_name="cpor-web")
def cli() -> None:
    """Partner association claims: proof, review, and the customer's seven days to deny."""


cli.add_command(consent)
cli.add_command(db)
db.add_command(backup)
db.add_command(restore)
cli.add_command(doctor)
cli.add_command(history)
cli.add_command(keys)
cli.add_command(mail)
cli.add_command(partner)
cli.add_command(person)
cli.add_command(retention)
cli.add_command(user)


def main() -> None:
    """Run the command; what is wrong is told in sentences, not in tracebacks."""
    atexit.register(keep)  # who ends needs nothing looked through once more
    try:
        cli(standalone_mode=True)
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        sys.exit(sentence)


def _sentence(error: Exception) -> str | None:
    """Return what a person is told of an error, None where it is a fault of ours."""
    from psycopg.errors import InsufficientPrivilege, UndefinedColumn, UndefinedTable
    from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

    from cpor_web.catalogue import CatalogueError
    from cpor_web.config import ConfigError
    from cpor_web.rules.exc import Refused
    from cpor_web.server.serving import CannotListenError

    if isinstance(error, ConfigError):
        return "The settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in error.problems)
    if isinstance(error, CatalogueError | Refused | CannotListenError):
        return str(error)
    if isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return f"The database cannot be reached or refuses. Check CPOR_DATABASE_URL. It says:\n  {error.orig}"
    if isinstance(error, ProgrammingError):
        says = f"It says:\n  {str(error.orig).partition(chr(10))[0]}"
        if isinstance(error.orig, UndefinedTable | UndefinedColumn):
            return f"The database lacks tables of this version. Make them: cpor db upgrade. {says}"
        if isinstance(error.orig, InsufficientPrivilege):
            do = "Run the command as the owner of the tables, or as the owner: cpor db grant ROLE."
            return f"This role of the database may not do that. {do} {says}"
    return None


@cli.command()
@click.option("--sample", is_flag=True, help="Load sample partners, people and claims into an empty database.")
@click.option("--reload", is_flag=True, help="Start the web anew whenever a file of the program changes.")
def up(sample: bool, reload: bool) -> None:
    """Run web, worker and ticker together; with PostgreSQL, Redis and a mail catcher where none is set."""
    from cpor_web.embedded.exc import EmbeddedError
    from cpor_web.embedded.installation import run
    from cpor_web.starting import stacks

    stacks.tell_when_asked()
    try:
        sys.exit(run(os.environ, sample=sample, reload=reload))
    except EmbeddedError as error:
        sys.exit(str(error))


@cli.command()
@click.option("--reload", is_flag=True, help="Start anew whenever a file of the program changes.")
def web(reload: bool) -> None:
    """Serve the pages."""
    from cpor_web import clock, create_app, error_reports, logs
    from cpor_web.config import Settings
    from cpor_web.server import serving
    from cpor_web.starting import stacks

    stacks.tell_when_asked()
    settings = Settings.from_environ(os.environ)
    with serving.prepared(settings):
        app = create_app(settings)
        logs.set_up(settings.log_format)
        error_reports.set_up(settings.sentry_dsn, environment=settings.environment)
        make_ready(app, today=clock.utcnow().date())
        serving.serve(app, reload=reload)


@cli.command()
def worker() -> None:
    """Run the workers that send mail and close windows."""
    os.execv(sys.executable, [sys.executable, "-m", "jobs.worker"])  # noqa: S606 - becomes the worker


@cli.command()
def ticker() -> None:
    """Run the ticker that rings for what is due."""
    os.execv(sys.executable, [sys.executable, "-m", "jobs.ticker"])  # noqa: S606 - becomes the ticker


@cli.command()
def settings() -> None:
    """Print every setting with its default and meaning."""
    from cpor_web.config import table

    for name, default, meaning in table():
        print(f"{name:26} {meaning}" + (f" [{default}]" if default else ""))


def _app() -> "Flask":
    from cpor_web import create_app

    return create_app()


@cli.command()
def sample() -> None:
    """Load sample partners, people and claims, unless there is anybody already; never in production."""
    from cpor_web.clock import utcnow
    from cpor_web.samples import loading
    from cpor_web.web.current import documents, programme, settings

    with transaction() as session:
        if settings().in_production:
            raise click.ClickException("Everybody knows the sample's password: it is not loaded in production.")
        loaded = loading.load(session, programme=programme(), documents=documents(), now=utcnow())
    print("Loaded the sample." if loaded else "There are people already: nothing was loaded.")
