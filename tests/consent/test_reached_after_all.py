"""A notice that came back is sent again, and taken: the partner need not name anybody any more, a reviewer acts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import facts
from cpor_web.claims import bouncing, contacts, deadlines, posting, reminders, running, way
from cpor_web.claims.next_steps import next_step
from cpor_web.emails import outbox
from cpor_web.emails.outcomes import Accepted
from cpor_web.models import Claim, Invitation, Mail, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.support import claims, factories
from tests.support.claims import NOW, ContactDraft

LATER = NOW + timedelta(days=1)
MUCH_LATER = NOW + timedelta(days=60)
SECOND = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com", language="de")
RIGHT = ContactDraft(name="Emil Ek", email="emil@contoso.example.com")


class Astray:
    """A claim whose notices come back, are sent again, and are taken."""

    def __init__(self, session: Session, programme: Programme, **more: Any) -> None:
        self.session, self.programme = session, programme
        self.claim: Claim = claims.running(session, programme, **more)
        self.asked = claims.invitations_of(session, self.claim)
        self.round = self.asked[0].round

    def comes_back(self, who: Invitation, *, now: datetime = NOW) -> None:
        notice = self._notice(who)
        assert bouncing.bounced(self.session, notice.id, "5.1.1 Nobody", now=now, programme=self.programme)
        self.session.flush()

    def is_sent_again_and_taken(self, who: Invitation) -> None:
        outbox.put_again(self.session, self._notice(who), now=LATER)
        claims.take_notice(self.session, self.programme, who, now=LATER)

    def partner_is_told(self, *, now: datetime = NOW) -> None:
        """Let the mail server take the newest mail that asks the partner for a right contact."""
        mail = claims.mail_of(self.session, self.claim, "contact-needed")
        posting.begin(self.session, mail.id, now=now, programme=self.programme)
        posting.settle(self.session, mail.id, Accepted("250 Ok"), now=now, programme=self.programme)
        self.session.flush()

    def times_asked(self) -> int:
        asked = select(Mail.id).where(Mail.claim_id == self.claim.id, Mail.kind == "contact-needed")
        return len(self.session.scalars(asked).all())

    def step(self) -> way.Step:
        self.session.flush()
        self.session.expire_all()
        return next_step(self.claim, facts.latest_round(self.session, self.claim), now=LATER).step

    def lapses(self) -> bool:
        due = deadlines.contacts_due(self.session, now=MUCH_LATER, most=9)
        lapsed = deadlines.lapse_contact(self.session, self.round.id, now=MUCH_LATER, programme=self.programme)
        assert lapsed == (self.round.id in due)
        return lapsed

    def _notice(self, who: Invitation) -> Mail:
        notices = select(Mail).where(Mail.invitation_id == who.id, Mail.kind == "consent-notice")
        found = self.session.scalars(notices.order_by(Mail.id.desc())).first()
        assert found is not None
        return found


@pytest.fixture
def astray(db_session: Session, programme: Programme) -> Astray:
    """One contact, whose notice came back; the partner was told."""
    made = Astray(db_session, programme)
    made.comes_back(made.asked[0])
    made.partner_is_told()
    return made


def test_what_a_reviewer_has_to_decide_does_not_lapse_for_want_of_the_partners_response(astray: Astray) -> None:
    assert astray.step() is way.CONTACT_NEEDED
    astray.is_sent_again_and_taken(astray.asked[0])
    assert astray.step() is way.LOOKED_AT
    assert not astray.lapses()
    assert astray.claim.status is Status.APPROVED


def test_nothing_runs_for_the_partner_and_nobody_reminds_it(astray: Astray) -> None:
    session, due = astray.session, astray.round.contact_due_at
    assert due is not None
    on_the_day = due - timedelta(hours=12)
    assert reminders.reminders_due(session, now=on_the_day, programme=astray.programme) == [astray.claim.id]
    astray.is_sent_again_and_taken(astray.asked[0])
    session.flush()
    assert running.deadlines_in(session, astray.claim, now=LATER) == []
    assert reminders.reminders_due(session, now=on_the_day, programme=astray.programme) == []


def test_a_mail_to_the_partner_that_is_late_starts_no_time_any_more(
    db_session: Session, programme: Programme
) -> None:
    astray = Astray(db_session, programme)
    astray.comes_back(astray.asked[0])
    astray.is_sent_again_and_taken(astray.asked[0])
    astray.partner_is_told(now=LATER)
    assert astray.round.contact_due_at is None


def test_a_notice_that_goes_astray_again_is_asked_about_again_with_a_whole_time(astray: Astray) -> None:
    astray.is_sent_again_and_taken(astray.asked[0])
    astray.comes_back(astray.asked[0], now=LATER)
    assert (astray.step(), astray.times_asked()) == (way.CONTACT_NEEDED, 2)
    astray.partner_is_told(now=LATER)
    assert astray.round.contact_due_at == datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC)
    assert astray.lapses()


def test_with_another_contact_still_astray_the_partners_time_goes_on(
    db_session: Session, programme: Programme
) -> None:
    astray = Astray(db_session, programme, second=SECOND)
    for each in astray.asked:
        astray.comes_back(each)
    astray.partner_is_told()
    due = astray.round.contact_due_at
    astray.is_sent_again_and_taken(astray.asked[0])
    assert (astray.step(), astray.round.contact_due_at) == (way.CONTACT_NEEDED, due)
    astray.is_sent_again_and_taken(astray.asked[1])
    assert astray.step() is way.LOOKED_AT


def test_a_partner_that_has_named_somebody_is_not_asked_again(astray: Astray) -> None:
    claim = astray.claim
    about: dict[str, Any] = {"actor": claim.filed_by.actor, "now": NOW, "programme": astray.programme}
    contacts.propose_contact(astray.session, claim, RIGHT, instead_of=claim.contacts[0].id, **about)
    astray.is_sent_again_and_taken(astray.asked[0])
    astray.comes_back(astray.asked[0], now=LATER)
    assert (astray.step(), astray.times_asked()) == (way.PROPOSED, 1)


def test_a_reviewer_lets_the_period_go_on_with_a_full_window(astray: Astray) -> None:
    astray.is_sent_again_and_taken(astray.asked[0])
    reviewer = factories.user(astray.session, Role.REVIEWER).actor
    about: dict[str, Any] = {"actor": reviewer, "now": LATER, "programme": astray.programme}
    contacts.let_go_on(astray.session, astray.claim, "The mailbox was full.", **about)
    assert astray.round.state is RoundState.RUNNING
    assert astray.round.ends_at == datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC)
