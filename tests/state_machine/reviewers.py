"""What reviewers do, and what others try in their stead."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, operations
from cpor_web.models import Claim, Mail
from cpor_web.rules.actions import Action
from cpor_web.rules.reasons import Rejection, Request
from tests.state_machine.played import Played, is_old, numbers, reviewers
from tests.state_machine.world import Unseen

SECRET = "Between us: ask Adatum first."
"""What an internal note says. No partner ever reads it."""


class Reviewers(Played):
    """Starts, asks, decides, confirms contacts, reads replies, sends mails again."""

    @rule(who=reviewers, number=numbers, is_old=is_old)
    def starts_review(self, who: str, number: int = 0, is_old: bool = False) -> None:
        self.world.decide(Action.START_REVIEW, who, number, operations.start_review, is_old=is_old)

    @rule(who=reviewers, number=numbers, is_old=is_old)
    def takes_over(self, who: str, number: int = 0, is_old: bool = False) -> None:
        self.world.decide(Action.TAKE_OVER, who, number, operations.take_over, is_old=is_old)

    @rule(who=reviewers, number=numbers, what=st.sampled_from(({Request.DATES: "The order has no date."}, {})))
    def asks_for_more(self, who: str, number: int = 0, what: Any = None) -> None:
        what = {Request.DATES: ""} if what is None else what
        verb = operations.request_information
        self.world.decide(Action.REQUEST_INFORMATION, who, number, verb, what, "Please add it.")

    @rule(who=reviewers, number=numbers, is_old=is_old)
    def approves(self, who: str, number: int = 0, is_old: bool = False) -> None:
        self.world.decide(Action.APPROVE, who, number, operations.approve, is_old=is_old)

    @rule(who=reviewers, number=numbers, why=st.sampled_from(Rejection), is_old=is_old)
    def rejects(
        self, who: str, number: int = 0, why: Rejection = Rejection.MISSING_CONSENT, is_old: bool = False
    ) -> None:
        self.world.decide(Action.REJECT, who, number, operations.reject, why, "Not signed.", is_old=is_old)

    @rule(who=reviewers, number=numbers)
    def confirms_a_contact(self, who: str, number: int) -> None:
        def confirm(session: Session, claim: Claim, **about: Any) -> None:
            unconfirmed = [c.id for c in claim.contacts if c.needs_confirmation and c.confirmed_by_id is None]
            operations.confirm_contact(session, claim, [*unconfirmed, 0][0], **about)

        self.world.person(who, number, confirm)

    @rule(who=reviewers, number=numbers)
    def notes(self, who: str, number: int) -> None:
        self.world.person(who, number, operations.note, SECRET)

    @rule(who=reviewers, number=numbers)
    def confirms_the_proposed_contact(self, who: str, number: int = 0) -> None:
        self.world.person(who, number, contacts.correct_contact, programme=self.programme)

    @rule(who=reviewers, number=numbers)
    def turns_the_proposed_contact_down(self, who: str, number: int = 0) -> None:
        self.world.person(who, number, contacts.turn_down, "Who is that?", programme=self.programme)

    @rule(who=reviewers, number=numbers)
    def lets_the_period_go_on(self, who: str, number: int = 0) -> None:
        self.world.person(who, number, contacts.let_go_on, "She is the right one.", programme=self.programme)

    @rule(who=reviewers, number=numbers)
    def notes_a_reply(self, who: str, number: int) -> None:
        self.world.person(who, number, contacts.note_reply)

    @rule(who=reviewers, number=numbers, denies=st.booleans())
    def has_read_the_reply(self, who: str, number: int, denies: bool) -> None:
        verb = contacts.settle_reply
        self.world.person(who, number, verb, "They wrote.", denies=denies, programme=self.programme)

    @rule(who=reviewers, number=numbers, of_customers=st.booleans())
    def sends_a_mail_again(self, who: str, number: int, of_customers: bool) -> None:
        mails = [row for row in self.world.rows["mails"] if not of_customers or row["invitation_id"]]
        ids = sorted((row["id"] for row in mails), reverse=True)
        actor = self.world.actors[who]

        def step(session: Session) -> Mail:
            if not ids:
                raise Unseen("There is no mail.")
            mail = session.get_one(Mail, ids[number % len(ids)])
            return operations.send_again(session, mail, actor=actor, now=self.world.now)

        self.world.act(step)
