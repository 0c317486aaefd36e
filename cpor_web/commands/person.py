"""The `cpor person` commands: one person's data, for those who ask for it.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

import json
from typing import TextIO

import click

from cpor_web.commands.database import transaction


@click.group()
def person() -> None:
    """What is kept of one person."""


@person.command()
@click.argument("email")
@click.option("-o", "--output", type=click.File("w", encoding="utf-8"), default="-", help="Default: standard output.")
def export(email: str, output: TextIO) -> None:
    """Write everything that names somebody, or is theirs, as JSON: no password, no key, no link."""
    from cpor_web.clock import utcnow
    from cpor_web.database import patience
    from cpor_web.privacy import export as exporting
    from cpor_web.privacy import person as people

    with transaction() as session:
        patience.without_limits(session.connection())
        who = people.find(session, email)
        found = exporting.of_person(session, who, now=utcnow())
    json.dump(found, output, ensure_ascii=False, indent=2)
    output.write("\n")


@person.command()
@click.argument("email")
@click.option("--reason", required=True, help="Why; it is kept, so without names.")
@click.option("--yes", is_flag=True, help="Do not ask back.")
def erase(email: str, reason: str, yes: bool) -> None:
    """Erase somebody from everything here: what happened and when stays, not to or by whom.

    An account is emptied and closed. A claim whose partner contact goes gets a Global admin of the partner instead.
    Refused while one of their claims is under way. Documents are not searched: look through those of the claims told.
    """
    from cpor_web.clock import utcnow
    from cpor_web.database import patience
    from cpor_web.models import Claim
    from cpor_web.privacy import erase_person
    from cpor_web.privacy import person as people

    with transaction() as session:
        patience.without_limits(session.connection())
        who = people.find(session, email)
        about = ("an account, " if who.user else "") + f"{len(who.claims)} claims"
        if not yes:
            click.confirm(f"{who.address}: {about}. Erase them? This cannot be undone.", abort=True)
        erase_person.erase(session, who, why=reason, now=utcnow())
        references = [session.get_one(Claim, claim).reference for claim in who.claims]
    click.echo("Erased. Backups still have it until they are overwritten.")
    if references:
        click.echo("Not looked into: documents and names of customers of the claims " + ", ".join(references))
