"""Several drafts handed to the reviewers at once: each by itself, with its own result."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web import facts
from cpor_web.accounts.access import allowed
from cpor_web.claims import guards, lists, operations, queries, writing
from cpor_web.claims.lists import Sort, Wanted
from cpor_web.current import actor, now, programme
from cpor_web.errors import sentence
from cpor_web.extensions import db
from cpor_web.models import Claim
from cpor_web.numbers import number_in
from cpor_web.pages import cursors
from cpor_web.partners.blueprint import bp
from cpor_web.rules.exc import Refused
from cpor_web.rules.fields import LABELS
from cpor_web.rules.guards import Finding
from cpor_web.rules.roles import CLAIMANTS
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_
from cpor_web.transactions import transaction

DRAFTS = Wanted(status=Status.EDITING, sort=Sort.NEWEST)
PROOF = N_("Proof of execution")


@dataclass(frozen=True, slots=True)
class Ready:
    """A draft, what keeps it from being submitted (labels), and what it is warned of."""

    claim: Claim
    missing: Sequence[str]
    warned: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one that was chosen: a sentence, and whether it was submitted."""

    reference: str
    name: str
    words: str
    is_done: bool


@bp.get("/claims/submit")
@allowed(CLAIMANTS)
def choose_drafts() -> ResponseReturnValue:
    """List the drafts, with what each still lacks or is warned of."""
    return _page()


@bp.post("/claims/submit")
@allowed(CLAIMANTS)
def submit_drafts() -> ResponseReturnValue:
    """Submit those that were chosen, each in a transaction of its own: one that is refused keeps no other back."""
    chosen = [each.partition(" ")[::2] for each in request.form.getlist("claim")[: lists.PAGE]]
    if not chosen:
        return _page(error=_("Choose at least one draft.")), HTTPStatus.UNPROCESSABLE_ENTITY
    return _page([_submit(reference, number_in(seen)) for reference, seen in chosen])


def _submit(reference: str, seen: int | None) -> Result:
    claim = queries.claim_of(db.session(), actor(), reference)
    if claim is None or seen is None:
        return Result(reference, reference, _("There is no such claim."), is_done=False)
    past = request.form.getlist(f"past-{claim.reference}")
    how = {"actor": actor(), "now": now(), "programme": programme()}
    try:
        with transaction(db.session):
            operations.submit(db.session(), claim, seen=seen, past=past, **how)  # type: ignore[arg-type]
    except Refused as refused:
        return Result(claim.reference, claim.name, sentence(refused), is_done=False)
    return Result(claim.reference, claim.name, _("Submitted."), is_done=True)


def _page(results: Sequence[Result] = (), error: str = "") -> str:
    at = cursors()
    page = lists.dashboard(db.session(), actor(), DRAFTS, now=now(), before=at["before"], after=at["after"])
    queries.read_contacts(db.session(), page.rows)
    return render_template(
        "partners/submit.html",
        drafts=[_ready(claim) for claim in page.rows],
        error=error,
        labels=LABELS,
        page=page,
        results=results,
    )


def _ready(claim: Claim) -> Ready:
    session = db.session()
    wrong = writing.problems_of(claim, programme())
    missing = [LABELS[name] for name in (*facts.missing_fields(claim, programme()), *wrong)]
    known = facts.of(session, claim, actor=actor(), now=now(), programme=programme())
    missing += [] if known.has_proof else [PROOF]
    return Ready(claim, missing, guards.warnings_of(session, claim, now=now(), programme=programme()))
