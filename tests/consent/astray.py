"""Claims whose notices come back, are sent again, and are taken."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import facts
from cpor_web.claims import bouncing, contacts, lapsing, posting, way
from cpor_web.claims.next_steps import next_step
from cpor_web.emails import outbox
from cpor_web.emails.outcomes import Accepted
from cpor_web.models import Claim, Invitation, Mail
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.support import claims, factories
from tests.support.claims import NOW, ContactDraft

LATER = NOW + timedelta(days=1)
MUCH_LATER = NOW + timedelta(days=60)
SECOND = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com", language="de")
RIGHT = ContactDraft(name="Emil Ek", email="emil@contoso.example.com")


class Astray:
    """Such a claim, of one that is approved; of one whose period runs where none is given."""

    def __init__(self, session: Session, programme: Programme, claim: Claim | None = None, **more: Any) -> None:
        self.session, self.programme = session, programme
        self.claim: Claim = claim or claims.running(session, programme, **more)
        self.asked = claims.invitations_of(session, self.claim)
        self.round = self.asked[0].round

    def comes_back(self, who: Invitation, *, now: datetime = NOW) -> None:
        notice = self.notice(who)
        assert bouncing.bounced(self.session, notice.id, "5.1.1 Nobody", now=now, programme=self.programme)
        self.session.flush()

    def asks_another_instead_of(self, who: Invitation) -> Invitation:
        """Let the partner propose another contact, and a reviewer confirm it; return who is asked then."""
        about: dict[str, Any] = {"now": NOW, "programme": self.programme}
        contacts.propose_contact(
            self.session, self.claim, RIGHT, instead_of=who.contact_id, actor=self.claim.filed_by.actor, **about
        )
        reviewer = factories.user(self.session, Role.REVIEWER).actor
        contacts.correct_contact(self.session, self.claim, actor=reviewer, **about)
        return claims.invitations_of(self.session, self.claim)[-1]

    def is_sent_again_and_taken(self, who: Invitation) -> None:
        outbox.put_again(self.session, self.notice(who), now=LATER)
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
        due = lapsing.contacts_due(self.session, now=MUCH_LATER, most=9)
        lapsed = lapsing.lapse_contact(self.session, self.round.id, now=MUCH_LATER, programme=self.programme)
        assert lapsed == (self.round.id in due)
        return lapsed

    def notice(self, who: Invitation) -> Mail:
        notices = select(Mail).where(Mail.invitation_id == who.id, Mail.kind == "consent-notice")
        found = self.session.scalars(notices.order_by(Mail.id.desc())).first()
        assert found is not None
        return found
