"""The consent record tells who was asked what, when, and what came of it; the partner's copy tells no address."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, operations
from cpor_web.consent import answers, stops, words
from cpor_web.consent.record import ABOUT_CONSENT, ENDINGS, Copy, digest_of_address, record_of, salt_of
from cpor_web.emails.links import Purpose, Signers
from cpor_web.models import Claim, Client, Event, Opening, ReceivedKind, ReceivedMail
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import TABLE
from tests.support import claims, factories
from tests.support.claims import NOW, invitations_of, mail_of

SECOND = claims.ContactDraft(name="Sam Soto", email="sam.soto@contoso.example.com", language="sv")
LATER = NOW + timedelta(hours=3)
SERVER = "250 2.1.5 <carla@contoso.example.com> taken by mx.contoso.example.com (192.0.2.17)"


def record(session: Session, programme: Programme, claim: Claim, copy: Copy = Copy.OPERATOR) -> dict[str, Any]:
    session.flush()
    session.expire_all()
    return record_of(session, claim, copy, now=LATER, programme=programme)


def reviewer(session: Session) -> Actor:
    return factories.user(session, Role.REVIEWER).actor


def holder(claim: Claim) -> Actor:
    assert claim.reviewer
    return claim.reviewer.actor


@pytest.fixture
def denied(db_session: Session, programme: Programme) -> Claim:
    """Two were asked; one opened the page, had no objection, and denied in words that name addresses."""
    claim = claims.running(db_session, programme, second=SECOND)
    first, _second = invitations_of(db_session, claim)
    mail = mail_of(db_session, claim, "consent-notice")
    mail.answer = SERVER
    for method, client in (("HEAD", Client.SCANNER), ("GET", Client.BROWSER)):
        opening = Opening(invitation_id=first.id, at=NOW, page="d", method=method, client=client, agent="Secret/1")
        db_session.add(opening)
    answers.no_objection(db_session, first, now=NOW, programme=programme)
    answers.deny(
        db_session,
        first,
        reason=Denial.OTHER,
        words="Ask carla@contoso.example.com or <Sam.Soto@contoso.example.com>.",
        way=Way.PAGE,
        now=LATER,
        programme=programme,
    )
    return claim


def test_it_says_what_is_claimed_by_whom_under_which_rules(
    db_session: Session, programme: Programme, denied: Claim
) -> None:
    told = record(db_session, programme, denied)

    assert (told["type"], told["version"], told["copy"]) == ("cpor consent record", 1, "operator")
    assert told["claim"]["reference"] == denied.reference
    assert told["claim"]["partner"] == denied.partner.name
    assert told["claim"]["tenant_id"] == str(denied.tenant_id)
    assert told["claim"]["products"] == [{"key": "intune", "name": "Intune"}, {"key": "teams", "name": "Teams"}]
    assert told["rules"]["edition"] == "2020"
    assert (told["rules"]["consent_days"], told["rules"]["time_zone"]) == (7, "Europe/Berlin")
    assert told["issuer"]["programme"] == "Claimed Partner of Record (CPOR)"


def test_it_says_how_the_notice_went_and_until_when_it_could_be_denied(
    db_session: Session, programme: Programme, denied: Claim
) -> None:
    (round_,) = record(db_session, programme, denied)["rounds"]
    first, second = round_["contacts"]
    notice, recorded = first["mails"]

    assert (first["contact"], second["contact"]) == (1, 2)
    assert (notice["kind"], notice["state"], recorded["kind"]) == ("consent-notice", "sent", "denial-recorded")
    assert notice["queued_at"] == notice["taken_at"] == first["taken_at"] == "2026-11-16T09:00:00.000000+00:00"
    assert first["printed_end"] == round_["ends_at"] == "2026-11-23T22:59:59.000000+00:00"
    assert round_["end_rule"]["zone"] == "Europe/Berlin"
    assert notice["message_id"]


def test_it_says_what_was_answered_by_which_way_and_when_the_page_was_opened(
    db_session: Session, programme: Programme, denied: Claim
) -> None:
    (round_,) = record(db_session, programme, denied)["rounds"]
    first, second = round_["contacts"]

    assert [(each["kind"], each["way"], each["late"]) for each in first["answers"]] == [
        ("no-objection", "page", False),
        ("denied", "page", False),
    ]
    assert first["answers"][1]["reason"] == "other"
    assert first["openings"]["count"] == 2
    assert [(each["page"], each["client"]) for each in first["openings"]["first"]] == [
        ("d", "scanner"),
        ("d", "browser"),
    ]
    assert second["answers"] == second["openings"]["first"] == []
    assert [event["kind"] for event in round_["events"]][-1] == "consent:denied"
    assert (round_["state"], round_["closed_at"]) == ("denied", "2026-11-16T12:00:00.000000+00:00")


def test_its_events_are_those_of_the_chain(db_session: Session, programme: Programme, denied: Claim) -> None:
    (round_,) = record(db_session, programme, denied)["rounds"]
    events = db_session.scalars(select(Event).where(Event.claim_id == denied.id))
    chained = {event.position: event.link.hex() for event in events}

    assert all(chained[event["position"]] == event["link"] for event in round_["events"])


def test_however_a_claim_ends_its_record_says_so() -> None:
    ends = {rule.event for rule in TABLE if rule.target is Status.REJECTED}
    assert {each for each in ends if not each.startswith(ABOUT_CONSENT)} | {"claim:disputed"} == ENDINGS


def test_each_round_has_its_own_events(db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    operations.dispute(db_session, claim, "They did sign.", actor=claim.filed_by.actor, now=NOW, programme=programme)
    another = reviewer(db_session)
    operations.take_over(db_session, claim, actor=another, now=NOW, programme=programme)
    operations.approve(db_session, claim, actor=another, now=NOW, programme=programme)

    first, second = record(db_session, programme, claim)["rounds"]

    assert (first["needs_yes"], second["needs_yes"]) == (False, True)
    assert [first["events"][0]["kind"], second["events"][0]["kind"]] == ["consent:opened"] * 2
    assert "claim:disputed" in [event["kind"] for event in first["events"]]


def test_a_notice_that_came_back_is_told_with_the_reports_status(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    mail = mail_of(db_session, claim, "consent-notice")
    report = ReceivedMail(
        received_at=LATER, digest=bytes(32), kind=ReceivedKind.HARD_BOUNCE, mail_id=mail.id, status="5.1.1", raw=b"x"
    )
    db_session.add(report)

    (round_,) = record(db_session, programme, claim)["rounds"]

    assert round_["contacts"][0]["mails"][0]["came_back"] == [
        {"at": "2026-11-16T12:00:00.000000+00:00", "kind": "hard-bounce", "status": "5.1.1"}
    ]


def test_a_contact_whose_place_another_one_took_keeps_its_number(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme, second=SECOND)
    first, _ = invitations_of(db_session, claim)
    answers.not_the_right_person(db_session, first, now=NOW, programme=programme)
    right = claims.ContactDraft(name="Kim King", email="kim@contoso.example.com")
    actor = claim.filed_by.actor
    contacts.propose_contact(
        db_session, claim, right, instead_of=first.contact_id, actor=actor, now=NOW, programme=programme
    )
    db_session.flush()
    db_session.refresh(claim)
    contacts.correct_contact(db_session, claim, actor=holder(claim), now=NOW, programme=programme)

    (round_,) = record(db_session, programme, claim)["rounds"]

    assert [each["contact"] for each in round_["contacts"]] == [1, 2, 1]
    assert round_["contacts"][0]["superseded_at"]


def test_it_says_who_was_asked_once_more_and_takes_no_earlier_answer_for_the_reason_of_a_later_stop(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = invitations_of(db_session, claim)
    answers.not_the_right_person(db_session, invitation, now=NOW, programme=programme)
    contacts.let_go_on(db_session, claim, "She is.", actor=holder(claim), now=LATER, programme=programme)
    claims.take_notice(db_session, programme, invitation, now=LATER)
    stops.stop(db_session, claim, invitation.round, now=LATER, why=stops.DENIED_BY_REPLACED)

    made = record(db_session, programme, claim)

    (contact,) = made["rounds"][0]["contacts"]
    assert (contact["asked_again_at"], contact["taken_at"]) == (LATER.isoformat(timespec="microseconds"),) * 2
    said = [line for part in words.parts_of(made) for _about, line in part.lines]
    assert "The clock is stopped: a reviewer looks into it." in said
    assert any(line.startswith("Asked once more, after an answer that counts no longer") for line in said)


# The partner's copy


def everything(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def test_the_partners_copy_has_no_address_and_nothing_that_is_the_operators_own(
    db_session: Session, programme: Programme, denied: Claim, app: Flask
) -> None:
    operations.note(db_session, denied, "Rosa thinks it is a fraud.", actor=reviewer(db_session), now=LATER)
    told = everything(record(db_session, programme, denied, Copy.PARTNER))
    told = told.replace("@vendor.example.com>", ">")  # our own Message-IDs

    for word in ("carla", "sam.soto", "@", "contoso.example.com", "192.0.2.17", "fraud", "Secret/1", "Carla Conti"):
        assert word.lower() not in told.lower(), word
    signers: Signers = app.extensions["signers"]
    for invitation in invitations_of(db_session, denied):
        tokens = [signers.url(purpose, invitation.link_id).rpartition("/")[2] for purpose in Purpose]
        assert not [token for token in tokens if token[:22] in told]
        assert invitation.link_id.hex() not in told
        assert salt_of(invitation).hex() not in told


def test_the_operators_copy_has_no_link_either(
    db_session: Session, programme: Programme, denied: Claim, app: Flask
) -> None:
    told = everything(record(db_session, programme, denied))

    for invitation in invitations_of(db_session, denied):
        assert app.extensions["signers"].url(Purpose.DENY, invitation.link_id).rpartition("/")[2][:22] not in told
        assert invitation.link_id.hex() not in told
    assert "Secret/1" not in told


def test_both_copies_tell_of_the_same_address_by_the_same_digest(
    db_session: Session, programme: Programme, denied: Claim
) -> None:
    ours, theirs = (
        record(db_session, programme, denied, copy)["rounds"][0]["contacts"] for copy in (Copy.OPERATOR, Copy.PARTNER)
    )

    for our, their in zip(ours, theirs, strict=True):
        assert their["address_digest"] == our["address_digest"]
        assert our["address_digest"] == digest_of_address(bytes.fromhex(our["address_salt"]), our["address"])
        assert not {"address", "address_salt", "name"} & their.keys()


def test_the_same_address_has_another_digest_in_each_round(db_session: Session, programme: Programme) -> None:
    one, other = (
        record(db_session, programme, claims.running(db_session, programme), Copy.PARTNER)["rounds"][0]["contacts"]
        for _ in range(2)
    )

    assert one[0]["address_digest"] != other[0]["address_digest"]


def test_the_partner_does_not_learn_that_a_replaced_contact_denied(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = invitations_of(db_session, claim)
    invitation.superseded_at = NOW
    db_session.add(
        Opening(invitation_id=invitation.id, at=NOW, page="d", method="POST", client=Client.BROWSER, agent="")
    )
    answers.deny(db_session, invitation, reason=Denial.OTHER, way=Way.PAGE, now=NOW, programme=programme)

    ours, theirs = (everything(record(db_session, programme, claim, copy)) for copy in Copy)

    assert "denied-by-superseded" in ours
    assert "POST" in ours
    assert "denied-by-superseded" not in theirs
    assert "POST" not in theirs
    assert "replaced" not in theirs


def test_a_claim_that_nobody_was_asked_about_has_no_round(db_session: Session, programme: Programme) -> None:
    assert record(db_session, programme, claims.submitted(db_session, programme))["rounds"] == []
