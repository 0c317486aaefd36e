"""What an administrator sees first: is everything at work?"""

from flask import render_template
from flask.typing import ResponseReturnValue

from cpor_web.accounts.access import allowed
from cpor_web.admin.blueprint import bp
from cpor_web.admin.condition import condition
from cpor_web.extensions import db
from cpor_web.monitoring.health import in_redis
from cpor_web.rules.roles import Role
from cpor_web.web.current import now, programme_as_set_up, scanner_state, settings


@bp.get("")
@allowed(Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """Show the condition of database, ticker, workers and outbox."""
    told = settings()
    found = condition(
        db.session(), now=now(), tick_seconds=told.tick_seconds, has_mailbox=programme_as_set_up().has_mailbox
    )
    return render_template(
        "admin/overview.html", condition=found, in_redis=in_redis(), scanner=scanner_state(), now=now()
    )
