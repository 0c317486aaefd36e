"""What follows from what people write back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cpor_web import history_words
from cpor_web.claims import contacts, operations, queries, replies, way
from cpor_web.claims.next_steps import next_step
from cpor_web.consent import answers, rounds
from cpor_web.models import (
    Claim,
    Mail,
    ReceivedKind,
    RoundState,
)
from cpor_web.rules.exc import NotAllowed
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.statuses import Status
from tests.incoming.conftest import CARLA, LATER, MUCH_LATER, Desk, passed, take
from tests.support.claims import NOW, dispute, invitations_of, mail_of
from tests.support.returned_mail import reply


def test_a_persons_reply_holds_the_closing_until_a_reviewer_has_read_it(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    received = desk.take(reply("carlo@contoso.example.com", "Who are they?", answers=notice.message_id or ""))
    round_ = desk.round(claim)
    assert (round_.state, round_.reply_at) == (RoundState.RUNNING, LATER)
    assert [each.id for each in replies.unread(desk.session, claim, round_)] == [received.id]
    assert round_.closes_at is not None
    assert not rounds.close(desk.session, round_.id, now=MUCH_LATER, programme=desk.programme)

    assert claim.reviewer is not None
    about = {"actor": claim.reviewer.actor, "now": MUCH_LATER, "programme": desk.programme}
    contacts.settle_reply(desk.session, claim, "Who are they?", denies=False, up_to=received.id, **about)
    assert replies.unread(desk.session, claim, desk.round(claim)) == []
    assert rounds.close(desk.session, round_.id, now=MUCH_LATER, programme=desk.programme)


def test_a_second_reply_that_came_while_the_first_was_read_holds_the_closing_still(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    first = desk.take(reply(CARLA, "Who are they?", answers=notice.message_id or ""))
    second = desk.take(reply(CARLA, "Never heard of them.", answers=notice.message_id or ""))
    assert claim.reviewer is not None
    about = {"actor": claim.reviewer.actor, "now": MUCH_LATER, "programme": desk.programme}
    contacts.settle_reply(desk.session, claim, "Who are they?", denies=False, up_to=first.id, **about)
    assert desk.round(claim).reply_at is not None
    assert [each.id for each in replies.unread(desk.session, claim, desk.round(claim))] == [second.id]
    contacts.settle_reply(desk.session, claim, "Never heard of them.", denies=False, up_to=second.id, **about)
    assert desk.round(claim).reply_at is None


def test_a_reply_that_was_read_is_not_read_as_the_opposite_while_a_later_one_waits(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    first = desk.take(reply(CARLA, "Who are they?", answers=notice.message_id or ""))
    second = desk.take(reply(CARLA, "Ah, those!", answers=notice.message_id or ""))
    assert claim.reviewer is not None
    about = {"actor": claim.reviewer.actor, "now": MUCH_LATER, "programme": desk.programme}
    contacts.settle_reply(desk.session, claim, "Who are they?", denies=False, up_to=first.id, **about)
    with pytest.raises(NotAllowed, match="was read already"):
        contacts.settle_reply(desk.session, claim, "Who are they?", denies=True, up_to=first.id, **about)
    assert claim.status is Status.APPROVED
    assert [each.id for each in replies.unread(desk.session, claim, desk.round(claim))] == [second.id]


def test_no_window_closes_over_a_reply_that_has_come_and_is_not_drawn_yet(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    round_ = desk.round(claim)
    assert round_.closes_at is not None
    desk.receive(reply(CARLA, "No!", answers=notice.message_id or ""), now=round_.closes_at)
    assert not rounds.close(desk.session, round_.id, now=round_.closes_at, programme=desk.programme)


def test_a_reply_that_does_not_say_which_mail_it_answers_holds_every_round_in_which_they_are_asked(
    desk: Desk, another: Callable[..., Claim]
) -> None:
    one, two, foreign = another("kim@contoso.example.com"), another("Kim@contoso.example.com"), another(CARLA)
    received = desk.take(reply("kim@contoso.example.com", "What is all this?"))
    for claim in (one, two):
        assert desk.round(claim).reply_at == LATER
        assert [each.id for each in replies.unread(desk.session, claim, desk.round(claim))] == [received.id]
    assert desk.round(foreign).reply_at is None


def test_a_reply_holds_only_the_claim_that_it_answers(desk: Desk, another: Callable[..., Claim]) -> None:
    one, two = another("kim@contoso.example.com"), another("kim@contoso.example.com")
    answered = mail_of(desk.session, two, "consent-notice").message_id or ""
    desk.take(reply("kim@contoso.example.com", "What is this?", answers=answered))
    assert desk.round(one).reply_at is None
    assert desk.round(two).reply_at == LATER


def test_a_contact_who_answers_a_mail_to_the_partner_holds_the_closing(desk: Desk, claim: Claim) -> None:
    forwarded = mail_of(desk.session, claim, "approved").message_id or ""
    received = desk.take(reply(CARLA, "Never heard of them.", answers=forwarded))
    assert desk.round(claim).reply_at == LATER
    assert [each.id for each in replies.unread(desk.session, claim, desk.round(claim))] == [received.id]


def test_a_contact_who_answers_a_question_that_is_over_holds_those_that_are_open(
    desk: Desk, another: Callable[..., Claim]
) -> None:
    over, open_ = another("kim@contoso.example.com"), another("kim@contoso.example.com")
    passed(desk, over)
    answered = mail_of(desk.session, over, "consent-notice").message_id or ""
    desk.take(reply("kim@contoso.example.com", "We work with nobody.", answers=answered))
    assert desk.round(over).reply_at is None
    assert desk.round(open_).reply_at == LATER


def test_a_partners_reply_to_its_own_mail_holds_nothing(desk: Desk, claim: Claim) -> None:
    mail = mail_of(desk.session, claim, "approved")
    take(desk, mail, now=NOW)
    received = desk.take(reply(mail.to_address, "Thanks!", answers=mail.message_id or ""))
    assert (received.kind, received.settled_at) == (ReceivedKind.REPLY, LATER)
    assert desk.round(claim).reply_at is None


def test_a_reply_that_comes_while_a_denial_stands_holds_the_closing_once_it_is_undone(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    (invitation,) = invitations_of(desk.session, claim)
    about: dict[str, Any] = {"now": LATER, "programme": desk.programme}
    answers.deny(desk.session, invitation, reason=Denial.OTHER, way=Way.PAGE, **about)
    received = desk.take(reply(CARLA, "Do not believe who undoes this.", answers=notice.message_id or ""))
    assert claim.reviewer is not None
    reading: dict[str, Any] = {**about, "actor": claim.reviewer.actor, "denies": False}
    with pytest.raises(NotAllowed):
        contacts.settle_reply(desk.session, claim, "Do not believe it.", **reading)
    assert next_step(claim, desk.round(claim), now=LATER).step is way.DISPUTABLE
    told = next(e for e in queries.history(desk.session, claim, claim.reviewer.actor) if e.kind == "reply:noted")
    assert history_words.told(told).startswith("The customer replied after the denial.")

    answers.undo(desk.session, invitation, **about)
    round_ = desk.round(claim)
    assert round_.closes_at is not None
    assert next_step(claim, round_, now=LATER).step is way.REPLIED
    assert [each.id for each in replies.unread(desk.session, claim, round_)] == [received.id]
    assert not rounds.close(desk.session, round_.id, now=MUCH_LATER, programme=desk.programme)
    contacts.settle_reply(desk.session, claim, "Do not believe it.", up_to=received.id, **reading)
    assert rounds.close(desk.session, round_.id, now=MUCH_LATER, programme=desk.programme)


def test_a_fresh_mail_of_a_contact_that_comes_while_a_denial_stands_holds_the_closing_once_it_is_undone(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    (invitation,) = invitations_of(desk.session, claim)
    invitation.contact.email = "no-reply@contoso.example.com"  # a small firm's only mailbox
    about: dict[str, Any] = {"now": LATER, "programme": desk.programme}
    answers.deny(desk.session, invitation, reason=Denial.OTHER, way=Way.PAGE, **about)
    received = desk.take(reply("no-reply@contoso.example.com", "Do not believe who undoes this."))
    assert (received.kind, received.words) == (ReceivedKind.REPLY, "Do not believe who undoes this.")
    answers.undo(desk.session, invitation, **about)
    assert desk.round(claim).reply_at == LATER
    assert [each.id for each in replies.unread(desk.session, claim, desk.round(claim))] == [received.id]


def test_a_mail_of_who_denied_is_unrelated_once_that_can_no_longer_be_undone(desk: Desk, claim: Claim) -> None:
    (invitation,) = invitations_of(desk.session, claim)
    about: dict[str, Any] = {"now": LATER, "programme": desk.programme}
    answers.deny(desk.session, invitation, reason=Denial.OTHER, way=Way.PAGE, **about)
    assert invitation.round.ends_at is not None
    over = invitation.round.ends_at + timedelta(seconds=1)
    assert desk.take(reply(CARLA, "Who are you?"), now=over).kind is ReceivedKind.UNRELATED


def test_a_mail_of_who_is_asked_anew_after_a_denial_is_about_the_new_question(desk: Desk, claim: Claim) -> None:
    (invitation,) = invitations_of(desk.session, claim)
    about: dict[str, Any] = {"now": LATER, "programme": desk.programme}
    answers.deny(desk.session, invitation, reason=Denial.OTHER, way=Way.PAGE, **about)
    reviewer = dispute(desk.session, desk.programme, claim, now=LATER)
    operations.approve(desk.session, claim, actor=reviewer, **about)
    received = desk.take(reply(CARLA, "Who are they?"))
    (asked_anew,) = invitations_of(desk.session, claim)
    assert received.mail is not None
    assert received.mail.invitation_id == asked_anew.id


def test_a_reply_after_the_window_decides_nothing_and_stays_to_be_seen(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    passed(desk, claim)
    received = desk.take(reply(CARLA, "No!", answers=notice.message_id or ""), now=MUCH_LATER)
    assert received.kind is ReceivedKind.REPLY
    assert "reply:noted" not in desk.events(claim)
    assert claim.status is Status.APPROVED
