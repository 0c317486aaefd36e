"""Claims whose customer is asked, and mail that comes back about them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import posting
from cpor_web.claims.drafts import ContactDraft
from cpor_web.config import Settings
from cpor_web.consent import rounds
from cpor_web.emails.outcomes import Accepted
from cpor_web.emails.returns import ReturnAddresses
from cpor_web.facts import latest_round
from cpor_web.incoming import receiving, settling
from cpor_web.models import Claim, Event, Mail, ReceivedMail, Round
from cpor_web.programme import Programme
from tests.support import claims
from tests.support.claims import NOW, mail_of
from tests.support.returned_mail import BACK, report

LATER = NOW + timedelta(hours=2)
CARLA = "carla@contoso.example.com"
MUCH_LATER = NOW + timedelta(days=30)


@pytest.fixture(scope="session")
def returns(settings: Settings) -> ReturnAddresses:
    return ReturnAddresses(settings.consent_keys, BACK)


@dataclass
class Desk:
    """What comes in, and what follows from it."""

    session: Session
    programme: Programme
    returns: ReturnAddresses

    def receive(self, raw: bytes, *, now: datetime = LATER) -> ReceivedMail:
        """Take a mail in, without drawing anything of it."""
        return receiving.receive(self.session, raw, returns=self.returns, now=now)

    def settle(self, *, now: datetime = LATER) -> None:
        """Draw what can be drawn of everything that came in, as the job does."""
        for id_ in settling.due(self.session, most=100):
            settling.settle(self.session, id_, now=now, programme=self.programme)
        self.session.flush()

    def take(self, raw: bytes, *, now: datetime = LATER) -> ReceivedMail:
        """Take a mail in and draw what follows."""
        received = self.receive(raw, now=now)
        self.settle(now=now)
        return received

    def bounce(self, mail: Mail, *, now: datetime = LATER, **more: str) -> ReceivedMail:
        """Take in a true report about a mail."""
        return self.take(report(self.returns.address(mail.id), mail.to_address, **more), now=now)

    def round(self, claim: Claim) -> Round:
        self.session.flush()
        found = latest_round(self.session, claim)
        assert found is not None
        return found

    def events(self, claim: Claim) -> list[str]:
        self.session.flush()
        kinds = select(Event.kind).where(Event.claim_id == claim.id).order_by(Event.position)
        return list(self.session.scalars(kinds))

    def told(self, claim: Claim, kind: str, *, since: datetime = LATER) -> list[str]:
        """Return the addresses that a mail of this kind is queued for since a moment."""
        mails = select(Mail).where(Mail.claim_id == claim.id, Mail.kind == kind, Mail.queued_at >= since)
        return sorted(mail.to_address for mail in self.session.scalars(mails.order_by(Mail.id)))


@pytest.fixture
def desk(db_session: Session, programme: Programme, returns: ReturnAddresses) -> Desk:
    return Desk(db_session, programme, returns)


@pytest.fixture
def claim(db_session: Session, programme: Programme) -> Claim:
    """A claim whose customer is being asked: the notice is out, the clock runs."""
    return claims.running(db_session, programme)


@pytest.fixture
def notice(db_session: Session, claim: Claim) -> Mail:
    return mail_of(db_session, claim, "consent-notice")


@pytest.fixture
def another(db_session: Session, programme: Programme) -> Callable[..., Claim]:
    """Return what makes another such claim, for the contact with that address."""

    def make(email: str) -> Claim:
        contact = ContactDraft(name="Carla Conti", title="", email=email)
        return claims.running(db_session, programme, contact=contact)

    return make


def passed(desk: Desk, claim: Claim) -> None:
    round_ = desk.round(claim)
    assert round_.closes_at is not None
    assert rounds.close(desk.session, round_.id, now=round_.closes_at, programme=desk.programme)


def take(desk: Desk, mail: Mail, *, now: datetime) -> None:
    posting.begin(desk.session, mail.id, now=now, programme=desk.programme)
    posting.settle(desk.session, mail.id, Accepted("250 Ok"), now=now, programme=desk.programme)
