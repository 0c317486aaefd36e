"""Every mail that was ever to be sent, with where it stands and what the mail server said; some need a person."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web.accounts.access import allowed
from cpor_web.claims import operations, queries
from cpor_web.emails import words as mail_words
from cpor_web.emails.condition import count_for_a_person
from cpor_web.extensions import db
from cpor_web.models import Claim, Mail, MailState
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.page import step_of
from cpor_web.rules.exc import Refused
from cpor_web.rules.roles import REVIEWERS
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now
from cpor_web.web.errors import sentence
from cpor_web.web.languages import moment
from cpor_web.web.one_claim import claim_or_404, mail_page
from cpor_web.web.pages import cursors

FOR_A_PERSON = "needs-a-person"
"""In place of a state: the mails that failed and nobody has dealt with."""


@bp.get("/mails")
@allowed(REVIEWERS)
def mails() -> ResponseReturnValue:
    """List the mails, the newest first; of one state, or those that need a person, where asked."""
    state = _state()
    page = queries.all_mails(db.session(), state=state, for_a_person=_is_for_a_person(), **cursors())
    return render_template(
        "reviewers/mails.html",
        page=page,
        references=queries.references_of(db.session(), actor(), (each.claim_id for each in page.rows)),
        chosen=FOR_A_PERSON if _is_for_a_person() else state.value if state else None,
        for_a_person=FOR_A_PERSON,
        states=mail_words.STATES,
        waiting=count_for_a_person(db.session()),
    )


@bp.get("/<reference>/mails/<int:mail_id>")
@allowed(REVIEWERS)
def mail(reference: str, mail_id: int) -> ResponseReturnValue:
    """Show the words of a mail about a claim; of one to a customer, or that was erased, that they are not shown."""
    return mail_page(claim_or_404(reference), mail_id)


@bp.post("/mails/<int:mail_id>/send-again")
@allowed(REVIEWERS)
def send_again(mail_id: int) -> ResponseReturnValue:
    """Send a mail once more."""
    mail = db.session.get(Mail, mail_id) or abort(404)
    try:
        with transaction(db.session):
            as_unattended = "unattended" in request.form
            operations.send_again(db.session(), mail, actor=actor(), now=now(), as_unattended=as_unattended)
    except Refused as refusal:
        _tell(mail, sentence(refusal), "error")
    else:
        _tell(mail, _("The mail is queued once more."), "success")
    return redirect(_back(mail))


@bp.post("/mails/<int:mail_id>/done")
@allowed(REVIEWERS)
def deal_with(mail_id: int) -> ResponseReturnValue:
    """Note that nothing is left to be done about a mail that failed."""
    mail = db.session.get(Mail, mail_id) or abort(404)
    try:
        with transaction(db.session):
            operations.deal_with(db.session(), mail, actor=actor(), now=now())
    except Refused as refusal:
        _tell(mail, sentence(refusal), "error")
    else:
        _tell(mail, _("Noted: nothing is left to be done about this mail."), "success")
        _tell_what_is_due(mail)
    return redirect(_back(mail))


def _tell(mail: Mail, words: str, category: str) -> None:
    """Say what happened where the button was: on a claim's page among its mails, far below the others."""
    flash(words, f"{category} of mails" if _claim_before(mail) else category)


def _tell_what_is_due(mail: Mail) -> None:
    """Say what somebody else still has to do about the claim, and by when: the mail is off the list, that is not."""
    claim = db.session.get(Claim, mail.claim_id) if mail.claim_id is not None else None
    step = step_of(claim) if claim is not None else None
    if step is None or step.by is None:
        return
    due = {"who": _(step.who.label), "what": _(step.for_reviewer), "moment": moment(step.by)}
    _tell(mail, _("Due next: %(what)s %(who)s, by %(moment)s.", **due), "success")


def _claim_before(mail: Mail) -> Claim | None:
    """Return the claim on whose page the button was."""
    is_there = mail.claim_id is not None and request.form.get("from") == "claim"
    return db.session.get(Claim, mail.claim_id) if is_there else None


def _back(mail: Mail) -> str:
    """Return the page on which the button was: the claim's, or the list as it was filtered."""
    origin = request.form.get("from")
    claim = _claim_before(mail)
    if claim is None:
        return url_for("reviewers.mails", state=origin if origin in {FOR_A_PERSON, *MailState} else None)
    return url_for("reviewers.claim", reference=claim.reference, _anchor="mails")


def _state() -> MailState | None:
    return next((state for state in MailState if state.value == request.args.get("state")), None)


def _is_for_a_person() -> bool:
    return request.args.get("state") == FOR_A_PERSON
