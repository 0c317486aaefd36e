"""Several drafts handed to the reviewers at once: each by itself, with its own result."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import NamedTuple

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from cpor_web import proofs
from cpor_web.accounts.access import allowed
from cpor_web.claims import operations, preflight, queries, readiness
from cpor_web.claims.readiness import Readiness
from cpor_web.extensions import db
from cpor_web.lists import own
from cpor_web.lists.own import Sort, Wanted
from cpor_web.partners.blueprint import bp
from cpor_web.partners.one_by_one import one_by_one
from cpor_web.rules.exc import Refused
from cpor_web.rules.fields import LABELS
from cpor_web.rules.roles import CLAIMANTS
from cpor_web.rules.statuses import Status
from cpor_web.transactions import InDoubt, transaction
from cpor_web.web.current import actor, now, programme, settings, user
from cpor_web.web.errors import sentence
from cpor_web.web.pages import cursors

DRAFTS = Wanted(status=Status.EDITING, sort=Sort.NEWEST)
AT_ONCE = 100
"""How many drafts are looked at together, those that are ready first: two months' ends of a busy partner."""


class Lack(NamedTuple):
    """Something that keeps a draft from being submitted: its label, what is wrong with it if anything, and where."""

    label: str
    address: str
    problem: Refused | None = None


class Result(NamedTuple):
    """What became of one that was chosen: a sentence, and whether it was submitted now, where that is known."""

    reference: str
    name: str
    words: str
    is_done: bool
    is_in_doubt: bool = False
    was_done: bool = False  # before, from another page

    @property
    def is_refused(self) -> bool:
        """Whether it surely was not submitted."""
        return not (self.is_done or self.is_in_doubt or self.was_done)


@bp.get("/claims/submit")
@allowed(CLAIMANTS)
def choose_drafts() -> ResponseReturnValue:
    """List the drafts, those that are ready first; with `all` in the address those alone, all of them ticked."""
    return _page(is_all="all" in request.args)


@bp.post("/claims/submit")
@allowed(CLAIMANTS)
def submit_drafts() -> ResponseReturnValue:
    """Submit those that were chosen, each in a transaction of its own: one that is refused keeps no other back."""
    chosen = [each.partition(" ")[::2] for each in request.form.getlist("claim")[:AT_ONCE]]
    if not chosen:
        return _page(error=_("Choose at least one draft.")), HTTPStatus.UNPROCESSABLE_ENTITY
    results, cut = one_by_one(chosen, _submit)
    rest = cut.words_of_the_rest if cut else ""
    if cut:
        results.append(Result(cut.reference, cut.reference, cut.words, is_done=False, is_in_doubt=cut.is_in_doubt))
    try:
        return _page(sorted(results, key=lambda result: result.is_done), not_tried=rest)
    except SQLAlchemyError as error:
        if any(each.is_done or each.is_in_doubt for each in results):
            raise InDoubt("some of several drafts were submitted") from error
        raise


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
        if claim.status is not Status.EDITING:
            words = _("It was submitted already.")
            return Result(claim.reference, claim.name, words, is_done=False, was_done=True)
        return Result(claim.reference, claim.name, sentence(refused), is_done=False)
    return Result(claim.reference, claim.name, _("Submitted."), is_done=True)


def _page(results: Sequence[Result] = (), error: str = "", *, is_all: bool = False, not_tried: str = "") -> str:
    at, partner = cursors(), user().partner
    assert partner is not None, "claimants belong to a partner"
    session = db.session()
    page = own.dashboard(session, actor(), DRAFTS, now=now(), size=AT_ONCE, before=at["before"], after=at["after"])
    claims = queries.claims_by_id(session, [line.claim.id for line in page.rows])
    drafts = readiness.of(session, claims, partner=partner, now=now(), programme=programme())
    unready = [] if is_all else [(each, list(_lacks(each))) for each in drafts if not each.is_ready]
    if unready:
        proofs.expect()
    return render_template(
        "partners/submit.html",
        ready=[each for each in drafts if each.is_ready],
        unready=unready,
        is_all=is_all,
        error=error,
        labels=LABELS,
        looked_for=preflight.LOOKED_FOR,
        page=page,
        product_name=programme().catalogue.product_name,
        results=results,
        submitted=sum(result.is_done for result in results),
        kept=sum(result.is_refused for result in results),
        not_tried=not_tried,
        uploaded=request.args.get("uploaded", ""),
        upload_mib=settings().upload_mib,
    )


def _lacks(draft: Readiness) -> Iterator[Lack]:
    """Yield the fields that are empty or wrong, with where they are mended; the proof has a field of its own here."""
    form = url_for("partners.edit_claim", reference=draft.claim.reference)
    for name in draft.missing:
        yield Lack(LABELS[name], f"{form}#{name}")
    for name, problem in draft.wrong.items():
        yield Lack(LABELS[name], f"{form}#{name}", problem)
