"""What five people do to one claim in the same instant, and the story that must come of it, told without the code."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import answers, at_once, rounds
from cpor_web.consent.at_once import Denying
from cpor_web.models import Claim, Invitation, Round
from cpor_web.programme import Programme
from cpor_web.rules.exc import Refused
from cpor_web.rules.reasons import Denial, Way, Withdrawal
from tests.state_machine import invariants, mails
from tests.support import claims

VERBS = ("deny", "undo", "close", "stop", "withdraw")
"""Carla denies, Carla undoes it, the window is closed, Dora is not the right person, the partner gives up."""

Verb = Callable[[Session], str]


@dataclass
class Story:
    """The rules of the consent period once more, as short as they can be said. `state` is the round's."""

    state: str = "running"
    is_due: bool = True
    is_withdrawn: bool = False
    wrong_person: bool = False
    passed: bool = False
    words: list[str] = field(default_factory=list)

    def tell(self, verb: str) -> str:
        """Go on with the story; return what `verb` does at this point of it."""
        self.words.append(getattr(self, f"_{verb}")())
        return self.words[-1]

    @property
    def status(self) -> str:
        return "rejected" if self.is_withdrawn or self.state == "denied" else "approved"

    @property
    def rejection(self) -> str | None:
        declined = "customer-decline" if self.state == "denied" else None
        return "partner-request" if self.is_withdrawn else declined

    def _deny(self) -> str:
        if self.is_withdrawn:
            return "over"
        if self.state == "denied":
            return "already"
        is_late, self.state = self.state == "passed", "denied"
        return "late" if is_late else "recorded"

    def _undo(self) -> str:
        if self.state != "denied":
            return "refused"
        self.state, self.is_due = "stopped" if self.wrong_person else "running", False
        return "done"

    def _close(self) -> str:
        if self.state != "running" or not self.is_due:
            return "not due"
        self.state, self.passed = "passed", True
        return "closed"

    def _stop(self) -> str:
        if self.is_withdrawn or self.state in {"denied", "passed"}:
            return "over"
        if self.wrong_person:
            return "already"
        self.state, self.wrong_person = "stopped", True
        return "recorded"

    def _withdraw(self) -> str:
        if self.is_withdrawn or self.state == "denied":
            return "refused"
        self.is_withdrawn = True
        self.state = self.state if self.state == "passed" else "ended"
        return "done"


class Played:
    """The same in earnest: a claim with two contacts in the moment in which its window is to be closed."""

    def __init__(self, session: Session, programme: Programme) -> None:
        dora = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com", language="de")
        claim = claims.running(session, programme, second=dora)
        self.carla, self.dora = (each.id for each in claims.invitations_of(session, claim))
        round_ = session.get_one(Invitation, self.carla).round
        assert round_.closes_at is not None
        self.claim_id, self.round_id, self.filer = claim.id, round_.id, claim.filed_by.actor
        self.programme, self.now = programme, round_.closes_at
        self.closing: datetime = round_.closes_at

    def verb(self, name: str) -> Verb:
        """Return a step that says in a word what it did."""

        def step(session: Session) -> str:
            try:
                return str(getattr(self, f"_{name}")(session, now=self.now, programme=self.programme))
            except Refused:
                return "refused"

        return step

    def assert_told(self, story: Story, before: mails.Rows, after: mails.Rows) -> None:
        """Fail unless everything that is stored tells this story, and only this."""
        (claim,) = after["claims"]
        (round_,) = after["rounds"]
        assert (claim["status"], claim["rejection"], round_["state"]) == (story.status, story.rejection, story.state)
        assert len(after["assessments"]) == story.passed
        if story.passed:
            assert bool(after["assessments"][0]["ended_at"]) == (story.status == "rejected")
        mails.assert_follow(before, after)
        invariants.assert_hold(before, after, self.programme)

    def _deny(self, session: Session, **about: Any) -> str:
        carla = session.get_one(Invitation, self.carla)
        denying = Denying(carla.link_id, Denial.OTHER, Way.PAGE, about["now"])
        return at_once.deny(session, denying, programme=about["programme"])

    def _undo(self, session: Session, **about: Any) -> str:
        answers.undo(session, session.get_one(Invitation, self.carla), **about)
        return "done"

    def _close(self, session: Session, **about: Any) -> str:
        session.get_one(Round, self.round_id)
        return "closed" if rounds.close(session, self.round_id, **about) else "not due"

    def _stop(self, session: Session, **about: Any) -> str:
        return answers.not_the_right_person(session, session.get_one(Invitation, self.dora), **about)

    def _withdraw(self, session: Session, **about: Any) -> str:
        claim = session.get_one(Claim, self.claim_id)
        operations.withdraw(session, claim, Withdrawal.CUSTOMER_LEFT, actor=self.filer, **about)
        return "done"
