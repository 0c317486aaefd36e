"""Several drafts deleted at once, as after an import that went wrong: chosen, looked at, then each by itself."""

from collections.abc import Iterable
from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cpor_web.accounts.access import allowed
from cpor_web.claims import batches, operations, queries
from cpor_web.claims.references import normalised
from cpor_web.extensions import db
from cpor_web.models import Claim
from cpor_web.partners.blueprint import bp
from cpor_web.partners.one_by_one import one_by_one
from cpor_web.rules.exc import Refused
from cpor_web.rules.roles import CLAIMANTS
from cpor_web.rules.statuses import Status
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now, programme
from cpor_web.web.errors import sentence
from cpor_web.web.pages import cursors


@bp.get("/claims/delete")
@allowed(CLAIMANTS)
def choose_to_delete() -> ResponseReturnValue:
    """List the drafts to choose from; those of the batch that the address names are ticked."""
    return _page()


@bp.post("/claims/delete")
@allowed(CLAIMANTS)
def delete_drafts() -> ResponseReturnValue:
    """Show what was chosen once more; delete it where that was shown. One that is refused keeps no other back."""
    chosen = dict(each.partition(" ")[::2] for each in request.form.getlist("claim")[: batches.AT_ONCE])
    if not chosen:
        return _page(_("Choose at least one draft.")), HTTPStatus.UNPROCESSABLE_ENTITY
    if "was_shown" not in request.form:
        claims = _drafts(chosen)
        documents = batches.numbers_of_documents(db.session(), claims)
        return render_template("partners/delete_drafts.html", claims=claims, documents=documents)
    results, cut = one_by_one(list(chosen.items()), _delete)
    if deleted := results.count(""):
        flash(ngettext("%(num)s draft was deleted.", "%(num)s drafts were deleted.", deleted), "success")
    if cut:
        broken = _("%(name)s: %(problem)s", name=cut.reference, problem=cut.words)
        results.append(f"{broken} {cut.words_of_the_rest}".strip())
    for each in filter(None, results):
        flash(each, "error")
    return redirect(url_for("partners.dashboard", status=Status.EDITING.value, _anchor="claims"))


def _drafts(chosen: Iterable[str]) -> list[Claim]:
    named = [normalised(each) for each in chosen]
    found = queries.claims_of(actor(), Status.EDITING).where(Claim.reference.in_(named))
    return list(db.session.scalars(found.order_by(Claim.id.desc())))


def _delete(reference: str, seen: int | None) -> str:
    """Delete one draft; return why not, where it is refused."""
    claim = queries.claim_of(db.session(), actor(), reference)
    if claim is None or seen is None:
        return _("%(name)s: %(problem)s", name=reference, problem=_("There is no such claim."))
    name = claim.name
    try:
        with transaction(db.session):
            how = {"actor": actor(), "now": now(), "programme": programme()}
            operations.delete_draft(db.session(), claim, seen=seen, **how)  # type: ignore[arg-type]
    except Refused as refused:
        return _("%(name)s: %(problem)s", name=name, problem=sentence(refused))
    return ""


def _page(error: str = "") -> str:
    named, asked = batches.of(db.session(), actor()), request.args.get("made")
    made_at = next((each.made_at for each in named if each.made_at.isoformat() == asked), None)
    return render_template(
        "partners/choose_to_delete.html",
        batches=named,
        error=error,
        made_at=made_at,
        page=batches.drafts(db.session(), actor(), made_at=made_at, **cursors()),
    )
