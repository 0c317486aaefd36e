"""What customers do with every link that was ever made: those of now, of former rounds, and superseded ones."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from cpor_web.consent import answers, at_once
from cpor_web.consent.at_once import Denying
from cpor_web.consent.recording import Outcome
from cpor_web.models import Invitation
from cpor_web.rules.exc import Refused
from cpor_web.rules.reasons import Denial, Way
from tests.state_machine.played import Played, numbers
from tests.state_machine.world import Unseen
from tests.support.rows import changed

COUNTED = {Outcome.RECORDED, Outcome.LATE}


def deny(session: Session, invitation: Invitation, **about: Any) -> Outcome | None:
    """Deny as the page does."""
    programme = about.pop("programme")
    return at_once.deny(session, Denying(invitation.link_id, **about), programme=programme)


class Customers(Played):
    """Denies, undoes, says yes, says nothing against it, or is not the right person."""

    @rule(number=numbers, reason=st.sampled_from(Denial), way=st.sampled_from((Way.PAGE, Way.MAIL_CLIENT)))
    def denies(self, number: int = 0, reason: Denial = Denial.NOT_OUR_PARTNER, way: Way = Way.PAGE) -> None:
        is_in_force = self._is_in_force(number)
        outcome = self._says(deny, number, reason=reason, way=way)
        assert (outcome in COUNTED) == is_in_force, f"a denial is heard, whatever else was said: {outcome}"

    @rule(number=numbers)
    def undoes_the_denial(self, number: int = 0) -> None:
        self._says(answers.undo, number)

    @rule(number=numbers)
    def has_no_objection(self, number: int) -> None:
        self._says(answers.no_objection, number)

    @rule(number=numbers)
    def is_not_the_right_person(self, number: int = 0) -> None:
        self._says(answers.not_the_right_person, number)

    @rule(number=numbers)
    def presses_yes(self, number: int = 0) -> None:
        self._says(answers.press_yes, number)

    @rule(number=numbers)
    def confirms_the_yes(self, number: int = 0) -> None:
        self._says(answers.confirm_yes, number)

    def _says(self, verb: Any, number: int, **more: Any) -> Any:
        load, before = self.world.invited(number), self.world.rows

        def step(session: Session) -> Any:
            return verb(session, load(session), now=self.world.now, programme=self.programme, **more)

        outcome = self.world.act(step)
        if outcome in {Outcome.ALREADY, Outcome.OVER}:
            assert changed(before, self.world.rows) == [], f"{outcome}, and yet something changed"
        assert not isinstance(outcome, Refused) or verb is answers.undo or isinstance(outcome, Unseen)
        return outcome

    def _is_in_force(self, number: int) -> bool:
        """Tell, from the rows alone, whether a link is one whose denial must count."""
        rows = self.world.rows
        invited = sorted(rows["invitations"], key=lambda row: -int(row["id"]))
        if not invited:
            return False
        mine = invited[number % len(invited)]
        (round_,) = (row for row in rows["rounds"] if row["id"] == mine["round_id"])
        (claim,) = (row for row in rows["claims"] if row["id"] == round_["claim_id"])
        latest = max(int(row["number"]) for row in rows["rounds"] if row["claim_id"] == claim["id"])
        return bool(claim["status"] == "approved" and round_["number"] == latest and not mine["superseded_at"])
