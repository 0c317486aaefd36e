"""What the customer denied and the partner disputes: those who denied are asked for a yes, nobody in their place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.models import Claim
from cpor_web.programme import Programme
from tests.support import claims
from tests.support.claims import NOW
from tests.support.claims import ContactDraft as Contact
from tests.support.one_mail import words_of

DORA = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com")
LATER = NOW + timedelta(hours=1)


def save(session: Session, programme: Programme, claim: Claim, draft: Draft) -> dict[str, list[str]]:
    return operations.save(session, claim, draft, actor=claim.filed_by.actor, now=LATER, programme=programme)


@pytest.mark.parametrize(
    "change",
    [{"contact": DORA}, {"second": DORA}, {"contact": Contact(name="Dora Diaz", email="carla@contoso.example.com")}],
    ids=["another", "one more", "another name"],
)
def test_whoever_denied_stays_the_one_who_is_asked(
    db_session: Session, programme: Programme, change: dict[str, ContactDraft]
) -> None:
    claim = claims.denied(db_session, programme)
    claims.dispute_and_send_back(db_session, programme, claim)
    before = Draft.from_claim(claim)
    assert save(db_session, programme, claim, replace(before, **change)) == {}
    assert Draft.from_claim(claim) == before


def test_all_else_can_be_edited_as_ever(db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    claims.dispute_and_send_back(db_session, programme, claim)
    draft = replace(Draft.from_claim(claim), products=("intune",), partner_contact_name="Fred Falk", contact=DORA)
    assert set(save(db_session, programme, claim, draft)) == {"products", "partner_contact_name"}


def test_who_is_asked_can_be_edited_where_a_reviewer_had_rejected(db_session: Session, programme: Programme) -> None:
    claim = claims.rejected(db_session, programme)
    claims.dispute_and_send_back(db_session, programme, claim)
    draft = replace(Draft.from_claim(claim), contact=DORA)
    assert {"contact_name", "contact_email"} <= set(save(db_session, programme, claim, draft))


@pytest.mark.parametrize(
    ("rejection", "says"),
    [
        (claims.denied, "Without a confirmed yes the claim is rejected."),
        (claims.rejected, "If the customer does not deny, the claim is then assessed for incentives."),
    ],
    ids=["the customer's", "a reviewer's"],
)
def test_whose_dispute_is_accepted_reads_what_the_customers_silence_means(
    db_session: Session, programme: Programme, rejection: Callable[..., Claim], says: str
) -> None:
    claim = rejection(db_session, programme)
    reviewer = claims.dispute(db_session, programme, claim)
    operations.approve(db_session, claim, actor=reviewer, now=LATER, programme=programme)
    told = claims.mail_of(db_session, claim, "approved")
    assert says in words_of(told)
    db_session.refresh(claim)
    assert (claim.rejection, claim.rejection_comment, claim.is_disputed) == (None, "", False), "that is over"
