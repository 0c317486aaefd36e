"""What a partner does with a claim: each view is one verb, and a refusal is told on the page it came from."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage

from cpor_web import facts, proofs
from cpor_web.accounts.access import allowed
from cpor_web.claims import contacts, contesting, operations, preflight, queries
from cpor_web.extensions import db
from cpor_web.models import Claim, Document
from cpor_web.partners import uploads
from cpor_web.partners.blueprint import bp
from cpor_web.partners.claim import astray_in, page, stopped_round
from cpor_web.partners.forms import (
    CommentForm,
    ContactForm,
    UploadForm,
    WithdrawalForm,
)
from cpor_web.partners.refusals import told_at_its_field, words_of
from cpor_web.proofs.checks import MIB
from cpor_web.proofs.examining import FIELD
from cpor_web.rules import transitions
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import Invalid, NotAllowed, Refused
from cpor_web.rules.reasons import Withdrawal
from cpor_web.rules.roles import CLAIMANTS
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, documents, now, programme, settings
from cpor_web.web.errors import sentence, status_of
from cpor_web.web.numbers import number_in
from cpor_web.web.one_claim import claim_or_404, seen

DONE = {
    "submit": _l("Submitted. You get a mail when the review starts."),
    "resubmit": _l("Resubmitted. You get a mail when the review goes on."),
    "upload": _l("The document was uploaded."),
    "fresh": _l(
        "The document was uploaded. Nothing else changes: reviewers see it where another partner claims the same."
    ),
    "comment": _l("The comment was added."),
    "withdraw": _l("The claim was rejected at your request."),
    "dispute": _l("The rejection is disputed."),
    "propose_contact": _l("The contact is proposed. A reviewer confirms it; then the customer is asked again."),
    "delete_draft": _l("The draft was deleted."),
}


@bp.post("/claims/<reference>/submit")
@allowed(CLAIMANTS)
def submit(reference: str) -> ResponseReturnValue:
    """Hand the draft to the reviewers."""
    return _done_or_told(operations.submit, claim_or_404(reference), seen=seen(), past=request.form.getlist("past"))


@bp.post("/claims/<reference>/documents")
@allowed(CLAIMANTS)
def upload(reference: str) -> ResponseReturnValue:
    """Add a document. It is no decision, so a page that is a little older will do.

    Who comes from the list of drafts to submit goes back there.
    """
    claim, form = claim_or_404(reference), UploadForm()
    is_from_list = request.form.get("then") == "submit"
    try:
        document, replaces = received(form.document.data), number_in(form.replaces.data)
        located = preflight.located_in(db.session(), claim, replaces)
        do(operations.upload, claim, document, replaces=replaces)
    except Refused as refused:
        if not is_from_list:
            return page(claim, refused, upload=form)
        flash(_("%(name)s: %(problem)s", name=claim.name, problem=sentence(refused)), "error")
        return redirect(url_for("partners.choose_drafts"))
    _tell_of_the_same(claim, document)
    if located:
        words = ngettext(
            "%(num)d place that your check named in the replaced document went with it. Say it anew.",
            "%(num)d places that your check named in the replaced document went with it. Say them anew.",
            located,
        )
        flash(words, "warning")
    if is_from_list:
        flash(_("The document was uploaded to “%(name)s”.", name=claim.name), "success")
        reference = claim.reference
        return redirect(url_for("partners.choose_drafts", uploaded=reference, _anchor=f"draft-{reference}"))
    return back("fresh" if claim.status is Status.APPROVED else "upload", claim, "proof")


def _tell_of_the_same(claim: Claim, document: Document) -> None:
    """Say where a document that was just uploaded is the same file as one that was there already."""
    there = queries.documents_of(db.session(), claim)
    numbers = queries.numbers_of(there)
    same = [each for each in there if each.sha256 == document.sha256 and each.id != document.id]
    for other in same[-1:]:
        words = _("It is the same file as %(number)s: %(name)s.", number=numbers[other.id], name=other.filename)
        flash(words, "warning")


@bp.post("/claims/<reference>/comments")
@allowed(CLAIMANTS)
def add_comment(reference: str) -> ResponseReturnValue:
    """Say something to the reviewer."""
    claim, form = claim_or_404(reference), CommentForm()
    try:
        do(operations.comment, claim, form.comment.data or "")
    except Refused as refused:
        return page(claim, refused, comment=form)
    return back("comment", claim, "comments")


@bp.route("/claims/<reference>/request-rejection", methods=["GET", "POST"])
@allowed(CLAIMANTS)
def request_rejection(reference: str) -> ResponseReturnValue:
    """Give the claim up, for one of three reasons."""
    claim, form = claim_or_404(reference), WithdrawalForm()
    about: dict[str, Any] = {"form": form, "no_objection": contesting.no_objection(db.session(), claim)}
    if not form.is_submitted():
        refusal = _why_not(claim, Action.WITHDRAW)
        return page(claim, refusal) if refusal else asked("partners/request_rejection.html", claim, **about)
    try:
        detail = next((each for each in Withdrawal if each == form.detail.data), None)
        do(operations.withdraw, claim, detail, comment=form.comment.data or "", seen=seen())
    except Refused as refused:
        told = {} if told_at_its_field(refused, form) else words_of(claim, refused)
        return asked("partners/request_rejection.html", claim, status_of(refused), **about, **told)
    return back("withdraw", claim)


@bp.route("/claims/<reference>/contact", methods=["GET", "POST"])
@allowed(CLAIMANTS)
def name_contact(reference: str) -> ResponseReturnValue:
    """Propose a right contact, while the consent period stands still for it."""
    claim, form = claim_or_404(reference), ContactForm()
    round_ = stopped_round(claim)
    wanted = contacts.replaceable(claim, round_) if round_ else claim.contacts
    form.offer(wanted, is_preselected=len(wanted) == 1 or (round_ is not None and round_.is_astray))
    if not form.is_submitted():
        if round_ is None:
            return page(claim, NotAllowed(contacts.NOT_STOPPED))
        return asked("partners/contact.html", claim, form=form, astray=astray_in(round_), due=round_.contact_due_at)
    try:
        instead_of = number_in(form.instead_of.data) or 0
        do(contacts.propose_contact, claim, form.contact(), instead_of=instead_of, seen=seen())
    except Refused as refused:
        told = {} if told_at_its_field(refused, form) else words_of(claim, refused)
        about = {"astray": astray_in(round_), "due": round_.contact_due_at, **told} if round_ else told
        return asked("partners/contact.html", claim, status_of(refused), form=form, **about)
    return back("propose_contact", claim)


@bp.route("/claims/<reference>/delete", methods=["GET", "POST"])
@allowed(CLAIMANTS)
def delete_draft(reference: str) -> ResponseReturnValue:
    """Ask, then delete a draft."""
    claim, form = claim_or_404(reference), FlaskForm()
    if not form.is_submitted():
        refusal = _why_not(claim, Action.DELETE)
        return page(claim, refusal) if refusal else asked("partners/delete_draft.html", claim)
    try:
        do(operations.delete_draft, claim, seen=seen())
    except Refused as refused:
        return page(claim, refused)
    flash(DONE["delete_draft"], "success")
    return redirect(url_for("partners.dashboard"))


def _why_not(claim: Claim, action: Action) -> Refused | None:
    """Return why the rules refuse an action that a page would ask about, None where they allow it."""
    known = facts.of(db.session(), claim, actor=actor(), now=now(), programme=programme())
    if action is Action.DELETE and known.was_ever_submitted:
        return NotAllowed(transitions.NEVER_SUBMITTED.sentence)  # says more than that the status does not fit
    try:
        transitions.find(claim.status, action, actor().role, known)
    except Refused as refused:
        return refused
    return None


def do(verb: Callable[..., Any], claim: Claim, *what: object, **how: object) -> Any:
    """Do `verb` in a transaction of its own, as who is signed in, now."""
    with transaction(db.session()):
        return verb(db.session(), claim, *what, actor=actor(), now=now(), programme=programme(), **how)


def _done_or_told(verb: Callable[..., Any], claim: Claim, **how: object) -> ResponseReturnValue:
    try:
        do(verb, claim, **how)
    except Refused as refused:
        return page(claim, refused)
    return back(verb.__name__, claim)


def received(upload: FileStorage | None) -> Document:
    """Store the bytes of an upload and return its row to be; raises Invalid where it will not do."""
    if len(request.files.getlist(FIELD)) > 1:
        raise Invalid(N_("Upload one document at a time."), field_name=FIELD)
    uploads.count()
    db.session.rollback()  # ends what only read: a connection that idles through a large file would be cut
    limit = settings().upload_mib * MIB
    stream, name = (upload.stream, upload.filename) if upload else (None, None)
    return proofs.receive(documents(), stream, filename=name, limit=limit).as_document()


def asked(template: str, claim: Claim, code: int = HTTPStatus.OK, **content: Any) -> ResponseReturnValue:
    """Render a page that asks before something is done."""
    return render_template(template, claim=claim, **content), code


def back(done: str, claim: Claim, section: str | None = None) -> ResponseReturnValue:
    """Say what was done, on the claim's page."""
    flash(DONE[done], "success")
    return redirect(url_for("partners.claim", reference=claim.reference, _anchor=section))
