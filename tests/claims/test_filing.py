"""What a partner does with its own claim until it is decided."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web.claims import operations, queries
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.models import Claim, Document, Event, MpnId, MpnKind, User
from cpor_web.programme import Programme
from cpor_web.rules.editions import EDITIONS
from cpor_web.rules.exc import GuardFailed, Invalid, NotAllowed, NotYours, Stale
from cpor_web.rules.fields import FIELDS
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.rows import changed, dump

LATER = NOW + timedelta(hours=1)
OTHER = ContactDraft(name="Dora Diaz", title="CIO", email="dora@contoso.example.com", language="sv")


def proof(name: str = "order.pdf") -> Document:
    return Document(sha256="1" * 64, filename=name, media_type="application/pdf", size=10)


def about(claim: Claim, programme: Programme) -> dict[str, Any]:
    return {"actor": claim.filed_by.actor, "now": LATER, "programme": programme}


def last_event(session: Session, claim: Claim) -> Event:
    session.flush()
    newest = select(Event).where(Event.claim_id == claim.id).order_by(Event.position.desc()).limit(1)
    return session.scalars(newest).one()


def second_location(session: Session, filer: User) -> str:
    assert filer.partner is not None
    filer.partner.mpn_ids.append(MpnId(number=f"77{filer.id:05}", kind=MpnKind.LOCATION, place="Bergen"))
    session.flush()
    return filer.partner.mpn_ids[-1].number


def test_a_new_claim_is_a_draft_of_its_filers_partner(db_session: Session, programme: Programme) -> None:
    claim = claims.editing(db_session, programme)
    assert (claim.status, claim.partner_id) == (Status.EDITING, claim.filed_by.partner_id)
    assert (claim.first_submitted_at, claim.due_at) == (None, None)


def test_a_draft_needs_no_more_than_a_name(db_session: Session, programme: Programme) -> None:
    actor = factories.user(db_session).actor
    claim = operations.create(db_session, Draft(name="Contoso"), actor=actor, now=NOW, programme=programme)
    with pytest.raises(GuardFailed) as refused:
        operations.submit(db_session, claim, actor=actor, now=NOW, programme=programme)
    assert "Customer name" in str(refused.value)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REVIEWER, Role.ADMINISTRATOR])
def test_only_claimants_file(db_session: Session, programme: Programme, role: Role) -> None:
    actor = factories.user(db_session, role).actor
    with pytest.raises(NotYours):
        operations.create(db_session, Draft(name="Contoso"), actor=actor, now=NOW, programme=programme)


def test_an_edit_is_recorded_as_old_and_new(db_session: Session, programme: Programme) -> None:
    claim = claims.editing(db_session, programme)
    draft = replace(Draft.from_claim(claim), customer_name="Contoso AG", products=("teams", "onedrive"))
    said = operations.save(db_session, claim, draft, **about(claim, programme))
    assert said == {"customer_name": ["Contoso", "Contoso AG"], "products": ["intune, teams", "onedrive, teams"]}
    event = last_event(db_session, claim)
    assert (event.kind, event.data, event.version) == ("claim:edited", {"changes": said}, claim.version)


def test_saving_what_is_there_already_changes_nothing(db_session: Session, programme: Programme) -> None:
    claim = claims.editing(db_session, programme)
    same = replace(Draft.from_claim(claim), products=("teams", "intune"), tenant_id=str(claim.tenant_id).upper())
    before = dump(db_session)
    assert operations.save(db_session, claim, same, **about(claim, programme)) == {}
    assert changed(before, dump(db_session)) == []


def test_an_older_page_does_not_overwrite_a_newer_edit(db_session: Session, programme: Programme) -> None:
    claim = claims.editing(db_session, programme)
    draft, seen = Draft.from_claim(claim), claim.version
    operations.save(db_session, claim, replace(draft, name="Mine"), **about(claim, programme), seen=seen)
    with pytest.raises(Stale):
        operations.save(db_session, claim, replace(draft, name="Yours"), **about(claim, programme), seen=seen)
    assert claim.name == "Mine"


@pytest.mark.parametrize("make", [claims.submitted, claims.partner_action_required])
def test_after_submission_only_what_can_be_corrected_is_written_and_no_clock_restarts(
    db_session: Session, programme: Programme, make: Any
) -> None:
    claim = make(db_session, programme)
    due, status = claim.due_at, claim.status
    typed = Draft(
        name="Another",
        mpn_id=second_location(db_session, claim.filed_by),
        customer_name="Another",
        customer_domain="another.example.com",
        tenant_id="ffffffff-d9cb-469f-a165-70867728950e",
        subscription_id="aaaaaaaa-d9cb-469f-a165-70867728950e",
        area="business-applications",
        activity="pre-sales",
        products=("onedrive",),
        contact=OTHER,
        second=replace(OTHER, name="Emil Ek", email="emil@contoso.example.com"),
        partner_contact_name="Another",
        partner_contact_email="another@example.com",
    )
    said = operations.save(db_session, claim, typed, **about(claim, programme))
    correctable = {field.name for field in FIELDS if field.is_correctable}
    assert set(said) <= correctable
    assert {"mpn_id", "subscription_id", "products", "contact_email", "second_email"} <= set(said)
    assert (claim.name, claim.area, claim.customer_name) == ("Teams at Contoso", "microsoft-365", "Contoso")
    assert (claim.due_at, claim.status) == (due, status)


def test_what_cannot_be_edited_any_more_keeps_nobody_from_editing_the_rest(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.submitted(db_session, programme)
    draft = replace(Draft.from_claim(claim), partner_contact_name="Somebody Else")
    areas = {key: area._replace(activities={}) for key, area in programme.catalogue.areas.items()}
    now = replace(programme, catalogue=replace(programme.catalogue, areas=areas))
    assert operations.save(db_session, claim, draft, **about(claim, now))
    assert (claim.partner_contact_name, claim.activity) == ("Somebody Else", "usage")


@pytest.mark.parametrize("make", [claims.under_review, claims.running, claims.rejected])
def test_no_other_status_edits_anything(db_session: Session, programme: Programme, make: Any) -> None:
    claim = make(db_session, programme)
    draft = replace(Draft.from_claim(claim), contact=OTHER)
    before = dump(db_session)
    with pytest.raises(NotAllowed):
        operations.save(db_session, claim, draft, **about(claim, programme))
    assert changed(before, dump(db_session)) == []


def test_in_the_2023_edition_a_submitted_claim_is_not_edited(db_session: Session, programme: Programme) -> None:
    later = replace(programme, correctable_in=EDITIONS["2023"].correctable_in)
    claim = claims.submitted(db_session, later)
    with pytest.raises(NotAllowed):
        operations.save(db_session, claim, Draft.from_claim(claim), **about(claim, later))


@pytest.mark.parametrize("emptied", [{"products": ()}, {"contact": ContactDraft()}, {"mpn_id": ""}], ids=str)
def test_what_was_submitted_stays_complete(
    db_session: Session, programme: Programme, emptied: dict[str, Any]
) -> None:
    claim = claims.submitted(db_session, programme)
    with pytest.raises(Invalid):
        operations.save(db_session, claim, replace(Draft.from_claim(claim), **emptied), **about(claim, programme))


def test_another_address_is_another_contact_and_the_former_one_is_kept(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.submitted(db_session, programme)
    (former,) = claim.contacts
    operations.save(db_session, claim, replace(Draft.from_claim(claim), contact=OTHER), **about(claim, programme))
    db_session.flush()
    db_session.refresh(claim)
    assert [contact.email for contact in claim.contacts] == [OTHER.email]
    assert (former.position, former.email) == (None, "carla@contoso.example.com")


def test_a_submission_needs_proof(db_session: Session, programme: Programme) -> None:
    actor = factories.user(db_session)
    claim = operations.create(db_session, claims.draft_of(actor), actor=actor.actor, now=NOW, programme=programme)
    with pytest.raises(GuardFailed, match="proof"):
        operations.submit(db_session, claim, **about(claim, programme))


def test_business_applications_need_a_subscription(db_session: Session, programme: Programme) -> None:
    dynamics: dict[str, Any] = {
        "area": "business-applications",
        "activity": "pre-sales",
        "products": ("dynamics-365-sales",),
    }
    claim = claims.editing(db_session, programme, **dynamics)
    with pytest.raises(GuardFailed, match="Subscription ID"):
        operations.submit(db_session, claim, **about(claim, programme))


def test_a_draft_that_is_no_longer_right_is_not_submitted(db_session: Session, programme: Programme) -> None:
    claim = claims.editing(db_session, programme)
    assert claim.mpn_id is not None
    claim.mpn_id.kind = MpnKind.GLOBAL
    with pytest.raises(Invalid) as refused:
        operations.submit(db_session, claim, **about(claim, programme))
    assert refused.value.field_name == "mpn_id"


def test_a_deleted_draft_is_emptied_and_out_of_reach(db_session: Session, programme: Programme) -> None:
    claim = claims.editing(db_session, programme)
    operations.delete_draft(db_session, claim, **about(claim, programme))
    db_session.commit()
    assert queries.claim_of(db_session, claim.filed_by.actor, claim.reference) is None
    assert (claim.name, claim.customer_name, claim.products, claim.all_contacts) == ("", None, [], [])
    assert db_session.scalar(select(func.count()).select_from(Document)) == 0
    for verb in (operations.submit, operations.delete_draft):
        with pytest.raises(NotAllowed):
            verb(db_session, claim, **about(claim, programme))


def test_a_resubmission_keeps_the_reviewer(db_session: Session, programme: Programme) -> None:
    claim = claims.partner_action_required(db_session, programme)
    reviewer = claim.reviewer_id
    operations.resubmit(db_session, claim, **about(claim, programme))
    assert (claim.status, claim.reviewer_id) == (Status.SUBMITTED, reviewer)
    assert reviewer is not None


def test_a_new_claim_from_this_one_copies_the_fields_and_not_the_proof(
    db_session: Session, programme: Programme
) -> None:
    old = claims.rejected(db_session, programme, second=replace(OTHER, email="dora@gmail.com", reason="Hers."))
    new = operations.create(db_session, Draft.anew(old, is_same_customer=True), **about(old, programme))
    db_session.flush()
    assert Draft.from_claim(new) == Draft.from_claim(old)
    assert new.reference != old.reference
    assert queries.documents_of(db_session, new) == []
    assert all(contact.confirmed_by_id is None for contact in new.contacts)
    assert (new.status, new.rejection, new.dispute_used) == (Status.EDITING, None, False)


def test_for_another_customer_nothing_of_the_first_is_taken_over(db_session: Session, programme: Programme) -> None:
    old = claims.editing(db_session, programme, second=OTHER)
    before, draft = Draft.from_claim(old), Draft.anew(old, is_same_customer=False)
    kept = {name for name, value in draft.as_fields().items() if value}
    assert kept == {
        *("mpn_id", "area", "activity", "products", "partner_contact_name", "partner_contact_email"),
        *("contact_language", "second_language"),
    }
    assert all(draft.as_fields()[name] == before.as_fields()[name] for name in kept - {"second_language"})
