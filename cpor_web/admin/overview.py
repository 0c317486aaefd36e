"""What an administrator sees first: is everything at work?"""

from flask import render_template
from flask.typing import ResponseReturnValue

from cpor_web.accounts.access import allowed
from cpor_web.admin.blueprint import bp
from cpor_web.admin.condition import condition
from cpor_web.current import now, settings
from cpor_web.extensions import db
from cpor_web.rules.roles import Role


@bp.get("")
@allowed(Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """Show the condition of database, ticker and outbox."""
    found = condition(db.session(), now=now(), tick_seconds=settings().tick_seconds)
    return render_template("admin/overview.html", condition=found, now=now())
