"""What pages about one claim have in common, whoever reads them. A claim that a reader may not see does not exist."""

import logging
from collections.abc import Iterable
from http import HTTPStatus

from flask import Response, abort, render_template, request, url_for
from obstore.exceptions import BaseError as ObstoreError

from cpor_web.claims import proof, queries
from cpor_web.consent import sealing
from cpor_web.consent.record import Copy, record_of
from cpor_web.emails import words as mail_words
from cpor_web.extensions import db
from cpor_web.models import Claim, Document
from cpor_web.transactions import transaction
from cpor_web.web import downloads
from cpor_web.web.current import actor, documents, now, programme, scanner_state, signing_keys
from cpor_web.web.numbers import number_in

log = logging.getLogger(__name__)


def claim_or_404(reference: str) -> Claim:
    """Return the claim that an address names."""
    return queries.claim_of(db.session(), actor(), reference) or abort(404)


def seen() -> int:
    """Return the version of the claim that the page of this decision showed; a decision without one is refused."""
    version = number_in(request.form.get("seen"))
    return abort(400) if version is None else version


def document_or_404(claim: Claim, document_id: int) -> Document:
    """Return the document of this claim that an address names."""
    return queries.document_of(db.session(), claim, document_id) or abort(404)


def given(document: Document) -> Iterable[bytes]:
    """Return what is in a document, and note who was given it. Raises NotAllowed where nobody may be given it.

    One that cannot be read is as its store is: away for the moment, such as a disk that is not mounted.
    """
    try:
        content = documents().open(document.sha256)
    except (OSError, ObstoreError) as error:
        log.error("document %d cannot be read: %s", document.id, type(error).__name__)  # noqa: TRY400
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    with transaction(db.session):
        proof.give(db.session(), document, actor=actor(), now=now(), scanner=scanner_state())
    return content


def mail_page(claim: Claim, mail_id: int) -> str:
    """Render the words of a mail; of one to a customer, or that was erased, that they are not shown."""
    mail = queries.mail_of(db.session(), claim, actor(), mail_id) or abort(404)
    words = mail_words.words(mail, programme()) if mail_words.is_shown(mail) else None
    back = url_for(".claim", reference=claim.reference, _anchor="mails")
    return render_template("mail.html", claim=claim, mail=mail, words=words, back=back)


def consent_record(claim: Claim, copy: Copy) -> Response:
    """Answer with the signed record of a claim whose customer was asked."""
    record = record_of(db.session(), claim, copy, now=now(), programme=programme())
    if not record["rounds"]:
        abort(404)
    return downloads.structured(f"{claim.reference}-consent-record.json", sealing.seal(record, signing_keys()))
