"""What a customer says through a link: a denial ends it, nothing else shortens it, and no denial is lost."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.consent import answers, going_on, recording, rounds
from cpor_web.consent.answers import Outcome
from cpor_web.consent.standing import LinkState, standing_of
from cpor_web.models import Answer, AnswerKind, Claim, CustomerContact, Invitation, Mail, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Rejection, Way, Withdrawal
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.consent.agreement import assert_agrees, outcomes
from tests.support import claims, factories
from tests.support.claims import NOW, ContactDraft
from tests.support.rows import changed, dump
from tests.support.statements import within

SECOND = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com", language="de")
LATER = NOW + timedelta(hours=1)


class Customers:
    """Two contacts of one claim, and what they can do."""

    def __init__(self, session: Session, programme: Programme, claim: Claim) -> None:
        self.session, self.programme, self.claim = session, programme, claim
        self.carla, *others = claims.invitations_of(session, claim)
        self.dora = others[0] if others else self.carla

    def deny(self, who: Invitation, *, now: datetime = LATER, **more: Any) -> Outcome:
        about: dict[str, Any] = {"reason": Denial.NOT_OUR_PARTNER, "way": Way.PAGE, **more}
        return answers.deny(self.session, who, now=now, programme=self.programme, **about)

    def pass_by(self) -> datetime:
        """Let the window pass, and return when."""
        closing = self.carla.round.closes_at
        assert closing is not None
        assert rounds.close(self.session, self.carla.round_id, now=closing, programme=self.programme)
        return closing

    def dispute_and_approve(self, *, now: datetime = LATER) -> "Customers":
        """Let partner and reviewer bring a declined claim back before the customer."""
        about: dict[str, Any] = {"now": now, "programme": self.programme}
        reviewer = factories.user(self.session, Role.REVIEWER).actor
        operations.dispute(self.session, self.claim, "Carla left.", actor=self.claim.filed_by.actor, **about)
        operations.take_over(self.session, self.claim, actor=reviewer, **about)
        operations.approve(self.session, self.claim, actor=reviewer, **about)
        again = Customers(self.session, self.programme, self.claim)
        for invitation in claims.invitations_of(self.session, self.claim):
            claims.take_notice(self.session, self.programme, invitation, now=now)
        return again

    def mails(self, kind: str) -> list[Mail]:
        self.session.flush()
        query = select(Mail).where(Mail.claim_id == self.claim.id, Mail.kind == kind).order_by(Mail.id)
        return list(self.session.scalars(query))


@pytest.fixture
def customers(db_session: Session, programme: Programme) -> Customers:
    return Customers(db_session, programme, claims.running(db_session, programme, second=SECOND))


def test_a_denial_rejects_and_tells_everybody_what_was_recorded(customers: Customers) -> None:
    said = customers.deny(customers.carla, reason=Denial.OTHER, words="  Never met them. ", way=Way.MAIL_CLIENT)
    assert said is Outcome.RECORDED
    claim = customers.claim
    assert (claim.status, claim.rejection, claim.rejection_comment) == (
        Status.REJECTED,
        Rejection.CUSTOMER_DECLINE,
        "Never met them.",
    )
    assert [mail.to_name for mail in customers.mails("denial-recorded")] == ["Carla Conti", "Dora Diaz"]
    (to_partner,) = customers.mails("denial-recorded-partner")
    assert to_partner.context["words"] == "Never met them."
    assert to_partner.context["way"] == Way.MAIL_CLIENT.label
    assert_agrees(customers.session, claim)


def test_only_the_mail_to_who_denied_offers_to_undo(customers: Customers) -> None:
    customers.deny(customers.dora)
    offered = {mail.to_name: mail.context["undo_until"] for mail in customers.mails("denial-recorded")}
    assert offered["Carla Conti"] is None
    assert offered["Dora Diaz"] is not None
    (to_partner,) = customers.mails("denial-recorded-partner")
    assert "undo_until" not in to_partner.context


def test_the_end_that_a_superseded_notice_prints_gives_no_more_time_to_undo() -> None:
    ends = [LATER + timedelta(days=number) for number in (7, 9)]
    asked, replaced = (Invitation(printed_end=end) for end in ends)
    replaced.superseded_at = LATER
    denial = Answer(at=LATER)
    assert answers.undo_until(Round(invitations=[asked, replaced]), denial) == ends[0]
    assert answers.undo_until(Round(invitations=[replaced]), denial) == LATER + answers.LEAST_UNDO


def test_denying_twice_or_by_the_other_contact_too_is_the_same_as_once(customers: Customers) -> None:
    customers.deny(customers.carla)
    before = dump(customers.session)
    assert customers.deny(customers.carla, now=LATER + timedelta(days=1)) is Outcome.ALREADY
    assert customers.deny(customers.dora, reason=Denial.OTHER, words="Me too") is Outcome.ALREADY
    assert changed(before, dump(customers.session)) == []


def test_a_denial_after_the_printed_end_and_before_the_closing_is_in_time(customers: Customers) -> None:
    closing = customers.carla.round.closes_at
    assert closing is not None
    assert customers.deny(customers.carla, now=closing) is Outcome.RECORDED
    assert outcomes(customers.session, customers.claim) == ["consent:denied"]


def test_a_denial_after_the_closing_is_late_ends_the_association_and_can_be_disputed(customers: Customers) -> None:
    much_later = customers.pass_by() + timedelta(days=200)
    assert customers.deny(customers.carla, now=much_later) is Outcome.LATE
    claim = customers.claim
    assert (claim.status, claim.rejection) == (Status.REJECTED, Rejection.CUSTOMER_DECLINE)
    assert claim.dispute_until is not None
    assert timedelta(days=30) <= claim.dispute_until - much_later < timedelta(days=31)
    assert customers.session.scalars(select(Answer.is_late)).all() == [True]
    assert_agrees(customers.session, claim)


def test_a_denial_of_what_the_partner_gave_up_changes_nothing(customers: Customers) -> None:
    actor = customers.claim.filed_by.actor
    about: dict[str, Any] = {"actor": actor, "now": NOW, "programme": customers.programme}
    operations.withdraw(customers.session, customers.claim, Withdrawal.INCORRECT_ACTIVITY, **about)
    before = dump(customers.session)
    assert customers.deny(customers.carla) is Outcome.OVER
    assert changed(before, dump(customers.session)) == []


def test_a_denial_before_every_notice_is_out_counts(db_session: Session, programme: Programme) -> None:
    customers = Customers(db_session, programme, claims.approved(db_session, programme, second=SECOND))
    claims.take_notice(db_session, programme, customers.carla)
    assert customers.deny(customers.carla) is Outcome.RECORDED
    assert_agrees(db_session, customers.claim)


def test_a_denial_while_the_clock_is_stopped_counts(customers: Customers) -> None:
    answers.not_the_right_person(customers.session, customers.dora, now=NOW, programme=customers.programme)
    assert customers.deny(customers.carla) is Outcome.RECORDED
    assert_agrees(customers.session, customers.claim)


@pytest.mark.parametrize("verb", [answers.no_objection, answers.press_yes, answers.confirm_yes])
def test_no_word_of_agreement_shortens_the_window_or_hinders_a_denial(customers: Customers, verb: Any) -> None:
    round_ = customers.carla.round
    round_.needs_yes = verb is not answers.no_objection
    before = (round_.ends_at, round_.closes_at, round_.state)
    assert verb(customers.session, customers.carla, now=LATER, programme=customers.programme) is Outcome.RECORDED
    assert (round_.ends_at, round_.closes_at, round_.state) == before
    assert verb(customers.session, customers.carla, now=LATER, programme=customers.programme) is Outcome.ALREADY
    assert customers.deny(customers.carla) is Outcome.RECORDED


def test_the_wrong_person_stops_the_clock_and_the_partner_is_asked_once(customers: Customers) -> None:
    for who in (customers.carla, customers.carla, customers.dora):
        answers.not_the_right_person(customers.session, who, now=LATER, programme=customers.programme)
    assert customers.carla.round.state is RoundState.STOPPED
    assert len(customers.mails("contact-needed")) == 1


@pytest.mark.parametrize("verb", [answers.press_yes, answers.confirm_yes])
def test_a_yes_is_nothing_where_silence_suffices(customers: Customers, verb: Any) -> None:
    before = dump(customers.session)
    assert verb(customers.session, customers.carla, now=LATER, programme=customers.programme) is Outcome.OVER
    assert changed(before, dump(customers.session)) == []


def test_the_round_after_a_disputed_denial_needs_a_yes_which_counts_once_confirmed(customers: Customers) -> None:
    customers.deny(customers.carla)
    again = customers.dispute_and_approve()
    round_, session, programme = again.carla.round, customers.session, customers.programme
    assert (round_.number, round_.needs_yes) == (2, True)
    assert len(again.mails("confirmation-request")) == 2
    assert again.mails("yes-confirmation") == []
    answers.press_yes(session, again.dora, now=LATER, programme=programme)
    assert round_.yes_at is None
    assert [mail.to_name for mail in again.mails("yes-confirmation")] == ["Dora Diaz"]
    answers.confirm_yes(session, again.dora, now=LATER, programme=programme)
    assert round_.yes_at == LATER
    again.pass_by()
    assert (again.claim.status, round_.state) == (Status.APPROVED, RoundState.PASSED)


@pytest.mark.parametrize("said_by_both", [False, True])
def test_a_yes_counts_as_long_as_somebody_is_asked_who_said_it(customers: Customers, said_by_both: bool) -> None:
    customers.deny(customers.carla)
    again = customers.dispute_and_approve()
    about: dict[str, Any] = {"now": LATER, "programme": customers.programme}
    for who in (again.carla, again.dora) if said_by_both else (again.carla,):
        answers.press_yes(customers.session, who, **about)
        answers.confirm_yes(customers.session, who, **about)
    nina = CustomerContact(position=None, name="Nina Neu", email="nina@contoso.example.com", language="en")
    again.claim.all_contacts.append(nina)
    customers.session.flush()
    going_on.replace_contact(customers.session, again.claim, again.carla.round, again.carla.contact, nina, **about)
    assert (again.carla.round.yes_at is not None) is said_by_both


def test_a_yes_that_was_only_pressed_does_not_count(customers: Customers) -> None:
    customers.deny(customers.carla)
    again = customers.dispute_and_approve()
    answers.press_yes(customers.session, again.carla, now=LATER, programme=customers.programme)
    again.pass_by()
    assert (again.claim.status, again.carla.round.state) == (Status.REJECTED, RoundState.SILENT)
    assert again.claim.dispute_until is None, "a dispute is used once"


def test_any_denial_beats_any_yes(customers: Customers) -> None:
    customers.deny(customers.carla)
    again = customers.dispute_and_approve()
    for verb in (answers.press_yes, answers.confirm_yes):
        verb(customers.session, again.carla, now=LATER, programme=customers.programme)
    assert again.deny(again.dora) is Outcome.RECORDED
    assert (again.claim.status, again.carla.round.state) == (Status.REJECTED, RoundState.DENIED)


def test_reading_how_a_link_stands_changes_nothing(customers: Customers) -> None:
    def state(asked: Invitation) -> LinkState | None:
        customers.session.flush()
        found = standing_of(within(customers.session), asked.link_id, now=LATER)
        return found.state if found else None

    assert state(customers.carla) is LinkState.OPEN
    customers.deny(customers.carla)
    before = dump(customers.session)
    assert state(customers.dora) is LinkState.DENIED
    assert changed(before, dump(customers.session)) == []


def test_words_are_cut_to_what_a_mail_can_carry(customers: Customers) -> None:
    customers.deny(customers.carla, words="w" * 10_000)
    (answer,) = customers.session.scalars(select(Answer).where(Answer.kind == AnswerKind.DENIED))
    assert answer.words == "w" * recording.LONGEST_WORDS
