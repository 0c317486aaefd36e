"""The whole process at random: whatever anybody does or tries, in whatever order, what must hold holds.

A story that breaks a rule is shrunk by Hypothesis to the shortest one that does, and printed as the steps to repeat.
CPOR_TEST_STORIES=500 plays so many new ones; without it the same few are played each time.
"""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web import facts
from cpor_web.claims import queries, turns
from cpor_web.claims.next_steps import next_step
from cpor_web.models import Claim
from cpor_web.programme import Programme
from tests.state_machine.customers import Customers
from tests.state_machine.machinery import Machinery
from tests.state_machine.openings import OPENINGS, begin
from tests.state_machine.partners import Partners
from tests.state_machine.reviewers import SECRET, Reviewers

STORIES = int(os.environ.get("CPOR_TEST_STORIES", "0"))
FEW = 60
STEPS = 40

REVIEWERS_ONLY = {"denial-by-replaced", "competing-associations"}
"""Mails of which no partner may ever learn."""


class Process(Partners, Reviewers, Customers, Machinery):
    """All of them at once."""

    @initialize(opening=st.sampled_from(tuple(OPENINGS)), edit=st.sampled_from(("nothing", "a second contact")))
    def the_story_begins(self, opening: str, edit: str) -> None:
        self.edit = edit
        begin(self, opening)

    @invariant()
    def no_partner_sees_what_is_internal(self) -> None:
        session = self.world.reader
        for who in ("filer", "viewer"):
            actor = self.world.actors[who]
            for claim in session.scalars(queries.claims_of(actor).order_by(Claim.id)):
                told = queries.history(session, claim, actor)
                assert not [event.kind for event in told if event.is_internal]
                assert SECRET not in str([event.data for event in told])
                assert not REVIEWERS_ONLY & {str(event.data.get("mail")) for event in told}
                mails = queries.mails_of(session, claim, actor)
                assert not REVIEWERS_ONLY & {mail.kind for mail in mails}
                assert not [mail.kind for mail in mails if mail.context.get("for_reviewer")]
        session.rollback()

    @invariant()
    def the_list_says_whose_turn_it_is_as_the_claim_itself_does(self) -> None:
        session, now, actor = self.world.reader, self.world.now, self.world.actors["filer"]
        listed = turns.with_open_rounds(queries.claims_of(actor)).add_columns(turns.turn(now))
        for claim, who in session.execute(listed):
            assert who == next_step(claim, facts.latest_round(session, claim), now=now).who
        session.rollback()


def test_whatever_anybody_does_in_whatever_order_what_must_hold_holds(
    engine: Engine, programme: Programme, committed: Session
) -> None:
    playing = settings(
        max_examples=STORIES or FEW,
        stateful_step_count=STEPS,
        derandomize=not STORIES,
        deadline=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink] if STORIES else list(Phase)[:-1],
    )
    committed.close()  # it is here for what it deletes
    run_state_machine_as_test(lambda: Process(engine, programme), settings=playing)
