import csv
import io
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.models import Claim, Document, User
from cpor_web.programme import Programme
from tests.reviewers.conftest import FileClaim
from tests.support.browser import Browser


def with_a_note(claim: Claim, session: Session, reviewer: User, now: object) -> None:
    operations.note(session, claim, "Ask legal first.", actor=reviewer.actor, now=now)  # type: ignore[arg-type]
    session.commit()


def test_the_history_shows_everything_newest_first_and_marks_what_is_internal(
    desk: Browser, under_review: Claim, committed: Session, reviewer: User, now: object
) -> None:
    with_a_note(under_review, committed, reviewer, now)

    page = desk.page(f"/review/{under_review.reference}/history")

    told = [item.find_all("p")[1].get_text(" ", strip=True) for item in page.select(".timeline > li")]
    assert told == [
        "An internal note was added. Never shown to the partner",
        "The review started.",
        "The claim was submitted for approval.",
        "The document proof.pdf was uploaded.",
        "The claim was created.",
    ]
    assert "Robin Counts" in page.select_one(".timeline > li").get_text()


def test_the_history_is_filtered_by_kind(
    desk: Browser, under_review: Claim, committed: Session, reviewer: User, now: object
) -> None:
    with_a_note(under_review, committed, reviewer, now)

    def shown(kind: str) -> int:
        return len(desk.page(f"/review/{under_review.reference}/history?kind={kind}").select(".timeline > li"))

    assert (shown("note"), shown("document"), shown("claim"), shown("mail"), shown("nonsense")) == (1, 1, 3, 0, 5)


def test_the_history_can_be_exported_with_the_internal_events_marked(
    desk: Browser, under_review: Claim, committed: Session, reviewer: User, now: object
) -> None:
    with_a_note(under_review, committed, reviewer, now)

    answer = desk.get(f"/review/{under_review.reference}/history.csv")

    assert answer.mimetype == "text/csv"
    head, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head == ["When", "Who", "What", "More", "Internal"]
    assert [row[4] for row in rows] == ["yes", "no", "no", "no", "no"]


def test_a_reviewer_saves_a_document_as_it_was_uploaded(
    desk: Browser, app: Flask, claim: Claim, committed: Session, tmp_path: Path
) -> None:
    proof = tmp_path / "proof.pdf"
    proof.write_bytes(b"%PDF-1.7 the proof")
    with proof.open("rb") as stream:
        stored = app.extensions["documents"].store(stream, filename="proof.pdf", media_type="application/pdf")
    (document,) = committed.query(Document).all()
    document.sha256, document.size = stored.sha256, stored.size
    committed.commit()
    link = desk.page(f"/review/{claim.reference}").find("a", string="proof.pdf")["href"]

    answer = desk.get(link)

    assert answer.data == b"%PDF-1.7 the proof"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert {"sandbox", "frame-ancestors 'none'"} < set(answer.headers["Content-Security-Policy"].split("; "))


def test_a_document_is_not_found_through_another_claim(
    desk: Browser, claim: Claim, file_claim: FileClaim, committed: Session, programme: Programme
) -> None:
    other = file_claim(name="Another")
    (document,) = committed.query(Document).filter_by(claim_id=other.id).all()

    assert desk.get(f"/review/{claim.reference}/documents/{document.id}").status_code == 404
    assert desk.get(f"/review/{claim.reference}/documents/0").status_code == 404


def test_other_programs_get_the_history_as_json_with_the_internal_events_marked(
    desk: Browser, under_review: Claim, committed: Session, reviewer: User, now: object
) -> None:
    with_a_note(under_review, committed, reviewer, now)
    link = desk.page(f"/review/{under_review.reference}/history").find("a", string="Export as JSON")["href"]

    answer = desk.get(link)

    assert answer.mimetype == "application/json"
    found = answer.get_json()
    assert found["claim"] == under_review.reference
    assert [(event["kind"], event["is_internal"]) for event in found["events"]][:2] == [
        ("note:added", True),
        ("claim:review-started", False),
    ]
    assert len(desk.get(f"{link}?kind=note").get_json()["events"]) == 1
