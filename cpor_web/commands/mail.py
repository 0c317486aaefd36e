"""The `cpor mail` commands: mail that comes back, and what others make of ours.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

import os
import sys
from typing import BinaryIO

import click

EX_TEMPFAIL = 75
"""Of sysexits.h: the mail server is to keep the mail and try again."""


@click.group()
def mail() -> None:
    """Mail: what comes back, and what others make of ours."""


@mail.command()
def receive() -> None:
    """Take one mail on standard input, as a mail server's pipe hands it over.

    Exits with 0 once the mail is kept, else with 75, whatever the reason: the mail server then keeps it and tries
    again. A mail server would send back to its sender what ends with another code.
    """
    try:
        _keep(sys.stdin.buffer.read())
    except Exception as error:  # of whatever kind: nothing is lost while the mail server has it
        # Its name alone: a mail server quotes these words to strangers, and writes them into its log.
        click.echo(f"4.3.0 the mail cannot be kept now: {type(error).__name__}", err=True)
        sys.exit(EX_TEMPFAIL)


def _keep(raw: bytes) -> None:
    from cpor_web import create_app, logs
    from cpor_web.clock import utcnow
    from cpor_web.extensions import db
    from cpor_web.incoming import receiving
    from cpor_web.transactions import transaction
    from cpor_web.web.current import return_addresses

    logs.set_up()
    with create_app().app_context(), transaction(db.session):
        receiving.receive(db.session(), raw, returns=return_addresses(), now=utcnow())


@mail.command()
@click.argument("address", default="")
@click.option("--only", "kind", metavar="KIND", help="Send the sample of this kind alone, such as consent-notice.")
@click.option("--language", default="en", show_default=True, help="The language of the samples.")
@click.option(
    "--returned", type=click.File("rb"), help="A copy saved from the recipient's mailbox (.eml) to examine."
)
@click.option("--resolver", default="", metavar="HOST", help="Ask this name server instead of the system's.")
def doctor(address: str, kind: str | None, language: str, returned: BinaryIO | None, resolver: str) -> None:
    """Look at how our mail will be met: settings, server, DNS; and with ADDRESS send a sample of each mail there.

    The samples are marked as tests, and no link in them works. Exits with 1 where something is wrong.
    """
    from cpor_web.addresses import is_address
    from cpor_web.clock import utcnow
    from cpor_web.config import Settings
    from cpor_web.doctor.examination import Wanted, examine, report
    from cpor_web.doctor.names import Names
    from cpor_web.emails.catalogue import KINDS
    from cpor_web.rules.languages import LANGUAGES

    _check(not address or is_address(address), f"{address} is not a mail address.")
    _check(kind is None or kind in KINDS, f"{kind} is no kind of mail. There are: {', '.join(KINDS)}.")
    _check(language in LANGUAGES, f"{language} is no language of ours. There are: {', '.join(LANGUAGES)}.")
    try:
        names = Names(resolver)
    except ValueError as error:
        raise click.UsageError(f"--resolver takes the address of a name server: {error}") from None
    settings = Settings.from_environ(os.environ)
    wanted = Wanted(address, language, [kind] if kind else KINDS, returned.read() if returned else b"")
    text, is_well = report(examine(settings, wanted, names, now=utcnow()), settings)
    click.echo(text)
    sys.exit(0 if is_well else 1)


def _check(is_right: bool, otherwise: str) -> None:
    if not is_right:
        raise click.UsageError(otherwise)
