"""The check of the proof before it is handed in: where in which document the reviewer finds what they look for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cpor_web.accounts.access import allowed
from cpor_web.claims import operations, preflight, queries
from cpor_web.claims.preflight import Key, Place
from cpor_web.claims.writing import check_editable
from cpor_web.extensions import db
from cpor_web.lifecycle import changes_since
from cpor_web.models import Claim, ProofCell
from cpor_web.partners.blueprint import bp
from cpor_web.partners.claim import page as claims_page
from cpor_web.partners.refusals import words_of
from cpor_web.rules.exc import Invalid, NotAllowed, Refused, Stale
from cpor_web.rules.reasons import Request
from cpor_web.rules.roles import CLAIMANTS
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now, programme
from cpor_web.web.errors import sentence, status_of
from cpor_web.web.numbers import number_in
from cpor_web.web.one_claim import claim_or_404, seen

ALL = "*"
"""In a field's name, all products: no product has such a key."""


class Cell(NamedTuple):
    """One cell of the form: what its fields are called and hold, and what is wrong with it.

    `saved` is what is saved of it by now, where the page was too old and that says something else.
    """

    name: str
    product: str
    place: Place
    is_gap: bool = False
    error: str = ""
    saved: ProofCell | None = None


@dataclass(slots=True)
class Row:
    """A row of the form: what is said once for all of its products, and its cells."""

    once: Cell
    cells: list[Cell]


@bp.get("/claims/<reference>/proof-check")
@allowed(CLAIMANTS)
def check_proof(reference: str) -> ResponseReturnValue:
    """Show the grid, with what was said before."""
    claim = claim_or_404(reference)
    try:
        check_editable(claim, programme())
    except NotAllowed as refused:
        return claims_page(claim, refused)
    return _shown(claim, _said(claim))


@bp.post("/claims/<reference>/proof-check")
@allowed(CLAIMANTS)
def save_proof_check(reference: str) -> ResponseReturnValue:
    """Save where the partner says that everything is."""
    claim, version = claim_or_404(reference), seen()
    session: Session = db.session()
    only = _only_document(claim)
    typed = {key: _typed(_name(*key), only) for key in preflight.keys_of(claim)}
    once = {reason: place for reason in Request if (place := _typed(_name(reason, ALL), only)) != Place()}
    places = _filled(once, typed, _said(claim))
    try:
        with transaction(db.session):
            operations.locate(session, claim, places, actor=actor(), now=now(), programme=programme(), seen=version)
    except Stale as refused:
        claim = claim_or_404(reference)
        since = changes_since(session, claim, refused.since, actor())
        return _shown(claim, preflight.up_to_date(typed, _said(claim), since), refused, once=once), status_of(refused)
    except Refused as refused:
        claim = claim_or_404(reference)
        found = preflight.wrong_in(session, claim, places) if isinstance(refused, Invalid) else ()
        wrong = _wrong(found, places, once)
        return _shown(claim, typed, refused, version, once=once, wrong=wrong), status_of(refused)
    left = len(preflight.gaps(claim, preflight.cells_of(session, claim)))
    flash(_("Saved. Nothing is left open.") if not left else _("Saved. %(left)s still open.", left=left), "success")
    return redirect(url_for("partners.claim", reference=claim.reference), HTTPStatus.FOUND)


def _said(claim: Claim) -> dict[Key, Place]:
    return {key: Place(cell.document_id, cell.page) for key, cell in preflight.cells_of(db.session(), claim).items()}


def _only_document(claim: Claim) -> int | None:
    """Return the claim's document where there is no other: a page is of it without its being chosen."""
    current = [each.id for each in queries.documents_of(db.session(), claim) if not each.replaced_by_id]
    return current[0] if len(current) == 1 else None


def _typed(name: str, only: int | None) -> Place:
    document, page = number_in(request.form.get(f"{name}-document")), request.form.get(f"{name}-page", "").strip()
    return Place(only if page and document is None else document, page)


def _filled(row: Mapping[Request, Place], typed: Mapping[Key, Place], shown: Mapping[Key, Place]) -> dict[Key, Place]:
    """Return the places after those said once for a whole row were put into its cells.

    A cell takes them where no document is `typed`, or the one that the page had `shown` there; what somebody has
    changed beside it stays.
    """
    return {
        key: row[key[0]]
        if key[0] in row and (place.document_id is None or place == shown.get(key, Place()))
        else place
        for key, place in typed.items()
    }


def _wrong(
    found: Iterable[tuple[Key, Invalid]], places: Mapping[Key, Place], once: Mapping[Request, Place]
) -> dict[str, str]:
    """Return what is wrong by the names of cells, told where it was said: in the cell, or once for its row."""
    return {
        _name(reason, ALL if places[reason, product] == once.get(reason) else product): sentence(each)
        for (reason, product), each in found
    }


def _name(reason: Request, product: str) -> str:
    return f"{reason.value}-{product}"


def _shown(
    claim: Claim,
    places: Mapping[Key, Place],
    refused: Refused | None = None,
    version: int | None = None,
    *,
    once: Mapping[Request, Place] = MappingProxyType({}),
    wrong: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Render the form with the `places` of its cells, what was said `once` for a row, and what is `wrong` by name."""
    catalogue = programme().catalogue
    all_ = queries.documents_of(db.session(), claim)
    documents = [each for each in reversed(all_) if not each.replaced_by_id]
    names = Counter(each.filename for each in documents)
    there = {each.id for each in documents}
    saved = preflight.cells_of(db.session(), claim) if isinstance(refused, Stale) else {}
    rows: dict[Request, Row] = {}
    for key in preflight.keys_of(claim):
        reason, product = key
        if reason not in rows:
            name, every = _name(reason, ALL), once.get(reason, Place())
            rows[reason] = Row(Cell(name, _("All products"), every, error=wrong.get(name, "")), [])
        name, place = _name(*key), places.get(key, Place())
        is_gap, other = place.document_id not in there, saved.get(key)
        meanwhile = other if other and other.document and (other.document_id, other.page) != place else None
        rows[reason].cells.append(
            Cell(name, catalogue.product_name(product), place, is_gap, wrong.get(name, ""), meanwhile)
        )
    told = words_of(claim, refused) if refused is not None and not wrong else {}
    return render_template(
        "partners/proof_check.html",
        claim=claim,
        documents=documents,
        numbers=queries.numbers_of(all_),
        names=names,
        rows=rows,
        looked_for=preflight.LOOKED_FOR,
        products=[catalogue.product_name(key) for key in claim.product_keys],
        seen=claim.version if version is None else version,
        wrong=[(reason, cell) for reason, row in rows.items() for cell in (row.once, *row.cells) if cell.error],
        **told,
    )
