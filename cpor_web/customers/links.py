"""The page behind the link in a notice: GET asks, POST records. Opening it never changes anything."""

from collections.abc import Callable, Mapping

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from cpor_web.consent import answers
from cpor_web.consent.recording import Outcome
from cpor_web.customers.blueprint import bp, invitation_or_404, link_or_404, show
from cpor_web.customers.denying import denied
from cpor_web.customers.forms import LANGUAGE, LINK, DenyForm, quiet_forms
from cpor_web.emails.links import Purpose
from cpor_web.extensions import db
from cpor_web.rules.reasons import Denial, Way
from cpor_web.transactions import transaction
from cpor_web.web.current import now, programme
from cpor_web.web.languages import chosen_language

SAID: Mapping[str, Callable[..., Outcome]] = {
    "no-objection": answers.no_objection,
    "not-the-right-person": answers.not_the_right_person,
    "yes": answers.press_yes,
}
"""What the quieter forms do, by the value they send."""


@bp.get("/d/<path:token>")
def link(token: str) -> ResponseReturnValue:
    """Ask, or say how the link stands."""
    return show(LINK, token, link_or_404(Purpose.DENY, token))


@bp.post("/d/<path:token>")
def answer(token: str) -> ResponseReturnValue:
    """Record what the contact chose; then the page says what is so. To choose a language is no answer."""
    link_id = link_or_404(Purpose.DENY, token)
    said = request.form.get("answer", "")
    if said == LANGUAGE:
        return show(LINK, token, link_id, form=DenyForm(request.form))
    return _say(said, token, link_id) if said in SAID else _deny(token, link_id)


def _say(said: str, token: str, link_id: bytes) -> ResponseReturnValue:
    quiet = quiet_forms(said, request.form)
    if not quiet[said].validate():
        return show(LINK, token, link_id, 422, quiet=quiet)
    with transaction(db.session):
        outcome = SAID[said](db.session(), invitation_or_404(link_id), now=now(), programme=programme())
    if outcome in {Outcome.RECORDED, Outcome.ALREADY}:
        return _see(token)
    return show(LINK, token, link_id, was_too_late=True)


def _deny(token: str, link_id: bytes) -> ResponseReturnValue:
    form = DenyForm(request.form)
    if not form.validate():
        return show(LINK, token, link_id, 422, form=form)
    outcome = denied(link_id, Denial(form.reason.data), Way.PAGE, form.words.data or "")
    if outcome is Outcome.SUPERSEDED:
        # It decides nothing, so no page could find it again: say here that it was noted.
        return show(LINK, token, link_id, was_noted=True)
    if outcome in {Outcome.ALREADY, Outcome.OVER}:
        return show(LINK, token, link_id, was_too_late=True)
    return _see(token)


def _see(token: str) -> ResponseReturnValue:
    """Go to the page, so that loading it again sends nothing again."""
    return redirect(url_for("customers.link", token=token, lang=chosen_language()), 303)
