"""The `cpor partner` and `cpor user` commands: who works with the installation.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

import getpass

import click

from cpor_web.commands.database import transaction


@click.group()
def partner() -> None:
    """Partners."""


@partner.command("add")
@click.argument("name")
@click.option("--domain", "domains", multiple=True, help="An e-mail domain of the partner's own; may be repeated.")
@click.option("--location", "locations", multiple=True, help="An enrolled location's MPN ID; may be repeated.")
@click.option("--global", "global_ids", multiple=True, help="A global MPN ID; may be repeated.")
def add_partner(name: str, domains: tuple[str, ...], locations: tuple[str, ...], global_ids: tuple[str, ...]) -> None:
    """Add a partner with its MPN IDs."""
    from cpor_web.models import MpnKind
    from cpor_web.users import organisations

    with transaction() as session:
        made = organisations.add_partner(session, name=name, domains=domains)
        for number in locations:
            organisations.add_mpn_id(session, made, number=number, kind=MpnKind.LOCATION)
        for number in global_ids:
            organisations.add_mpn_id(session, made, number=number, kind=MpnKind.GLOBAL)
    click.echo(f"Added {name}.")


@click.group()
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
    from cpor_web.clock import utcnow
    from cpor_web.emails.catalogue import to_people
    from cpor_web.users import fields, organisations, passwords, people
    from cpor_web.web.current import programme

    password = getpass.getpass("Password: ") if ask_password else None
    with transaction() as session:
        made = people.add_user(
            session,
            email=email,
            name=name,
            role=fields.role_named(role),
            partner=organisations.partner_named(session, partner_name) if partner_name else None,
            language=language,
        )
        if password is not None:
            passwords.choose(password, made, programme())
        else:
            to_people.invitation(session, made, now=utcnow(), programme=programme())
    click.echo(f"Added {email}.")


@user.command("untie")
@click.argument("email")
def untie(email: str) -> None:
    """Forget who somebody is at the sign-in provider: the next with their address is tied to the account."""
    from cpor_web.clock import utcnow
    from cpor_web.users import identities, people
    from cpor_web.web.current import programme

    with transaction() as session:
        found = people.person_with(session, email)
        was_tied = identities.untie(session, found, now=utcnow(), programme=programme())
    now_not = "no longer" if was_tied else "not"
    click.echo(f"{found.email} is {now_not} tied to an account at the sign-in provider.")


@user.command("reset-second-factor")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Take somebody's second factor and passkeys away: for the last administrator, whom nobody else can help."""
    from cpor_web.clock import utcnow
    from cpor_web.users import people, second_factor
    from cpor_web.web.current import programme

    with transaction() as session:
        found = people.person_with(session, email)
        second_factor.reset_from_shell(session, found, now=utcnow(), programme=programme())
    click.echo(f"{found.email} now signs in by password alone, and gets a mail that says so.")
