"""The `cpor retention` commands.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

from datetime import UTC

import click

from cpor_web.commands.database import transaction

LAST = 20


@click.group()
def retention() -> None:
    """What is kept how long."""


@retention.command()
def show() -> None:
    """Show what is kept how long, how much of it the next run erases, and what the last runs have erased.

    A worker erases once a day. Claims that are open and associations that stand are never touched.
    """
    from sqlalchemy import select

    from cpor_web.clock import utcnow
    from cpor_web.config import PREFIX
    from cpor_web.database import patience
    from cpor_web.models import Erasure
    from cpor_web.privacy import retention as kept
    from cpor_web.web.current import settings

    with transaction() as session:
        patience.without_limits(session.connection())
        click.echo(f"{'kept':>11}  {'due now':>8}")
        for name, each in kept.retentions(settings()).items():
            setting = f"{PREFIX}{each.setting.upper()}"
            click.echo(f"{each.days:>6} days  {each.due(session, utcnow()):>8,}  {name} ({setting})")
        erasures = session.scalars(select(Erasure).order_by(Erasure.id.desc()).limit(LAST)).all()
        click.echo("\nErased lately:" if erasures else "\nNothing was erased so far.")
        for erasure in erasures:
            why = f" – {erasure.why}" if erasure.why else ""
            at = erasure.at.astimezone(UTC)  # the database tells moments in its own zone
            click.echo(f"{at:%Y-%m-%d %H:%M} UTC  {erasure.count:>8,}  {erasure.what}{why}")
