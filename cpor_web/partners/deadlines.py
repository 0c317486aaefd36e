"""A claim's running deadlines, to be saved to one's calendar."""

from flask import Response, abort
from flask_babel import gettext as _

from cpor_web.accounts.access import allowed
from cpor_web.claims import running
from cpor_web.extensions import db
from cpor_web.partners.blueprint import bp, claim_or_404
from cpor_web.rules.roles import PARTNER_ROLES
from cpor_web.web import calendar_files
from cpor_web.web.current import actor, now


@bp.get("/claims/<reference>/deadlines.ics")
@allowed(PARTNER_ROLES)
def deadlines(reference: str) -> Response:
    """Give the deadlines that run; where none does there is no such file."""
    claim = claim_or_404(reference)
    found = running.deadlines_in(db.session(), claim, now=now()) or abort(404)
    name = _("Deadlines of %(name)s", name=claim.name)
    return calendar_files.answer(found, role=actor().role, name=name, filename=f"{claim.reference}.ics")
