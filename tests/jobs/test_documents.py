"""Documents are scanned after they were taken: filed while the scanner is away, given out once they are clean."""

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.orm import Session

import jobs.documents
from cpor_web.claims import operations
from cpor_web.config import Settings
from cpor_web.extensions import bell
from cpor_web.models import Claim, Document, Download, Event, Scan, User
from cpor_web.proofs import DocumentStore
from cpor_web.queue import TIDY_DOCUMENTS
from cpor_web.rules.exc import GuardFailed
from cpor_web.rules.roles import Role
from jobs.turn import Turn
from tests.proofs.test_clamd import clamd as clamd
from tests.support import claims, factories
from tests.support.browser import Browser
from tests.support.clamd import EICAR, NAME, Clamd


@pytest.fixture
def scanner(
    app: Flask, settings: Settings, clamd: Clamd, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Clamd]:
    monkeypatch.setitem(app.extensions, "settings", replace(settings, clamd=clamd.address))
    monkeypatch.setitem(app.extensions, "documents", DocumentStore(str(tmp_path / "documents")))
    monkeypatch.setattr(jobs.documents, "app", lambda: app)
    return clamd


@pytest.fixture
def upload(app: Flask, committed: Session, scanner: Clamd) -> Callable[[bytes], Document]:
    """Add a document to a claim in Editing."""
    claim: Claim = claims.editing(committed, app.extensions["programme"])
    committed.execute(delete(Document))
    committed.commit()

    def add(content: bytes) -> Document:
        stored = app.extensions["documents"].store(io.BytesIO(content), filename="proof.txt", media_type="text/plain")
        filer = committed.get_one(User, claim.filed_by_id)
        about = {"actor": filer.actor, "now": claim.created_at, "programme": app.extensions["programme"]}
        document = operations.upload(committed, claim, stored.as_document(), **about)
        committed.commit()
        return document

    return add


def scanned(committed: Session, document: Document) -> Document:
    jobs.documents.scan()
    committed.refresh(document)
    return document


def browser_of(client: Browser, sign_in: Callable[..., Browser], committed: Session, document: Document) -> Browser:
    return sign_in(client, committed.get_one(User, document.uploaded_by_id))


def test_a_clean_one_can_be_saved_once_it_was_scanned(committed, upload, client: Browser, sign_in) -> None:
    document = upload(b"Signed.")
    browser = browser_of(client, sign_in, committed, document)
    page = f"/claims/{document.claim.reference}"
    assert "It is being scanned for viruses." in browser.page(page).get_text()
    assert browser.get(f"{page}/documents/{document.id}").status_code == 409
    assert scanned(committed, document).scan is Scan.CLEAN
    assert browser.get(f"{page}/documents/{document.id}").data == b"Signed."
    assert [each.user_id for each in committed.query(Download)] == [document.uploaded_by_id]
    assert "Downloaded once" in browser.page(page).get_text()


def test_an_infected_one_is_given_to_nobody_and_everybody_reads_why(committed, upload, client, sign_in) -> None:
    document = scanned(committed, upload(EICAR))
    assert document.scan is Scan.INFECTED
    browser = browser_of(client, sign_in, committed, document)
    page = f"/claims/{document.claim.reference}"
    shown = browser.page(page)
    assert NAME in shown.get_text()
    assert shown.find("a", string="proof.txt") is None
    answer = browser.get(f"{page}/documents/{document.id}")
    assert (answer.status_code, EICAR in answer.data) == (409, False)
    assert committed.query(Download).count() == 0
    (event,) = committed.query(Event).filter_by(kind="document:infected")
    assert event.data["filename"] == "proof.txt"
    assert "A virus was found in the document proof.txt." in browser.page(f"{page}/history").get_text()


def test_a_claim_with_nothing_but_an_infected_proof_cannot_be_submitted(app, committed, upload) -> None:
    document = scanned(committed, upload(EICAR))
    claim = document.claim
    about = {"actor": claim.filed_by.actor, "now": claim.created_at, "programme": app.extensions["programme"]}
    with pytest.raises(GuardFailed):
        operations.submit(committed, claim, **about)


def test_while_the_scanner_is_away_proof_is_taken_and_waits_until_it_is_back(
    committed, upload, scanner: Clamd, client, sign_in
) -> None:
    with time_machine.travel(now := jobs.documents.clock.utcnow(), tick=False):
        scanner.stop()
        try:
            document = scanned(committed, upload(b"Signed while it was away."))
            assert document.scan is Scan.WAITING
            browser = browser_of(client, sign_in, committed, document)
            page = f"/claims/{document.claim.reference}"
            assert "The scanner for viruses is away." in browser.page(page).get_text()
            assert browser.get(f"{page}/documents/{document.id}").status_code == 409
        finally:
            scanner.start()
        assert scanned(committed, document).scan is Scan.WAITING, "it is left alone for a moment"
    with time_machine.travel(now + timedelta(minutes=6)):
        assert scanned(committed, document).scan is Scan.CLEAN


def test_what_the_scanner_will_not_scan_is_not_clean_and_holds_no_other_up(committed, upload) -> None:
    large, small = upload(b"x" * 3 * 2**20), upload(b"Signed.")
    assert scanned(committed, small).scan is Scan.CLEAN
    committed.refresh(large)
    assert large.scan is Scan.WAITING
    assert "size limit" in large.scan_words


def test_what_no_claim_has_is_removed_after_two_days_and_nothing_else(app: Flask, committed, upload) -> None:
    kept, store = upload(b"Signed."), app.extensions["documents"]
    orphan = store.store(io.BytesIO(b"Nobody's."), filename="a.txt", media_type="text/plain")
    jobs.documents.tidy()
    assert store.has(orphan.sha256)
    with time_machine.travel(jobs.documents.clock.utcnow() + timedelta(days=3)):
        jobs.documents.tidy()
    assert not store.has(orphan.sha256)
    assert store.has(kept.sha256)


def test_what_there_was_no_time_to_remove_is_removed_as_soon_as_the_worker_goes_on(
    app: Flask, committed, upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, rung = app.extensions["documents"], []
    orphans = [
        store.store(io.BytesIO(each), filename="a.txt", media_type="text/plain").sha256 for each in (b"1", b"2")
    ]
    monkeypatch.setattr(bell, "ring", rung.append)
    monkeypatch.setattr(jobs.documents, "Turn", lambda: Turn(seconds=0))
    with time_machine.travel(jobs.documents.clock.utcnow() + timedelta(days=3)):
        jobs.documents.tidy()
        assert [store.has(each) for each in orphans].count(True) == 1
        assert rung == [TIDY_DOCUMENTS]
        jobs.documents.tidy()
    assert not any(store.has(each) for each in orphans)


def test_who_is_told_to_stop_removes_no_more_and_the_next_worker_goes_on(
    app: Flask, committed, upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, rung, stop = app.extensions["documents"], [], threading.Event()
    orphan = store.store(io.BytesIO(b"1"), filename="a.txt", media_type="text/plain").sha256
    monkeypatch.setattr(bell, "ring", rung.append)
    monkeypatch.setattr(jobs.documents, "told_to_stop", stop)
    stop.set()
    with time_machine.travel(jobs.documents.clock.utcnow() + timedelta(days=3)):
        jobs.documents.tidy()
        assert (store.has(orphan), rung) == (True, [TIDY_DOCUMENTS])
        stop.clear()
        jobs.documents.tidy()
    assert not store.has(orphan)


def test_without_a_scanner_reviewers_read_that_nothing_is_scanned(
    app: Flask, settings: Settings, committed, upload, client, sign_in, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "settings", settings)
    administrator = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    assert "no scanner is configured" in sign_in(client, administrator).page("/admin").get_text()
