"""Filing a claim and editing it: one form, in which a draft may stay incomplete."""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web import facts, lifecycle
from cpor_web.accounts.access import allowed
from cpor_web.claims import filing, operations, warning
from cpor_web.claims.drafts import Draft
from cpor_web.claims.filing import FIRST_VERSION
from cpor_web.claims.problems import left_over, problems
from cpor_web.claims.writing import editable
from cpor_web.extensions import db
from cpor_web.models import Claim, MpnKind, Partner
from cpor_web.partners import meanwhile
from cpor_web.partners.blueprint import bp
from cpor_web.partners.details import shown
from cpor_web.partners.forms import ClaimForm
from cpor_web.partners.refusals import words_of
from cpor_web.rules.draft_checks import Finding
from cpor_web.rules.exc import Invalid, NotAllowed, Refused, Stale
from cpor_web.rules.fields import LABELS, missing
from cpor_web.rules.roles import CLAIMANTS
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now, programme, user
from cpor_web.web.errors import in_words, sentence, status_of
from cpor_web.web.one_claim import claim_or_404, seen


@bp.route("/claims/new", methods=["GET", "POST"])
@allowed(CLAIMANTS)
def new_claim() -> ResponseReturnValue:
    """File a claim; the partner contact is whoever files it, unless they say otherwise."""
    form = ClaimForm()
    before = blank()
    if not _is_saved(form, before):
        return _page(form, None)
    if made := _made_before(form):
        return _edit(form, made, FIRST_VERSION, is_again=True)
    try:
        draft = _right(form, before)
        claim = _made(form, draft)
    except Refused as refused:
        return _refused(form, None, refused)
    return _saved(claim, frozenset())


@bp.route("/claims/<reference>/new", methods=["GET", "POST"])
@allowed(CLAIMANTS)
def new_from(reference: str) -> ResponseReturnValue:
    """File a claim that begins with what another one says; nothing is there before it is saved.

    What was rejected is mostly claimed again, and the other claims are followed by those of other customers: the
    address says which of the two, `customer=same` or `customer=other`, where it is the other way round.
    """
    old, form = claim_or_404(reference), ClaimForm()
    asked = request.args.get("customer") or ("same" if old.status is Status.REJECTED else "other")
    is_same = asked == "same"
    before = Draft.anew(old, is_same_customer=is_same)
    begun = {"claim": old, "is_same": is_same, **_taken_over(before)}
    if not _is_saved(form, before):
        return _page(form, None, begun=begun)
    if made := _made_before(form):
        return _edit(form, made, FIRST_VERSION, is_again=True)
    try:
        draft = _right(form, before, began=Draft.from_claim(old))
        claim = _made(form, draft)
    except Refused as refused:
        return _refused(form, None, refused, begun=begun)
    return _saved(claim, frozenset())


def _made_before(form: ClaimForm) -> Claim | None:
    """Return the draft that this very form has made: who goes back to it and saves again edits that one.

    What is for another customer now is another claim, and the form that of another.
    """
    made = filing.made_before(db.session(), form.made_of, actor=actor()) if form.made_of else None
    if made is not None and form.draft(Draft()).is_of_another_customer(Draft.from_claim(made)):
        form.begin_anew()
        return None
    return made


def _made(form: ClaimForm, draft: Draft) -> Claim:
    how = {"actor": actor(), "now": now(), "programme": programme()}
    with transaction(db.session()):
        return operations.create(db.session(), draft, made_of=form.made_of, **how)  # type: ignore[arg-type]


def _taken_over(draft: Draft) -> dict[str, list[str]]:
    """Return the names of the fields that a new claim takes over, and of those that it needs besides."""
    said = draft.as_fields()
    unasked = {"second_language"} if draft.second.is_empty else set()
    return {
        "taken": [name for name in LABELS if said[name] and name not in unasked],
        "needed": list(missing(said, needs_subscription=programme().catalogue.needs_subscription(draft.area))),
    }


def blank() -> Draft:
    """Return what a new claim begins with: who files it as the partner contact, and the only location there is."""
    locations = [each.number for each in _partner().mpn_ids if each.kind is MpnKind.LOCATION]
    return Draft(
        mpn_id=locations[0] if len(locations) == 1 else "",
        partner_contact_name=user().name,
        partner_contact_email=user().email,
    )


@bp.route("/claims/<reference>/edit", methods=["GET", "POST"])
@allowed(CLAIMANTS)
def edit_claim(reference: str) -> ResponseReturnValue:
    """Edit what may be edited in the claim's status; the rest is shown."""
    form = ClaimForm()
    return _edit(form, claim_or_404(reference), seen() if form.is_submitted() else None)


def _edit(form: ClaimForm, claim: Claim, version: int | None, *, is_again: bool = False) -> ResponseReturnValue:
    """Show the form, or save what it says; `version` is that of the claim which the form was made from.

    `is_again` is for a new form that has made the claim before.
    """
    may_be_edited = editable(claim, programme())
    if not may_be_edited:
        return _too_late(form, claim)
    lost = meanwhile.out_of_reach(form, claim, may_be_edited) if form.is_submitted() else []
    form.keep_to(may_be_edited)
    before = Draft.from_claim(claim)
    try:
        if version is not None:
            lifecycle.check_seen(claim, version)
        if not _is_saved(form, before):
            return _page(form, claim)
        draft = _right(form, before)
        warned = frozenset(each.mark for each in _warnings(before, claim))
        with transaction(db.session()):
            operations.save(db.session(), claim, draft, actor=actor(), now=now(), programme=programme(), seen=version)
    except Refused as refused:
        return _refused(form, claim, refused, out_of_reach=lost)
    return _saved(claim, warned, is_again=is_again)


def _is_saved(form: ClaimForm, before: Draft) -> bool:
    """Tell whether the form was sent with Save; one that was not sent shows what was there `before`."""
    if not form.is_submitted():
        form.show(before)
        return False
    return "refresh" not in request.form


def _too_late(form: ClaimForm, claim: Claim) -> ResponseReturnValue:
    """Say that nothing can be edited any more, and show again what was typed meanwhile."""
    refused = NotAllowed(
        N_("A claim that is “%(status)s” cannot be edited. Nothing was saved."), {"status": claim.status.label}
    )
    if form.is_submitted():
        return _refused(form, claim, refused)
    flash(sentence(refused), "error")
    return redirect(url_for("partners.claim", reference=claim.reference))


def _right(form: ClaimForm, before: Draft, *, began: Draft | None = None) -> Draft:
    """Return what the form says, or put what is wrong with it at its fields and raise the first of it.

    `began` is the claim that a new one began from.
    """
    draft = form.draft(before)
    found = problems(draft, partner=_partner(), programme=programme(), within=form)
    found |= left_over(draft, began) if began else {}
    for name, problem in found.items():
        _put_at(form, name, problem)
    for problem in found.values():
        raise problem
    return draft


def _put_at(form: ClaimForm, name: str, problem: Refused) -> bool:
    if name not in form:
        return False
    if sentence(problem) not in form[name].errors:
        form[name].errors = [*form[name].errors, sentence(problem)]
    return True


def _refused(form: ClaimForm, claim: Claim | None, refused: Refused, **more: object) -> ResponseReturnValue:
    """Show the form again with everything that was typed, and what is wrong at its field or on top."""
    if isinstance(refused, Invalid) and _put_at(form, refused.field_name, refused):
        return _page(form, claim, HTTPStatus.UNPROCESSABLE_ENTITY, **more)
    told = {**words_of(claim, refused), **more}
    if claim is not None and isinstance(refused, Stale):
        told["meanwhile"] = meanwhile.taken_over(form, claim, told["changes"])
    return _page(form, claim, status_of(refused), **told)


def _page(form: ClaimForm, claim: Claim | None, code: int = HTTPStatus.OK, **more: object) -> ResponseReturnValue:
    area = form.area.data if "area" in form else claim.area if claim else None
    form.offer(_partner(), programme(), None if "area" in form else area)
    warnings = _warnings(form.draft(Draft.from_claim(claim) if claim else Draft()), claim)
    for each in warnings:
        if each.field in form:
            said = getattr(form[each.field], "warnings", [])
            form[each.field].warnings = [*said, in_words(each.sentence, each.values)]
    page = render_template(
        "partners/claim_form.html",
        form=form,
        claim=claim,
        area=area,
        is_draft=claim is None or claim.status is Status.EDITING,
        labels=LABELS,
        shown=shown(claim, programme().catalogue) if claim else {},
        warnings=warnings,
        **more,
    )
    return page, code


def _warnings(draft: Draft, claim: Claim | None) -> list[Finding]:
    return warning.of_form(db.session(), draft, but=claim, partner=_partner(), now=now(), programme=programme())


def _saved(claim: Claim, warned: frozenset[str], *, is_again: bool = False) -> ResponseReturnValue:
    """Go on to the claim, which says what it lacks, or back to the form where it has a warning that was not there."""
    flash(_("Saved, in the draft that this form made before.") if is_again else _("Saved."), "success")
    if warned.issuperset(each.mark for each in _warnings(Draft.from_claim(claim), claim)):
        return redirect(url_for("partners.claim", reference=claim.reference))
    if lacking := facts.missing_fields(claim, programme()):
        names = ", ".join(_(LABELS[name]) for name in lacking)
        flash(_("Still missing before it can be submitted: %(names)s.", names=names), "warning")
    return redirect(url_for("partners.edit_claim", reference=claim.reference))


def _partner() -> Partner:
    partner = user().partner
    assert partner is not None, "claimants belong to a partner"
    return partner
