"""The check of the proof: who may say what in which status, what is refused, and what is written down."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web.claims import operations, preflight, queries
from cpor_web.claims.preflight import Judged, Place
from cpor_web.models import Claim, Document, Event, ProofCell, Verdict
from cpor_web.privacy import erasing
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, Invalid, NotAllowed, NotYours, Refused, Stale
from cpor_web.rules.reasons import Rejection, Request
from cpor_web.rules.roles import Actor, Role
from tests.support import claims, factories
from tests.support.claims import NOW

DATES, SIGNATURE = (Request.DATES, "teams"), (Request.ACKNOWLEDGMENT, "intune")
WORDS = Judged(Verdict.MISSING, "The order has no date", "Page 2, at the bottom", "Upload the dated order")


def document_of(session: Session, claim: Claim) -> Document:
    return session.scalars(select(Document).where(Document.claim_id == claim.id).order_by(Document.id.desc())).first()  # type: ignore[return-value]


def about(actor: Actor, programme: Programme) -> dict[str, Any]:
    return {"actor": actor, "now": NOW, "programme": programme}


def holder(claim: Claim) -> Actor:
    assert claim.reviewer is not None
    return claim.reviewer.actor


def test_a_grid_has_five_reasons_for_each_claimed_product_and_begins_as_gaps(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.editing(db_session, programme)
    assert len(preflight.keys_of(claim)) == 10
    assert preflight.gaps(claim, preflight.cells_of(db_session, claim)) == preflight.keys_of(claim)


def test_a_place_is_kept_told_in_the_history_and_is_no_gap_until_its_document_is_replaced(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.editing(db_session, programme)
    filer, version = claim.filed_by.actor, claim.version
    document = document_of(db_session, claim)
    places = {DATES: Place(document.id, " 3 ")}
    assert operations.locate(db_session, claim, places, **about(filer, programme))
    assert not operations.locate(db_session, claim, places, **about(filer, programme)), "nothing new was said"
    assert claim.version == version + 1
    event = queries.history(db_session, claim, filer)[0]
    assert (event.kind, event.data) == (
        "proof:located",
        {"places": [["missing-or-old-dates", "teams", "signed order.pdf", "3"]]},
    )
    assert DATES not in preflight.gaps(claim, preflight.cells_of(db_session, claim))
    newer = Document(sha256="1" * 64, filename="dated.pdf", media_type="application/pdf", size=3)
    operations.upload(db_session, claim, newer, replaces=document.id, **about(filer, programme))
    db_session.refresh(document)
    assert DATES in preflight.gaps(claim, preflight.cells_of(db_session, claim))


@pytest.mark.parametrize("wrong", [Place(None, "3"), Place(1, ""), "replaced", Place(None, "x" * 61)])
def test_a_place_that_will_not_do_is_refused_at_its_cell(
    db_session: Session, programme: Programme, wrong: Place | str
) -> None:
    claim = claims.editing(db_session, programme)
    if isinstance(wrong, str):
        old = document_of(db_session, claim)
        newer = Document(sha256="1" * 64, filename="dated.pdf", media_type="application/pdf", size=3)
        operations.upload(db_session, claim, newer, replaces=old.id, **about(claim.filed_by.actor, programme))
        wrong = Place(old.id)
    with pytest.raises(Invalid) as refused:
        operations.locate(db_session, claim, {SIGNATURE: wrong}, **about(claim.filed_by.actor, programme))
    assert refused.value.field_name == "missing-customer-acknowledgment intune"


@pytest.mark.parametrize(
    ("page", "pages", "is_taken"),
    [
        ("3", 3, True),
        ("4", 3, False),
        ("0", 3, False),
        ("1, 3", 3, True),
        ("2–4", 3, False),
        ("p. 4", 3, False),
        ("Seite 3", 3, True),
        ("annex 12", 3, True),
        ("", 1, True),
        ("9" * 60, 3, False),
        ("17", None, True),
    ],
)
def test_a_page_beyond_the_last_is_refused_where_pages_are_counted(
    db_session: Session, programme: Programme, page: str, pages: int | None, *, is_taken: bool
) -> None:
    claim = claims.editing(db_session, programme)
    document = document_of(db_session, claim)
    document.pages = pages
    places = {SIGNATURE: Place(document.id, page)}
    if is_taken:
        assert operations.locate(db_session, claim, places, **about(claim.filed_by.actor, programme))
    else:
        with pytest.raises(Invalid, match="has 3 pages"):
            operations.locate(db_session, claim, places, **about(claim.filed_by.actor, programme))


def test_places_are_named_only_while_the_partner_may_edit_and_by_who_files(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.under_review(db_session, programme)
    with pytest.raises(NotAllowed):
        operations.locate(db_session, claim, {}, **about(claim.filed_by.actor, programme))
    viewer = factories.user(db_session, Role.VIEWER, partner=claim.partner)
    for actor in (viewer.actor, holder(claim)):
        with pytest.raises(NotYours):
            operations.locate(db_session, claim, {}, **about(actor, programme))
    back = claims.partner_action_required(db_session, programme)
    document = document_of(db_session, back)
    with pytest.raises(Stale):
        operations.locate(
            db_session, back, {DATES: Place(document.id)}, seen=1, **about(back.filed_by.actor, programme)
        )
    assert operations.locate(db_session, back, {DATES: Place(document.id)}, **about(back.filed_by.actor, programme))


def test_gaps_refuse_no_submission(db_session: Session, programme: Programme) -> None:
    claim = claims.editing(db_session, programme)
    operations.submit(db_session, claim, **about(claim.filed_by.actor, programme))
    assert preflight.gaps(claim, preflight.cells_of(db_session, claim))


def test_only_the_holder_judges_and_no_partner_ever_sees_it(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    other = factories.user(db_session, Role.REVIEWER)
    refused: tuple[Actor, ...] = (other.actor, claim.filed_by.actor)
    for actor in refused:
        with pytest.raises(Refused):
            operations.judge(db_session, claim, {DATES: WORDS}, **about(actor, programme))
    assert operations.judge(db_session, claim, {DATES: WORDS}, **about(holder(claim), programme))
    events = [event.kind for event in queries.history(db_session, claim, holder(claim))]
    assert events[0] == "proof:judged"
    assert "proof:judged" not in [e.kind for e in queries.history(db_session, claim, claim.filed_by.actor)]


@pytest.mark.parametrize("left_out", ["missing", "place", "mend"])
def test_nothing_is_asked_or_rejected_before_every_missing_cell_says_what_where_and_how(
    db_session: Session, programme: Programme, left_out: str
) -> None:
    claim = claims.under_review(db_session, programme)
    said = {name: getattr(WORDS, name) for name in ("missing", "place", "mend")} | {left_out: "  "}
    operations.judge(db_session, claim, {DATES: Judged(Verdict.MISSING, **said)}, **about(holder(claim), programme))
    db_session.flush()
    events = db_session.scalar(select(func.count()).select_from(Event))
    with pytest.raises(GuardFailed):
        operations.request_information(
            db_session, claim, {Request.DATES: "The date."}, "", **about(holder(claim), programme)
        )
    with pytest.raises(GuardFailed):
        operations.reject(
            db_session, claim, Rejection.INSUFFICIENT_PROOF, "No date.", **about(holder(claim), programme)
        )
    assert db_session.scalar(select(func.count()).select_from(Event)) == events
    operations.judge(db_session, claim, {DATES: WORDS}, **about(holder(claim), programme))
    operations.request_information(
        db_session, claim, {Request.DATES: "The date."}, "", **about(holder(claim), programme)
    )


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([DATES], Rejection.INSUFFICIENT_PROOF),
        ([SIGNATURE], Rejection.MISSING_CONSENT),
        ([(Request.PRODUCTS, "teams"), (Request.PRODUCTS, "intune")], Rejection.MISSING_PRODUCTS),
        ([(Request.PRODUCTS, "teams"), SIGNATURE], Rejection.INSUFFICIENT_PROOF),
        ([], None),
    ],
)
def test_the_reason_to_reject_fits_what_is_missing(cells: list[preflight.Key], reason: Rejection | None) -> None:
    made = {key: ProofCell(reason=key[0], product=key[1], verdict=Verdict.MISSING) for key in cells}
    made[Request.SOLUTION, "teams"] = ProofCell(reason=Request.SOLUTION, product="teams", verdict=Verdict.FOUND)
    assert preflight.rejection_for(made) == reason


def test_a_draft_with_a_check_can_be_deleted_and_an_erasure_takes_the_words(
    db_session: Session, programme: Programme
) -> None:
    draft = claims.editing(db_session, programme)
    places = {DATES: Place(document_of(db_session, draft).id, "3")}
    operations.locate(db_session, draft, places, **about(draft.filed_by.actor, programme))
    operations.delete_draft(db_session, draft, **about(draft.filed_by.actor, programme))
    claim = claims.under_review(db_session, programme)
    operations.judge(db_session, claim, {DATES: WORDS}, **about(holder(claim), programme))
    db_session.flush()
    erasing.of_claim(db_session, claim, now=NOW, why="It was long ago.")
    cell = preflight.cells_of(db_session, claim)[DATES]
    assert (cell.verdict, cell.missing, cell.place, cell.mend) == (Verdict.MISSING, "", "", "")
