"""A customer's link is for one claim: with another's, nothing of this one is told or changed."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.emails.links import Purpose
from cpor_web.models import Claim, CustomerContact, Invitation
from tests.access.places import Places
from tests.support.everybody import Everybody, Kind
from tests.support.rows import changed
from tests.support.undone import Rows, Undone

EVERY_ANSWER = {"reason": "other", "answer": "", "restore": "y", "confirm": "y", "List-Unsubscribe": "One-Click"}


@pytest.fixture(scope="module")
def others(everybody: Everybody, places: Places) -> list[tuple[str, bytes]]:
    """The references of other claims that customers are asked about, with the id of one link of each."""
    query = (
        select(Claim.reference, Invitation.link_id)
        .join(CustomerContact, CustomerContact.claim_id == Claim.id)
        .join(Invitation, Invitation.contact_id == CustomerContact.id)
        .where(Claim.reference != places.claims["approved"].reference)
        .order_by(Invitation.id)
    )
    with Session(everybody.engine) as session:
        found = {row.reference: row.link_id for row in session.execute(query)}
    assert len(found) > 5
    return list(found.items())


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_tells_and_changes_nothing_of_another_claim(
    everybody: Everybody, places: Places, undone: Undone, others: list[tuple[str, bytes]], purpose: Purpose
) -> None:
    own, changed_claims = places.claims["approved"], set[str]()
    for reference, link in others:
        path = "/" + everybody.app.extensions["signers"].url(purpose, link).split("/", 3)[3]
        browser = everybody.browser(Kind.CUSTOMER)
        with undone.afresh() as connection:
            before = undone.rows(connection)
            answers = [browser.post(path, data=EVERY_ANSWER), browser.get(path)]
            after = undone.rows(connection)
        assert own.reference not in "".join(answer.text for answer in answers)
        found = _claims_changed(before, after)
        assert found <= {reference}, f"{path} changed another claim"
        changed_claims |= found
    assert changed_claims or purpose is not Purpose.DENY


def _claims_changed(before: Rows, after: Rows) -> set[str]:
    tables = changed(before, after)
    assert not {"users", "partners"} & set(tables)
    was = {row["id"]: row for row in before["claims"]}
    return {str(row["reference"]) for row in after["claims"] if row != was.get(row["id"])}
