"""The links that only one mail carries: undo a denial, confirm a yes. GET asks, POST acts on what was ticked."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from cpor_web.consent import answers
from cpor_web.customers.blueprint import bp, invitation_or_404, link_or_404, show
from cpor_web.customers.forms import CONFIRM, UNDO, RestoreForm, YesForm
from cpor_web.emails.links import Purpose
from cpor_web.extensions import db
from cpor_web.rules.exc import Refused
from cpor_web.transactions import transaction
from cpor_web.web.current import now, programme
from cpor_web.web.errors import status_of
from cpor_web.web.languages import chosen_language


@bp.get("/u/<path:token>")
def undo(token: str) -> ResponseReturnValue:
    """Ask whether the association is to be restored."""
    return show(UNDO, token, link_or_404(Purpose.UNDO, token))


@bp.post("/u/<path:token>")
def restore(token: str) -> ResponseReturnValue:
    """Restore the association that this contact denied."""
    link_id, form = link_or_404(Purpose.UNDO, token), RestoreForm(request.form)
    if not form.validate():
        return show(UNDO, token, link_id, 422, form=form)
    try:
        with transaction(db.session):
            answers.undo(db.session(), invitation_or_404(link_id), now=now(), programme=programme())
    except Refused as refused:
        return show(UNDO, token, link_id, status_of(refused), form=form, refused=refused)
    return redirect(url_for("customers.undo", token=token, lang=chosen_language()), 303)


@bp.get("/y/<path:token>")
def confirm(token: str) -> ResponseReturnValue:
    """Ask for the yes that counts."""
    return show(CONFIRM, token, link_or_404(Purpose.YES, token))


@bp.post("/y/<path:token>")
def say_yes(token: str) -> ResponseReturnValue:
    """Let the yes count."""
    link_id, form = link_or_404(Purpose.YES, token), YesForm(request.form)
    if not form.validate():
        return show(CONFIRM, token, link_id, 422, form=form)
    with transaction(db.session):
        answers.confirm_yes(db.session(), invitation_or_404(link_id), now=now(), programme=programme())
    return redirect(url_for("customers.confirm", token=token, lang=chosen_language()), 303)
