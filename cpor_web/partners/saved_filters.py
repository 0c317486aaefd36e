"""The dashboard's filters under names: saved from its address, and led to by links."""

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web.accounts.access import allowed
from cpor_web.extensions import db
from cpor_web.lists import saved_filters
from cpor_web.partners.blueprint import bp
from cpor_web.partners.dashboard import as_in_the_address, asked_for
from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import PARTNER_ROLES
from cpor_web.transactions import transaction
from cpor_web.web.current import actor
from cpor_web.web.errors import sentence


@bp.post("/claims/filters")
@allowed(PARTNER_ROLES)
def save_filter() -> ResponseReturnValue:
    """Keep what this address filters by under a name."""
    wanted = {name: value for name, value in as_in_the_address(asked_for()).items() if value}
    try:
        with transaction(db.session):
            saved = saved_filters.save(db.session(), request.form.get("name", ""), wanted, actor=actor())
    except Invalid as invalid:
        flash(sentence(invalid), "error")
    else:
        flash(_("The filter “%(name)s” was saved.", name=saved.name), "success")
    return redirect(url_for("partners.dashboard", **wanted))


@bp.post("/claims/filters/<int:filter_id>/remove")
@allowed(PARTNER_ROLES)
def remove_filter(filter_id: int) -> ResponseReturnValue:
    """Forget a filter of one's own."""
    with transaction(db.session):
        was_there = saved_filters.remove(db.session(), filter_id, actor=actor())
    if not was_there:
        abort(404)
    flash(_("The filter was removed."), "success")
    return redirect(url_for("partners.dashboard"))
