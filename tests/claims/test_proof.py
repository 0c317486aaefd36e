"""When a claim takes proof, when one document replaces another, and when one can be taken off again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import filing, operations, preflight, queries
from cpor_web.claims.preflight import Place
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.reasons import Request
from cpor_web.rules.statuses import Status
from tests.claims.test_filing import about, last_event, proof
from tests.support import claims
from tests.support.claims import NOW
from tests.support.rows import changed, dump

LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize("make", [claims.under_review, claims.rejected])
def test_no_proof_is_added_while_reviewers_decide_or_once_rejected(
    db_session: Session, programme: Programme, make: Any
) -> None:
    claim = make(db_session, programme)
    before = dump(db_session)
    with pytest.raises(NotAllowed):
        operations.upload(db_session, claim, proof(), **about(claim, programme))
    assert changed(before, dump(db_session)) == []


def test_fresh_proof_on_an_approved_claim_changes_nothing_else(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    ends_at, mails = invitation.round.ends_at, len(queries.mails_of(db_session, claim, claim.filed_by.actor))

    operations.upload(db_session, claim, proof("fresh.pdf"), **about(claim, programme))

    assert queries.documents_of(db_session, claim)[0].filename == "fresh.pdf"
    assert queries.history(db_session, claim, claim.filed_by.actor)[0].kind == "document:uploaded"
    assert (claim.status, invitation.round.ends_at) == (Status.APPROVED, ends_at)
    assert len(queries.mails_of(db_session, claim, claim.filed_by.actor)) == mails


def test_a_newer_document_replaces_an_older_one_which_is_kept(db_session: Session, programme: Programme) -> None:
    claim = claims.submitted(db_session, programme)
    (old,) = queries.documents_of(db_session, claim)
    new = operations.upload(db_session, claim, proof("new.pdf"), **about(claim, programme), replaces=old.id)
    assert old.replaced_by_id == new.id
    assert last_event(db_session, claim).data["replaces"] == old.filename
    with pytest.raises(Invalid):
        operations.upload(db_session, claim, proof(), **about(claim, programme), replaces=old.id)


def test_another_claims_document_is_not_replaced(db_session: Session, programme: Programme) -> None:
    mine, theirs = claims.submitted(db_session, programme), claims.submitted(db_session, programme)
    (document,) = queries.documents_of(db_session, theirs)
    with pytest.raises(Invalid):
        operations.upload(db_session, mine, proof(), **about(mine, programme), replaces=document.id)


def test_a_document_is_taken_off_a_draft_and_what_it_replaced_counts_again(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.editing(db_session, programme)
    how = about(claim, programme)
    old = operations.upload(db_session, claim, proof("old.pdf"), **how)
    wrong = operations.upload(db_session, claim, proof("wrong.pdf"), **how, replaces=old.id)
    place = {(Request.DATES, claim.product_keys[0]): Place(wrong.id, "2")}
    operations.locate(db_session, claim, place, **how)
    operations.take_off(db_session, claim, wrong, actor=how["actor"], now=LATER)
    db_session.flush()
    db_session.expire_all()
    assert wrong not in queries.documents_of(db_session, claim)
    assert old.replaced_by_id is None
    [cell] = preflight.cells_of(db_session, claim).values()
    assert (cell.document_id, cell.page) == (None, "")
    event = last_event(db_session, claim)
    assert (event.kind, event.data["filename"]) == ("document:removed", "wrong.pdf")


def test_a_document_taken_out_of_the_midst_of_a_chain_lets_no_older_one_count_again(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.editing(db_session, programme)
    how = about(claim, programme)
    oldest = operations.upload(db_session, claim, proof("old.pdf"), **how)
    wrong = operations.upload(db_session, claim, proof("wrong.pdf"), **how, replaces=oldest.id)
    newest = operations.upload(db_session, claim, proof("new.pdf"), **how, replaces=wrong.id)
    operations.take_off(db_session, claim, wrong, actor=how["actor"], now=LATER)
    db_session.flush()
    db_session.expire_all()
    assert (oldest.replaced_by_id, newest.replaced_by_id) == (newest.id, None)


def test_of_what_is_to_be_resubmitted_only_what_came_since_is_taken_off(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.partner_action_required(db_session, programme)
    (submitted,) = queries.documents_of(db_session, claim)
    added = operations.upload(db_session, claim, proof("wrong.pdf"), **about(claim, programme))
    actor = claim.filed_by.actor
    assert filing.provided(db_session, claim).has_additions
    operations.take_off(db_session, claim, added, actor=actor, now=LATER)
    db_session.flush()
    assert not filing.provided(db_session, claim).has_additions, "taken off again, it is no answer to what was asked"
    with pytest.raises(NotAllowed, match="was submitted"):
        operations.take_off(db_session, claim, submitted, actor=actor, now=LATER)
    assert list(queries.documents_of(db_session, claim)) == [submitted]


@pytest.mark.parametrize("make", [claims.submitted, claims.under_review, claims.running, claims.rejected])
def test_submitted_proof_is_never_removed(db_session: Session, programme: Programme, make: Any) -> None:
    claim = make(db_session, programme)
    document = queries.documents_of(db_session, claim)[0]
    document.uploaded_at = LATER  # as what is added later
    db_session.flush()
    before = dump(db_session)
    with pytest.raises(NotAllowed):
        operations.take_off(db_session, claim, document, actor=claim.filed_by.actor, now=LATER)
    assert changed(before, dump(db_session)) == []
