"""Every mail that `catalogue` queues can be written from what it stores, and says and carries what it should."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import assessment, facts
from cpor_web.claims import contacts, operations
from cpor_web.config import Settings
from cpor_web.consent import answers
from cpor_web.emails.catalogue import KINDS, to_partner, to_people, to_staff
from cpor_web.emails.composing import Composer
from cpor_web.emails.links import Purpose, Signers
from cpor_web.emails.rendering import Renderer
from cpor_web.models import Holding, Invitation, Mail, SecurityKind
from cpor_web.programme import Programme
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.reasons import Denial, Way, Withdrawal
from cpor_web.rules.roles import Role
from cpor_web.users import security_log
from tests.support import claims, factories
from tests.support.beginning import begin

NOW = claims.NOW
SECOND = claims.ContactDraft(name="Sam Soto", email="sam@contoso.example.com", language="hu")

Event = Callable[[Session, Programme], object]


def submit(session: Session, programme: Programme) -> None:
    claims.under_review(session, programme)


def ask(session: Session, programme: Programme) -> None:
    claim = claims.partner_action_required(session, programme)
    to_partner.partner_reminder(session, claim, due=NOW, now=NOW, programme=programme)


def reject(session: Session, programme: Programme) -> None:
    claims.rejected(session, programme)


def deny_and_undo(session: Session, programme: Programme) -> None:
    claim = claims.denied(session, programme, second=SECOND)
    (first, _) = claims.invitations_of(session, claim)
    answers.undo(session, first, now=NOW + timedelta(hours=1), programme=programme)


def deny_without_a_reason(session: Session, programme: Programme) -> None:
    claim = claims.running(session, programme)
    (invitation,) = claims.invitations_of(session, claim)
    answers.deny(session, invitation, reason=Denial.NONE_GIVEN, way=Way.MAIL_CLIENT, now=NOW, programme=programme)


def name_the_wrong_person(session: Session, programme: Programme) -> None:
    claim = claims.running(session, programme)
    (invitation,) = claims.invitations_of(session, claim)
    answers.not_the_right_person(session, invitation, now=NOW, programme=programme)
    to_partner.partner_reminder(session, claim, due=NOW, now=NOW, programme=programme)


def turn_down_and_go_on(session: Session, programme: Programme) -> None:
    claim = claims.running(session, programme)
    (invitation,) = claims.invitations_of(session, claim)
    about: dict[str, Any] = {"now": NOW, "programme": programme}
    answers.not_the_right_person(session, invitation, **about)
    filer, reviewer = claim.filed_by.actor, factories.user(session, Role.REVIEWER).actor
    contacts.propose_contact(session, claim, SECOND, instead_of=invitation.contact_id, actor=filer, **about)
    contacts.turn_down(session, claim, "Who\nis that?", actor=reviewer, **about)
    contacts.let_go_on(session, claim, "She is the one.", actor=reviewer, **about)


def dispute_and_say_yes(session: Session, programme: Programme) -> None:
    claim = claims.denied(session, programme)
    operations.dispute(session, claim, "They signed.", actor=claim.filed_by.actor, now=NOW, programme=programme)
    reviewer = factories.user(session, Role.REVIEWER)
    operations.take_over(session, claim, actor=reviewer.actor, now=NOW, programme=programme)
    session.flush()
    session.refresh(claim)
    operations.approve(session, claim, actor=reviewer.actor, now=NOW, programme=programme)
    (invitation,) = claims.invitations_of(session, claim)
    invitation.printed_end = NOW
    answers.press_yes(session, invitation, now=NOW, programme=programme)


def put_one_over_another(session: Session, programme: Programme) -> None:
    tenant: dict[str, Any] = {"tenant_id": "1f8fad5b-d9cb-469f-a165-70867728950e"}
    claims.running(session, programme, **tenant)
    rival = claims.under_review(session, programme, **tenant)
    assert rival.reviewer
    about: dict[str, Any] = {"actor": rival.reviewer.actor, "now": NOW, "programme": programme}
    operations.approve(session, rival, rationale="The newer order names them.", **about)


def restore_one_beside_another(session: Session, programme: Programme) -> None:
    tenant: dict[str, Any] = {"tenant_id": "2f8fad5b-d9cb-469f-a165-70867728950e"}
    denied = claims.denied(session, programme, **tenant)
    claims.running(session, programme, **tenant)
    answers.undo(session, claims.invitations_of(session, denied)[0], now=NOW, programme=programme)


def pass_and_assess(session: Session, programme: Programme) -> None:
    claim = claims.running(session, programme)
    to_partner.consent_period_passed(session, claim, now=NOW, programme=programme)
    round_ = facts.latest_round(session, claim)
    assert round_
    assessment.queue(session, claim, round_, now=NOW, programme=programme)
    (waiting,) = assessment.due(session, most=1)
    assessment.assess(session, waiting, now=NOW, programme=programme)


def withdraw(session: Session, programme: Programme) -> None:
    claim = claims.running(session, programme)
    operations.withdraw(
        session, claim, Withdrawal.CUSTOMER_LEFT, actor=claim.filed_by.actor, now=NOW, programme=programme
    )


def talk(session: Session, programme: Programme) -> None:
    claim = claims.under_review(session, programme)
    assert claim.reviewer
    for actor in (claim.filed_by.actor, claim.reviewer.actor):
        operations.comment(session, claim, "A word.\nAnother.", actor=actor, now=NOW, programme=programme)


def lose_a_mail(session: Session, programme: Programme) -> None:
    claim = claims.running(session, programme)
    lost = claims.mail_of(session, claim, "consent-notice")
    to_staff.not_delivered(session, claim, lost, now=NOW, programme=programme)


def deny_though_replaced(session: Session, programme: Programme) -> None:
    claim = claims.running(session, programme)
    (invitation,) = claims.invitations_of(session, claim)
    invitation.superseded_at = NOW
    session.flush()
    answers.deny(session, invitation, reason=Denial.OTHER, words="No.", way=Way.PAGE, now=NOW, programme=programme)


def be_late(session: Session, programme: Programme) -> None:
    factories.user(session, Role.ADMINISTRATOR)
    to_staff.overdue_digest(session, [claims.submitted(session, programme)], now=NOW, programme=programme)


def hold_closing(session: Session, programme: Programme) -> None:
    factories.user(session, Role.ADMINISTRATOR)
    holding = Holding(began_at=NOW, notices=41, failed=23)
    to_staff.closing_held(session, holding, now=NOW, programme=programme)


def come_and_forget(session: Session, programme: Programme) -> None:
    user = factories.user(session)
    to_people.invitation(session, user, now=NOW, programme=programme)
    to_people.password_reset(session, user, now=NOW, programme=programme)


def change_the_password(session: Session, programme: Programme) -> None:
    user = factories.user(session)
    kind, place = SecurityKind.PASSWORD_CHANGED, security_log.UNTOLD
    security_log.announce(session, user, kind, now=NOW, programme=programme, place=place)


EVENTS: tuple[Event, ...] = (
    submit, ask, reject, deny_and_undo, deny_without_a_reason, name_the_wrong_person, turn_down_and_go_on,
    dispute_and_say_yes, put_one_over_another, restore_one_beside_another, pass_and_assess, withdraw, talk,
    lose_a_mail, deny_though_replaced, be_late, hold_closing, come_and_forget, change_the_password,
)  # fmt: skip


@pytest.fixture
def composer(app: Flask, programme: Programme) -> Composer:
    def account_link(mail: Mail) -> str | None:
        is_of_an_account = mail.kind in {"invitation", "password-reset"}
        return f"{programme.public_url}/reset/token" if is_of_an_account else None

    signers: Signers = app.extensions["signers"]
    return Composer(programme, signers, Renderer(programme.calendar.zone.key), account_link)


def begun(session: Session, mail: Mail) -> tuple[Mail, Invitation | None]:
    """Mark a mail as being sent, as a worker does just before it composes it."""
    begin(session, mail.id, now=NOW, host="vendor.example.com")
    invited = session.get(Invitation, mail.invitation_id) if mail.invitation_id else None
    if invited is not None and invited.printed_end is None:
        invited.printed_end = datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC)
    return mail, invited


def mails_of(session: Session, programme: Programme, event: Event) -> list[Mail]:
    event(session, programme)
    session.flush()
    return list(session.scalars(select(Mail).order_by(Mail.id)))


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, EmailMessage, policy=policy.default)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_what_is_queued_can_be_written_in_every_language(
    db_session: Session, programme: Programme, composer: Composer, event: Event
) -> None:
    for mail in mails_of(db_session, programme, event):
        if mail.message_id is None:
            begun(db_session, mail)
        for language in LANGUAGES:
            mail.language = language
            message = read(composer.compose(*begun(db_session, mail)))
            assert message["Subject"]
            assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_these_events_queue_every_kind_of_mail(db_session: Session, programme: Programme) -> None:
    for event in EVENTS:
        event(db_session, programme)
    db_session.flush()

    assert set(db_session.scalars(select(Mail.kind).distinct())) == set(KINDS)


def test_the_same_row_gives_the_same_bytes(db_session: Session, programme: Programme, composer: Composer) -> None:
    claims.approved(db_session, programme)
    notice = db_session.scalars(select(Mail).where(Mail.kind == "consent-notice")).one()
    mail, invited = begun(db_session, notice)

    assert composer.compose(mail, invited) == composer.compose(mail, invited)


def test_a_repeat_after_a_rotation_has_the_same_bytes(
    db_session: Session, programme: Programme, composer: Composer, settings: Settings
) -> None:
    claims.approved(db_session, programme)
    mail, invited = begun(db_session, one(db_session, "consent-notice"))
    mail.key_id = programme.link_keys[0]
    before = composer.compose(mail, invited)

    ring = ["another consent key of the tests, long enough", *settings.consent_keys]
    rotated = replace(composer, signers=Signers(ring, settings.public_url))

    assert rotated.compose(mail, invited) == before
    mail.key_id = None
    assert rotated.compose(mail, invited) != before


def one(session: Session, kind: str) -> Mail:
    return session.scalars(select(Mail).where(Mail.kind == kind).order_by(Mail.id)).one()


def header_lines(raw: bytes, name: str) -> list[bytes]:
    return [line for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n") if line.startswith(name.encode() + b":")]


def test_a_notice_carries_its_own_links_and_no_other(
    db_session: Session, programme: Programme, composer: Composer
) -> None:
    claims.approved(db_session, programme)
    mail, invited = begun(db_session, one(db_session, "consent-notice"))
    assert invited
    raw = composer.compose(mail, invited)
    body = "".join(part.get_content() for part in read(raw).iter_parts())  # type: ignore[attr-defined]

    url = {purpose: composer.signers.url(purpose, invited.link_id) for purpose in Purpose}
    assert url[Purpose.DENY] in body
    assert header_lines(raw, "List-Unsubscribe") == [f"List-Unsubscribe: <{url[Purpose.ONE_CLICK]}>".encode()]
    assert header_lines(raw, "List-Unsubscribe-Post") == [b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
    for other in (Purpose.ONE_CLICK, Purpose.UNDO, Purpose.YES):
        assert url[other] not in body


def test_a_notice_that_is_sent_once_more_says_which_date_counts(
    db_session: Session, programme: Programme, composer: Composer
) -> None:
    claims.approved(db_session, programme)
    notice = one(db_session, "consent-notice")
    mail, invited = begun(db_session, notice)
    first = composer.compose(mail, invited)
    mail.again_of_id = notice.id

    assert b"the date in this" not in first
    assert b"the date in this" in composer.compose(mail, invited)


def test_only_the_mail_to_the_one_who_denied_carries_the_undo_link(
    db_session: Session, programme: Programme, composer: Composer
) -> None:
    claim = claims.denied(db_session, programme, second=SECOND)
    db_session.flush()
    undo = {
        composer.signers.url(Purpose.UNDO, invitation.link_id)
        for invitation in claims.invitations_of(db_session, claim)
    }
    carrying = []
    for mail in db_session.scalars(select(Mail).where(Mail.claim_id == claim.id)):
        if mail.message_id is None:
            begun(db_session, mail)
        raw = composer.compose(*begun(db_session, mail))
        text = "".join(part.get_content() for part in read(raw).iter_parts())  # type: ignore[attr-defined]
        if any(url in text for url in undo):
            carrying.append((mail.kind, mail.to_address))

    assert carrying == [("denial-recorded", "carla@contoso.example.com")]


@pytest.mark.parametrize("field", ["customer_name", "name"])
@pytest.mark.parametrize(
    "typed", ["Contoso\r\nBcc: mallory@evil.example.org", "=?utf-8?q?a=0d=0aBcc:_x?=", "\u202eosotnoC"]
)
def test_what_people_typed_adds_no_header(
    db_session: Session, programme: Programme, composer: Composer, field: str, typed: str
) -> None:
    claims.approved(db_session, programme)
    mail = one(db_session, "consent-notice")
    about: dict[str, Any] = {"customer_name": "customer", "name": "claim_name"}
    mail.context = {**mail.context, about[field]: typed}
    expected = (
        "MIME-Version Content-Type From To Reply-To Subject Date Message-ID Auto-Submitted"
        " X-Auto-Response-Suppress List-Unsubscribe List-Unsubscribe-Post"
    )

    message = read(composer.compose(*begun(db_session, mail)))

    assert set(message.keys()) == set(expected.split())
    assert message["To"] == "Carla Conti <carla@contoso.example.com>"


def test_a_name_in_the_head_of_a_mail_is_as_harmless_as_in_its_words(
    db_session: Session, programme: Programme, composer: Composer
) -> None:
    claims.approved(db_session, programme)
    mail = one(db_session, "consent-notice")
    mail.to_name = "Carla\u202e\u200b\x9f evil.example.org"

    assert (
        read(composer.compose(*begun(db_session, mail)))["To"].addresses[0].display_name
        == "Carla evil[.]example[.]org"
    )
