"""The check of the proof: a document beside the grid of the five reasons × the products, decided cell by cell.

What is missing fills in the request for information and the rejection; see `filling`.
"""

import re
from typing import Any, NamedTuple

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cpor_web import facts
from cpor_web.accounts.access import allowed
from cpor_web.claims import judging, operations, preflight, queries
from cpor_web.claims.input import LONGEST_TEXT
from cpor_web.claims.preflight import Judged, Key
from cpor_web.extensions import db
from cpor_web.lifecycle import changes_since
from cpor_web.models import Claim, Document, ProofCell, Verdict
from cpor_web.reviewers import page
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.queue_filter import within
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import NotAllowed, Refused, Stale
from cpor_web.rules.reasons import Request
from cpor_web.rules.roles import REVIEWERS
from cpor_web.rules.statuses import Status
from cpor_web.transactions import transaction
from cpor_web.web import downloads, headers
from cpor_web.web.current import actor, now, programme, scanner_state
from cpor_web.web.errors import sentence, status_of
from cpor_web.web.numbers import number_in
from cpor_web.web.one_claim import claim_or_404, document_or_404, given, seen

ALL = "all"
"""What the button says in `found` that finds the whole grid; that of a row says the row's reason."""

NUMBER = re.compile(r"\d{1,5}")


class Cell(NamedTuple):
    """One cell of the page: its name in the form, what the partner says, and what the reviewer says.

    `saved` is what is saved of it by now, where the page was too old and that says something else.
    """

    name: str
    product: str
    located: ProofCell | None
    judged: Judged
    saved: Judged | None = None

    @property
    def is_unfinished(self) -> bool:
        said = self.judged
        return said.verdict is Verdict.MISSING and not (said.missing and said.place and said.mend)

    @property
    def page_number(self) -> str:
        """The first number in what the partner says of the page: there the document is opened."""
        found = NUMBER.search(self.located.page) if self.located else None
        return found[0] if found else ""


@bp.get("/<reference>/proof")
@allowed(REVIEWERS)
def check_proof(reference: str) -> ResponseReturnValue:
    """Show the grid, and beside it the document that the address names."""
    claim = claim_or_404(reference)
    judged_at = judging.last_judged(db.session(), claim)  # before the cells: what is saved in between is told apart
    return _shown(claim, _saved(claim), judged_at)


@bp.post("/<reference>/proof")
@allowed(REVIEWERS)
def save_proof_check(reference: str) -> ResponseReturnValue:
    """Save what the reviewer found; a button of its own finds all of a row, or of the grid, not decided yet."""
    claim, version = claim_or_404(reference), seen()
    judged = {key: _typed(key) for key in preflight.keys_of(claim)}
    about: dict[str, Any] = {"actor": actor(), "now": now(), "programme": programme(), "seen": version}
    judged_at = number_in(request.form.get("judged-at")) or 0
    try:
        with transaction(db.session):
            operations.judge(db.session(), claim, judged, **about, judged_at=judged_at)
    except Stale as refused:
        return _meanwhile(claim_or_404(reference), judged_at, refused), status_of(refused)
    except Refused as refused:
        return _shown(claim_or_404(reference), judged, judged_at, refused, version), status_of(refused)
    found, gaps = request.form.get("found"), sum(cell.verdict is Verdict.MISSING for cell in judged.values())
    flash(_("Saved. The partner sees nothing of it until you ask or reject."), "success")
    if found and gaps:
        still = ngettext("%(num)d cell still says missing.", "%(num)d cells still say missing.", gaps)
        flash(still, "warning")
    row = found if found in set(Request) else None
    return redirect(url_for("reviewers.check_proof", reference=claim.reference, _anchor=row, **_chosen()))


@bp.get("/<reference>/documents/<int:document_id>/shown")
@allowed(REVIEWERS)
def show_document(reference: str, document_id: int) -> ResponseReturnValue:
    """Give a PDF or a picture to be seen in the page, in a sandbox; who was given it is noted as for a download."""
    found = document_or_404(claim_or_404(reference), document_id)
    if not downloads.can_be_shown(found):
        abort(404)
    try:
        content = given(found)
    except NotAllowed as refusal:
        return page.refused(reference, refusal, {})
    return downloads.shown(found, content)


def _saved(claim: Claim) -> dict[Key, Judged]:
    cells = preflight.cells_of(db.session(), claim).items()
    return {key: Judged(cell.verdict, cell.missing, cell.place, cell.mend) for key, cell in cells}


def _meanwhile(claim: Claim, judged_at: int, refused: Stale) -> str:
    """Show what was typed on a page that was too old, and of what it left open what was saved after `judged_at`.

    Sent again, it counts as having shown that. So what a button decided for all that was open is not kept.
    """
    now_at = judging.last_judged(db.session(), claim)  # first, as above
    since = judging.judged_since(db.session(), claim, judged_at)
    typed = {key: _typed(key, with_button=False) for key in preflight.keys_of(claim)}
    return _shown(claim, preflight.up_to_date(typed, _saved(claim), since), now_at, refused)


def _typed(key: Key, *, with_button: bool = True) -> Judged:
    name = _name(key)
    said = request.form.get(f"{name}-verdict", "")
    verdict = Verdict(said) if said in set(Verdict) else None
    if verdict is None and with_button and request.form.get("found") in {ALL, key[0].value}:
        verdict = Verdict.FOUND
    words = (request.form.get(f"{name}-{part}", "").strip()[:LONGEST_TEXT] for part in ("missing", "place", "mend"))
    return Judged(verdict, *words)


def _name(key: Key) -> str:
    return f"{key[0].value}-{key[1]}"


def _chosen() -> dict[str, Any]:
    """Return what the address says of the document beside the grid, and of the queue's filters."""
    beside = {name: value for name in ("document", "page") if (value := request.args.get(name, "")).isdigit()}
    return beside | within()


def _document(claim: Claim) -> Document | None:
    number = number_in(request.args.get("document"))
    return None if number is None else queries.document_of(db.session(), claim, number)


def _page_of(document: Document | None) -> str:
    """Return the page that the address names, an empty string where there is none such in the document."""
    number = request.args.get("page", "")
    if document is None or not NUMBER.fullmatch(number):
        return ""
    return number if document.pages is None or int(number) <= document.pages else ""


def _shown(
    claim: Claim,
    judged: dict[Key, Judged],
    judged_at: int,
    refused: Refused | None = None,
    version: int | None = None,
) -> str:
    headers.allow_frames()
    session, catalogue = db.session(), programme().catalogue
    cells, saved = preflight.cells_of(session, claim), _saved(claim) if isinstance(refused, Stale) else {}
    rows: dict[str, list[Cell]] = {}
    for key in preflight.keys_of(claim):
        said, other = judged.get(key, Judged()), saved.get(key, Judged())
        meanwhile = other if any(other) and other != said else None
        cell = Cell(_name(key), catalogue.product_name(key[1]), cells.get(key), said, meanwhile)
        rows.setdefault(key[0], []).append(cell)
    offered = queries.offered(session, claim, actor=actor(), now=now(), programme=programme())
    found = _document(claim)
    return render_template(
        "reviewers/proof_check.html",
        can_be_shown=downloads.can_be_shown,
        changes=changes_since(session, claim, refused.since, actor()) if isinstance(refused, Stale) else [],
        chosen=_chosen(),
        claim=claim,
        documents=queries.documents_of(session, claim),
        scanner=scanner_state(),
        judged_at=judged_at,
        is_for_others=claim.status is Status.UNDER_REVIEW and not facts.may_review(session, claim, actor()),
        looked_for=preflight.LOOKED_FOR,
        may_decide=Action.REQUEST_INFORMATION in offered,
        missing=len(preflight.missing(cells)),
        products=[catalogue.product_name(key) for key in claim.product_keys],
        refused=sentence(refused) if refused is not None else "",
        rows=rows,
        seen=claim.version if version is None else version,
        shown=found,
        shown_page=_page_of(found),
        unfinished=sum(cell.is_unfinished for each in rows.values() for cell in each),
        verdicts=Verdict,
        within=within(),
    )
